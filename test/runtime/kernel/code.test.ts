import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nodeArguments, setNodeArguments } from '../../../runtime/erts/arguments.js'
import { removeApplicationDir, setApplicationDir, startLinker } from '../../../runtime/erts/loader.js'
import { applyMfa, resolveModule } from '../../../runtime/erts/modules.js'
import { isAlive, type Pid, whereis } from '../../../runtime/erts/process.js'
import * as Code from '../../../runtime/kernel/src/code.js'
import * as codeServer from '../../../runtime/kernel/src/code_server.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import { thrownReason } from '../../support/processes.js'
import { startWorld, stopWorld } from './world.js'

const test = suite('kernel/code')

let dir = ''
let gate: Record<number, () => void> = {}
let entered: Record<number, Promise<void>> = {}

/** A server whose calls answer the version; `wait` stays in its callback until the gate of that version opens. */
function writeVersion(n: number, text?: string): void {
  let tell: () => void = () => {}
  entered[n] = new Promise((resolve) => {
    tell = resolve
  })
  Object.assign(globalThis, {
    [`wait${n}`]: () => {
      tell()
      return new Promise<void>((resolve) => {
        gate[n] = resolve
      })
    },
  })
  const source = `
    const init = () => ['ok', null];
    const handleCall = async (request, from, state) => {
      if (request === 'wait') await globalThis.wait${n}();
      return ['reply', ${n}, state];
    };
    const handleCast = (request, state) => ['noreply', state];
    const version = () => ${n};
    return { init, handleCall, handleCast, version };`
  const built = `return {m:{"imports":[],"stars":[],"exports":["init","handleCall","handleCast","version"],"tla":false},f:(function*($m){"use strict";$m.token=()=>$m;yield{};${text ?? source}})}`
  writeFileSync(join(dir, 'ebin', 'a.js'), built)
}

/** The function that the module has now. */
const version = (): unknown => Reflect.apply(Reflect.get(resolveModule('app/a'), 'version'), undefined, [])

test.before(() => {
  startLinker({ 'erts/fake': {} })
})
test.before.each(async () => {
  await startWorld()
  dir = mkdtempSync(join(tmpdir(), 'code-'))
  mkdirSync(join(dir, 'ebin'))
  gate = {}
  entered = {}
  setApplicationDir('app', dir)
  writeVersion(1)
  await Code.softPurge('app/a')
  const started = await codeServer.startLink()
  assert.is(started[0], 'ok')
})
test.after.each(async () => {
  for (const name of ['s', 'code_server']) if (whereis(name) !== undefined) await GenServer.stop(name).catch(() => {})
  await Code.purge('app/a')
  await Code.delete('app/a')
  await Code.purge('app/a')
  removeApplicationDir('app')
  rmSync(dir, { recursive: true })
  await stopWorld()
})

async function serve(): Promise<Pid> {
  const [, pid] = (await GenServer.start({ local: 's' }, 'app/a', [])) as ['ok', Pid]
  return pid
}

test('S111 after the second load the first version is old', async () => {
  assert.equal(await Code.load('app/a'), ['module', 'app/a'])
  assert.is(Code.checkOldCode('app/a'), false)
  writeVersion(2)
  assert.equal(await Code.load('app/a'), ['module', 'app/a'])
  assert.is(Code.checkOldCode('app/a'), true)
  assert.is(version(), 2)
  assert.equal(Code.isLoaded('app/a'), ['file', join(dir, 'ebin', 'a.js')])
  assert.ok(Code.allLoaded().some(([id]) => id === 'app/a'))
})

test('S113 a load kills the processes that still run the version before the current one', async () => {
  await Code.load('app/a')
  const pid = await serve()
  const call = GenServer.call('s', 'wait').catch((thrown: unknown) => thrown)
  await entered[1]
  writeVersion(2)
  await Code.load('app/a')
  assert.is(isAlive(pid), true)
  assert.equal(Code.processesRunningOldCode('app/a'), [pid])
  writeVersion(3)
  await Code.load('app/a')
  assert.is(isAlive(pid), false)
  assert.is(((await call) as { reason: unknown[] }).reason[0], 'killed')
})

test('S113 softPurge refuses while old code runs; purge kills and says so', async () => {
  await Code.load('app/a')
  assert.is(await Code.purge('app/a'), false)
  assert.is(await Code.softPurge('app/a'), true)
  const pid = await serve()
  const call = GenServer.call('s', 'wait').catch(() => 'failed')
  await entered[1]
  writeVersion(2)
  await Code.load('app/a')
  assert.is(await Code.softPurge('app/a'), false)
  assert.is(await Code.purge('app/a'), true)
  assert.is(isAlive(pid), false)
  assert.is(await call, 'failed')
  assert.is(Code.checkOldCode('app/a'), false)
})

test('S113 delete refuses while there is an old version, and leaves no current one', async () => {
  await Code.load('app/a')
  writeVersion(2)
  await Code.load('app/a')
  assert.is(await Code.delete('app/a'), false)
  await Code.purge('app/a')
  assert.is(await Code.delete('app/a'), true)
  assert.is(Code.isLoaded('app/a'), false)
  assert.is(Code.which('app/a'), 'non_existing')
  assert.is(await Code.delete('app/a'), false)
})

test('S117 paths and files that are not there', async () => {
  assert.equal(await Code.load('app/nosuch'), ['error', 'nofile'])
  assert.equal(await Code.load('nosuch/a'), ['error', 'nofile'])
  assert.equal(Code.addPath(join(dir, 'nodir')), ['error', 'bad_directory'])
  assert.equal(Code.replacePath('app', join(dir, 'nodir')), ['error', 'bad_directory'])
  assert.equal(Code.libDir('nosuch'), ['error', 'bad_name'])
  assert.equal(Code.privDir('nosuch'), ['error', 'bad_name'])
  assert.is(Code.libDir('app'), dir)
  assert.is(Code.privDir('app'), join(dir, 'priv'))
  assert.equal(Code.getPath(), [join(dir, 'ebin')])
})

test('S117 in a release a module that is not loaded stays so; asked for by itself it is loaded', async () => {
  const before = nodeArguments()
  setNodeArguments({ root: dir, boot: join(dir, 'start.script.json'), configs: [], name: 'n', env: {} })
  try {
    assert.is(Code.getMode(), 'embedded')
    assert.equal(await Code.ensureLoaded('app/a'), ['error', 'embedded'])
    assert.equal(await Code.ensureModulesLoaded(['app/a', 'erts/fake']), ['error', [['app/a', 'embedded']]])
    assert.equal(
      thrownReason(() => applyMfa(['app/a', 'version', []])),
      ['undef', ['app/a', 'version', []]],
    )
    assert.equal(await Code.load('app/a'), ['module', 'app/a'])
    assert.equal(await Code.ensureLoaded('app/a'), ['module', 'app/a'])
    assert.is(await Code.ensureModulesLoaded(['app/a']), 'ok')
    assert.is(applyMfa(['app/a', 'version', []]), 1)
    assert.is(Code.rootDir(), dir)
  } finally {
    setNodeArguments(before)
  }
})

test('S117 without one it is loaded from the path', async () => {
  assert.is(Code.getMode(), 'interactive')
  assert.equal(await Code.ensureLoaded('app/nosuch'), ['error', 'nofile'])
  assert.equal(await Code.ensureLoaded('app/a'), ['module', 'app/a'])
  assert.equal(await Code.ensureModulesLoaded(['app/a', 'app/nosuch']), ['error', [['app/nosuch', 'nofile']]])
})

test('S117 modules of kernel and stdlib, and what the runtime brings along, are not loaded again', async () => {
  setApplicationDir('stdlib', dir)
  try {
    assert.equal(await Code.load('stdlib/a'), ['module', 'stdlib/a'])
    assert.equal(await Code.load('stdlib/a'), ['error', 'sticky_directory'])
    assert.equal(await Code.load('erts/fake'), ['error', 'sticky_directory'])
    const both = [
      ['stdlib/a', 'sticky_directory'],
      ['erts/fake', 'sticky_directory'],
    ]
    assert.equal(await Code.atomicLoad(['app/a', 'stdlib/a', 'erts/fake']), ['error', both])
    assert.is(Code.isLoaded('app/a'), false)
  } finally {
    removeApplicationDir('stdlib')
  }
})

test('atomicLoad loads all or none', async () => {
  writeFileSync(join(dir, 'ebin', 'b.js'), readFileSync(join(dir, 'ebin', 'a.js')))
  assert.is(await Code.atomicLoad(['app/a', 'app/b']), 'ok')
  assert.is(Code.checkOldCode('app/a'), false)
  writeVersion(2)
  writeFileSync(join(dir, 'ebin', 'b.js'), 'return {')
  assert.equal(await Code.atomicLoad(['app/a', 'app/b']), ['error', [['app/b', 'badfile']]])
  assert.is(version(), 1)
  writeVersion(3, 'throw new Error("at load")')
  writeFileSync(join(dir, 'ebin', 'b.js'), readFileSync(join(dir, 'ebin', 'a.js')))
  writeVersion(2)
  assert.equal(await Code.atomicLoad(['app/a', 'app/b']), ['error', [['app/b', 'on_load_failure']]])
  assert.is(version(), 1, 'the first one is taken back')
  assert.is(Code.checkOldCode('app/a'), false)
  await Code.load('app/a')
  assert.equal(await Code.atomicLoad(['app/a']), ['error', [['app/a', 'not_purged']]])
  await Code.delete('app/b')
  await Code.purge('app/b')
})

test('the file of a module, and files on the path', () => {
  const file = join(dir, 'ebin', 'a.js')
  assert.equal(Code.getObjectCode('app/a'), ['app/a', readFileSync(file), file])
  assert.is(Code.getObjectCode('app/nosuch'), 'error')
  assert.is(Code.getObjectCode('nosuch/a'), 'error')
  assert.is(Code.whereIsFile('a.js'), file)
  assert.is(Code.whereIsFile('no.js'), 'non_existing')
})

test('the whole path is replaced, or nothing of it', () => {
  const other = mkdtempSync(join(tmpdir(), 'other-1.0-'))
  writeFileSync(join(other, 'app.json'), '{"name":"other"}')
  assert.equal(Code.setPath([other, join(dir, 'nodir')]), ['error', 'bad_directory'])
  assert.equal(Code.getPath(), [join(dir, 'ebin')])
  assert.is(Code.setPath([join(other, 'ebin', '..')]), true)
  assert.equal(Code.getPath(), [join(other, 'ebin')])
  Code.delPath('other')
  rmSync(other, { recursive: true })
})

test('an application is put on the path under the name its app.json says, and taken off', () => {
  const other = mkdtempSync(join(tmpdir(), 'other-1.0-'))
  writeFileSync(join(other, 'app.json'), '{"name":"other"}')
  assert.is(Code.addPath(other), true)
  assert.is(Code.libDir('other'), other)
  assert.is(Code.delPath(other), true)
  assert.is(Code.delPath('other'), false)
  rmSync(other, { recursive: true })
})

test('a file that is no module, or fails to run, leaves the module as it is', async () => {
  await Code.load('app/a')
  writeVersion(2, 'throw new Error("at load")')
  assert.equal(await Code.load('app/a'), ['error', 'on_load_failure'])
  writeFileSync(join(dir, 'ebin', 'a.js'), 'return {')
  assert.equal(await Code.load('app/a'), ['error', 'badfile'])
  assert.is(version(), 1)
})

test('S118 a server that waits runs no old code, its next call runs the new version', async () => {
  await Code.load('app/a')
  const pid = await serve()
  assert.is(await GenServer.call('s', 'n'), 1)
  writeVersion(2)
  await Code.load('app/a')
  assert.is(Code.checkProcessCode(pid, 'app/a'), false)
  assert.is(await GenServer.call('s', 'n'), 2)
  assert.is(await Code.softPurge('app/a'), true)
})

test('S118 inside a callback of the old version a server runs old code until it returns', async () => {
  await Code.load('app/a')
  const pid = await serve()
  const call = GenServer.call('s', 'wait')
  await entered[1]
  writeVersion(2)
  await Code.load('app/a')
  assert.is(Code.checkProcessCode(pid, 'app/a'), true)
  assert.is(await Code.softPurge('app/a'), false)
  gate[1]?.()
  assert.is(await call, 1)
  // The reply is sent before the callback's promise has settled; the next message is handled after it.
  assert.is(await GenServer.call('s', 'n'), 2)
  assert.is(Code.checkProcessCode(pid, 'app/a'), false)
  assert.is(await Code.softPurge('app/a'), true)
})

test('a program without a release is interactive', async () => {
  assert.is(Code.getMode(), 'interactive')
  assert.equal(await Code.ensureLoaded('app/a'), ['module', 'app/a'])
})

test.run()
