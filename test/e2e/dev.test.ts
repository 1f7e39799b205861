/**
 * `otp-rel dev` on the chat: a hundred saves while WebSocket clients talk, faults of all kinds, modules and children
 * that come and go, and what needs a restart.
 */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { Load } from '../../examples/chat/demo/load.js'
import { DevRun, type Told } from '../support/dev_session.js'
import { done, openWorkshop, otpRel, ROOT, record, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/dev')

let shop: Workshop
let src: string
let dev: DevRun
let load: Load | undefined

const node = (...path: string[]) => shop.path('chat', '_build', 'dev', 'rel', 'chat', ...path)
const rpc = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(done(await otpRel(['rpc', ...args, '--root', node(), '--json'])))
const heap = async () => {
  const { memory } = JSON.parse(done(await otpRel(['status', '--root', node(), '--json'])))
  return Number(record(memory)?.heapUsed)
}

/** The next event that is told after the ones that were taken before. */
const next = () => dev.next()

const save = async (name: string, text: string): Promise<Told> => {
  await writeFile(join(src, name), text)
  return next()
}

const source = (name: string) => readFile(join(src, name), 'utf8')

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const project = shop.path('chat')
    await mkdir(project)
    await cp(join(ROOT, 'examples'), join(project, 'examples'), { recursive: true })
    await cp(join(ROOT, 'otp.config.json'), join(project, 'otp.config.json'))
    await writeFile(join(project, 'package.json'), '{ "name": "chat", "private": true, "type": "module" }\n')
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'))
    src = join(project, 'examples/chat/apps/chat-1.1.0/src')
    dev = new DevRun(project, ['--chat_web', 'port=0'])
    assert.is((await next()).event, 'started')
  }),
)

test.after(async () => {
  await load?.stop()
  load?.close()
  await dev.stop()
  await shop.close()
})

test('a hundred saves: no connection is dropped, no message lost, the heap stays flat', async () => {
  const port = await rpc<number>('chat_web/listener', 'port')
  load = await Load.start({ port, clients: 20, rooms: 4, httpClients: 2, everyMs: 100 })
  const room = await source('room.ts')
  const format = await source('format.ts')
  const times: number[] = []
  let before = 0
  for (let n = 1; n <= 100; n++) {
    const even = n % 2 === 0
    const live = await (even
      ? save(
          'room.ts',
          room.replace("return ['error', 'unknown_state']", `return ['ok', oldVsn === ${n} ? null : state]`),
        )
      : save('format.ts', `${format}\nexport const saved = ${n}\n`))
    assert.is(live.event, 'live', JSON.stringify(live))
    assert.equal(live.changed, [even ? 'chat/room' : 'chat/format'])
    if (even) assert.ok(Number(live.migrated) >= 4, 'the rooms are migrated')
    times.push(Number(live.ms))
    if (n === 20) before = await heap()
  }
  times.sort((a, b) => a - b)
  console.log(
    `save to live, ms: median ${Math.round(times[50] ?? 0)}, 90 % ${Math.round(times[90] ?? 0)}, max ${Math.round(times[99] ?? 0)}`,
  )
  assert.ok((times[50] ?? 0) < 200, `median ${times[50]} ms`)
  const after = await heap()
  console.log(`heap ${(before / 1e6).toFixed(1)} -> ${(after / 1e6).toFixed(1)} MB`)
  assert.ok(after < before * 1.5 + 10e6, `${before} -> ${after}`)
  const { dropped, lost, outOfOrder, requestsFailed } = await load.stop()
  assert.equal([dropped, lost, outOfOrder, requestsFailed], [0, 0, 0, 0])
  assert.equal(await load.wrongHistories(), [])
})

test('a session that is killed closes its connection, and the listener that is killed listens again', async () => {
  const evaluate = async (code: string) => done(await otpRel(['eval', code, '--root', node()])).trim()
  const port = await rpc<number>('chat_web/listener', 'port')
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws`)
  const closed = new Promise<number>((resolve) => client.once('close', resolve))
  await new Promise((resolve) => client.once('open', resolve))
  await evaluate('Process.exitPid((await Supervisor.whichChildren("session_sup"))[0][1], "kill")')
  assert.is(await closed, 1001)
  await evaluate('Process.exitPid(Process.whereis("listener"), "kill")')
  const again = await rpc<number>('chat_web/listener', 'port')
  assert.is((await fetch(`http://127.0.0.1:${again}/`)).status < 500, true)
  const gone = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
  assert.ok(again === port || gone === undefined)
})

test('a fault of compilation is told with its place, and what ran runs on', async () => {
  const format = await source('format.ts')
  const told = await save('format.ts', `${format}export const broken = (\n`)
  assert.is(told.event, 'faults')
  const [fault] = told.faults as readonly { file: string; line: number; column: number }[] // as printed
  assert.match(fault?.file ?? '', /format\.ts$/)
  assert.ok((fault?.line ?? 0) > 1 && (fault?.column ?? 0) >= 1)
  assert.is((await save('format.ts', format)).event, 'same')
})

test('a module that throws when it is evaluated, and a codeChange that throws, change nothing', async () => {
  const room = await source('room.ts')
  const thrown = await save('room.ts', `${room}\nthrow new Error('no room')\n`)
  assert.is(thrown.event, 'refused')
  assert.match(String(thrown.message), 'no room')
  const wrong = await save(
    'room.ts',
    `${room.replace('export const codeChange', 'const before')}
export const codeChange = () => { throw new Error('no way') }
`,
  )
  assert.is(wrong.event, 'refused')
  assert.match(String(wrong.message), 'no way')
  assert.is((await save('room.ts', room)).event === 'refused', false)
})

test('a supervisor gets a child with a new module, and loses it', async () => {
  const sup = await source('chat_sup.ts')
  await writeFile(
    join(src, 'extra.ts'),
    `import { GenServer } from 'otp-rel'
import * as self from './extra.js'
export const startLink = () => GenServer.startLink({ local: 'extra' }, self, [])
export const look = () => GenServer.call<number>('extra', 'look')
export const init = (): GenServer.Init<number> => ['ok', 42]
export const handleCall: GenServer.HandleCall<string, number> = (_request, _from, state) => ['reply', state, state]
`,
  )
  const added = await next()
  assert.equal([added.event, added.added], ['live', ['chat/extra']])
  const started = await save(
    'chat_sup.ts',
    sup
      .replace('import * as presence', "import * as extra from './extra.js'\nimport * as presence")
      .replace("    { id: 'stats'", "    { id: 'extra', start: [extra, 'startLink', []] },\n    { id: 'stats'"),
  )
  assert.is(started.event, 'live')
  assert.match(String(started.started), 'extra')
  assert.is(await rpc('chat/extra', 'look'), 42)
  const stopped = await save('chat_sup.ts', sup)
  assert.is(stopped.event, 'live')
  assert.match(String(stopped.stopped), 'extra')
  await rm(join(src, 'extra.ts'))
  const removed = await next()
  assert.equal([removed.event, removed.removed], ['live', ['chat/extra']], JSON.stringify(removed))
})

test('a change of app.json builds anew and restarts the node', async () => {
  const file = join(src, '..', 'app.json')
  await writeFile(file, (await readFile(file, 'utf8')).replace('"description": "', '"description": "More '))
  assert.is((await next()).event, 'restarting')
  assert.is((await next()).event, 'started')
})

test('Ctrl-C stops the node in order', async () => {
  assert.is(await dev.stop(), 0)
  assert.is((await otpRel(['ping', '--root', node()])).code, 5)
})

test.run()
