/** Two versions of a module on the node's own linker: who runs which, and what moves a process on. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import { removeApplicationDir, setApplicationDir, startLinker } from '../../../runtime/erts/loader.js'
import { applyMfa } from '../../../runtime/erts/modules.js'
import * as process from '../../../runtime/erts/process.js'
import { exitPid, type Pid, self, send, spawn } from '../../../runtime/erts/process.js'
import * as Code from '../../../runtime/kernel/src/code.js'
import * as procLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { inTest, next, same, settle } from '../../support/processes.js'
import { build } from '../erts/linker/world.js'

const test = suite('kernel/code scenarios')

const dir = mkdtempSync(join(tmpdir(), 'code-scenarios-'))

/** What the modules import, each under its id in a release. */
const PRELOADED = { 'erts/process': process, 'stdlib/sys': Sys, 'stdlib/proc_lib': procLib }

/** Makes version `n` of module `app/NAME` the current one. */
async function load(name: string, source: (n: number) => string, n: number): Promise<void> {
  const built = build(`app/${name}`, source(n), new Set(['app', 'erts', 'stdlib']))
  writeFileSync(join(dir, 'ebin', `${name}.js`), built.code)
  same(await Code.load(`app/${name}`), ['module', `app/${name}`])
}

test.before(() => {
  mkdirSync(join(dir, 'ebin'))
  startLinker(PRELOADED)
  setApplicationDir('app', dir)
})
test.after(() => {
  removeApplicationDir('app')
  rmSync(dir, { recursive: true })
})

/** Asks a process that answers with its version. */
async function ask(pid: Pid): Promise<unknown> {
  send(pid, ['ask', self()])
  return next()
}

const LOOPS = (n: number) => `
import { receive, send } from 'erts/process'
import * as self from './loops.js'

const version = ${n}

async function answer() {
  const [, from] = await receive()
  send(from, version)
}
export async function byLocalCalls() {
  for (;;) await answer()
}
export async function byQualifiedCalls() {
  await answer()
  return self.byQualifiedCalls()
}`

test(
  'S112 a loop by local calls keeps its version; one by fully qualified calls moves on with its next turn',
  inTest(async () => {
    await load('loops', LOOPS, 1)
    const local = spawn(['app/loops', 'byLocalCalls'])
    const qualified = spawn(['app/loops', 'byQualifiedCalls'])
    same([await ask(local), await ask(qualified)], [1, 1])
    await load('loops', LOOPS, 2)
    same(await ask(local), 1, 'local, after the load')
    same(await ask(qualified), 1, 'qualified, for the message it was waiting on')
    same([await ask(local), await ask(qualified)], [1, 2])
    same(Code.checkProcessCode(local, 'app/loops'), true)
    for (const pid of [local, qualified]) exitPid(pid, 'kill')
  }),
)

const FUNS = (n: number) => `
export const version = () => ${n}
export const makeFun = () => () => ${n}
export async function over(fun) {
  await fun()
  return ${n}
}`

const call = (fun: string, ...args: unknown[]) => applyMfa(['app/funs', fun, args])

test(
  'S115 a function made by the old version is the old one still; who holds it runs no old code',
  inTest(async () => {
    await load('funs', FUNS, 1)
    // Made by makeFun of the module above.
    const made = call('makeFun') as () => number
    const holder = spawn(async () => {
      await process.receive()
      return made
    })
    await load('funs', FUNS, 2)
    same([made(), call('version')], [1, 2])
    same(Code.checkProcessCode(holder, 'app/funs'), false)
    same(await Code.softPurge('app/funs'), true)
    // In OTP it is badfun from now on; here nobody can take a function from who holds it.
    same(made(), 1)
    exitPid(holder, 'kill')
  }),
)

test(
  'S116 a function of the old version that waits for another function runs old code',
  inTest(async () => {
    await load('funs', FUNS, 3)
    const waiting = spawn(['app/funs', 'over'], () => process.receive())
    await settle()
    same(Code.checkProcessCode(waiting, 'app/funs'), false)
    await load('funs', FUNS, 4)
    same(Code.checkProcessCode(waiting, 'app/funs'), true)
    same(await Code.softPurge('app/funs'), false)
    send(waiting, 'go on')
    await settle()
    same(await Code.softPurge('app/funs'), true)
  }),
)

const SPECIAL = (n: number) => `
import { receive, register, self as me, send, exit } from 'erts/process'
import { initAck } from 'stdlib/proc_lib'
import { handleSystemMsg } from 'stdlib/sys'
import * as self from './special.js'

export function init(parent) {
  register('special', me())
  initAck(['ok', me()])
  return loop(parent, null, { made: ${n} })
}
async function loop(parent, debug, state) {
  for (;;) {
    const [word, from, request] = await receive()
    if (word === 'system') return handleSystemMsg(request, from, parent, self, debug, state)
    send(from, [${n}, state])
  }
}
export const systemContinue = (parent, debug, state) => loop(parent, debug, state)
export const systemTerminate = (reason) => exit(reason)
export const systemCodeChange = (state, _module, oldVsn, extra) => ['ok', { ...state, from: oldVsn, extra }]`

test(
  'S119 a special process runs old code until a system message moves it on, with its state converted',
  inTest(async () => {
    await load('special', SPECIAL, 1)
    // initAck gives the pid.
    const [, pid] = (await procLib.start(['app/special', 'init'], [self()])) as ['ok', Pid]
    same(await ask(pid), [1, { made: 1 }])
    await load('special', SPECIAL, 2)
    same(await ask(pid), [1, { made: 1 }])
    same(Code.checkProcessCode(pid, 'app/special'), true)
    same(await Sys.suspend(pid), 'ok')
    same(Code.checkProcessCode(pid, 'app/special'), false)
    same(await Sys.changeCode(pid, 'app/special', '1', 'extra'), 'ok')
    same(await Sys.resume(pid), 'ok')
    same(await ask(pid), [2, { made: 1, from: '1', extra: 'extra' }])
    same(Code.checkProcessCode(pid, 'app/special'), false)
    same(await Code.softPurge('app/special'), true)
    same(await Sys.terminate(pid, 'normal'), 'ok')
  }),
)

test.run()
