import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exit } from '../../../runtime/erts/exit.js'
import { registerModule } from '../../../runtime/erts/modules.js'
import { exitPid, isAlive, type Pid, receive, self, whereis } from '../../../runtime/erts/process.js'
import { ControlError, registerMethod } from '../../../runtime/kernel/src/control.js'
import { errorFrame, FrameSplitter, MAX_FRAME, parseFrame } from '../../../runtime/kernel/src/control_protocol.js'
import * as controlServer from '../../../runtime/kernel/src/control_server.js'
import { decodeTerm, encodeTerm } from '../../../runtime/kernel/src/control_terms.js'
import { nodeFile, readNodeInfo, runDir, socketPath } from '../../../runtime/kernel/src/node_info.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import { startWorld, stopWorld } from './world.js'

const test = suite('kernel/control')

let root = ''
const removers: (() => void)[] = []
const method: typeof registerMethod = (name, handler) => {
  const remove = registerMethod(name, handler)
  removers.push(remove)
  return remove
}

test.before.each(async () => {
  await startWorld()
  root = mkdtempSync(join(tmpdir(), 'control-'))
  const started = await controlServer.startLink({ root, name: 'shop', vsn: '1.0.0' })
  assert.is(started[0], 'ok')
})
test.after.each(async () => {
  if (whereis('control_server') !== undefined) await GenServer.stop('control_server', 'shutdown').catch(() => {})
  for (const remove of removers.splice(0)) remove()
  await stopWorld()
  rmSync(root, { recursive: true, force: true })
})

interface Client {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** The next frame. */
  next(): Promise<Record<string, unknown>>
  closed(): Promise<void>
}

async function client(): Promise<Client> {
  const { socket: path } = readNodeInfo(root) ?? { socket: '' }
  const socket = connect(path)
  const frames: Record<string, unknown>[] = []
  const waiting: ((frame: Record<string, unknown>) => void)[] = []
  let text = ''
  socket.on('data', (bytes) => {
    text += bytes
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
      const frame: Record<string, unknown> = JSON.parse(text.slice(0, at))
      text = text.slice(at + 1)
      const waiter = waiting.shift()
      if (waiter === undefined) frames.push(frame)
      else waiter(frame)
    }
  })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    socket,
    write: (data) => void socket.write(data),
    next: () => {
      const frame = frames.shift()
      return frame === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(frame)
    },
    closed: () => (socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()))),
  }
}

const request = (id: unknown, name: string, params: unknown = {}): string =>
  `${JSON.stringify({ id, method: name, params })}\n`

async function ask(name: string, params: unknown = {}): Promise<Record<string, unknown>> {
  const one = await client()
  one.write(request(1, name, params))
  const frame = await one.next()
  one.socket.destroy()
  return frame
}

test('the socket has mode 0600 in a folder of mode 0700, node.json leads to it and is for nobody else', () => {
  const info = readNodeInfo(root)
  assert.is(info?.socket, join(root, 'run', 'shop.sock'))
  assert.is(statSync(info?.socket ?? '').mode & 0o777, 0o600)
  assert.is(statSync(runDir(root)).mode & 0o777, 0o700)
  assert.is(statSync(nodeFile(root)).mode & 0o777, 0o600)
  assert.equal([info?.pid, info?.name, info?.vsn, info?.node], [process.pid, 'shop', '1.0.0', process.versions.node])
  assert.match(info?.started ?? '', /^\d{4}-\d\d-\d\dT.*Z$/)
})

test('a socket path that is too long goes to a folder of its own, mode 0700', () => {
  const path = socketPath(`/${'long'.repeat(40)}`, 'shop')
  assert.ok(Buffer.byteLength(path) <= 104)
  assert.is(statSync(dirname(path)).mode & 0o777, 0o700)
  rmSync(dirname(path), { recursive: true })
})

test('a node whose launcher has ended refuses a restart: nobody would start it again', async () => {
  process.env.RELEASE_LAUNCHER = String(process.pid)
  try {
    const { error } = await ask('restart')
    assert.match(JSON.stringify(error), /"needs_restart".*has ended: nothing would start it again/)
  } finally {
    delete process.env.RELEASE_LAUNCHER
  }
})

test('when the server stops, socket and node.json are gone', async () => {
  const { socket } = readNodeInfo(root) ?? { socket: '' }
  await GenServer.stop('control_server')
  assert.is(existsSync(socket), false)
  assert.is(existsSync(nodeFile(root)), false)
})

test('a socket that a dead node left is replaced', async () => {
  await GenServer.stop('control_server')
  mkdirSync(runDir(root), { recursive: true })
  const path = join(runDir(root), 'shop.sock')
  writeFileSync(path, '')
  writeFileSync(nodeFile(root), JSON.stringify({ pid: 1, socket: path }))
  assert.is((await controlServer.startLink({ root, name: 'shop', vsn: '1' }))[0], 'ok')
  assert.is((await ask('status')).id, 1)
})

test('a node that runs keeps its socket: a second one is refused', async () => {
  await GenServer.stop('control_server')
  const path = join(runDir(root), 'shop.sock')
  const other = createServer(() => {})
  await new Promise<void>((resolve) => other.listen(path, resolve))
  const info = { pid: 4711, socket: path }
  writeFileSync(nodeFile(root), JSON.stringify(info))
  assert.equal(await controlServer.startLink({ root, name: 'shop', vsn: '1' }), ['error', ['already_running', info]])
  assert.equal(readNodeInfo(root), info)
  await new Promise((resolve) => other.close(resolve))
})

test('a control server that was killed is replaced by the next one', async () => {
  const pid = whereis('control_server')
  if (pid !== undefined) exitPid(pid, 'kill')
  assert.is((await controlServer.startLink({ root, name: 'shop', vsn: '2' }))[0], 'ok')
  const status = await ask('status')
  assert.is((status.result as { vsn: string }).vsn, '2')
})

test('setVsn changes what status and node.json say', async () => {
  await controlServer.setVsn('1.1.0')
  assert.is(readNodeInfo(root)?.vsn, '1.1.0')
  assert.is(((await ask('status')).result as { vsn: string }).vsn, '1.1.0')
})

test('a control server that is started again after an upgrade says what runs', async () => {
  await controlServer.setVsn('1.1.0')
  const pid = whereis('control_server')
  if (pid !== undefined) exitPid(pid, 'kill')
  assert.is((await controlServer.startLink({ root, name: 'shop' }))[0], 'ok')
  assert.is(((await ask('status')).result as { vsn: string }).vsn, '1.1.0')
})

test('a node.json that cannot be written cuts nobody off', async () => {
  mkdirSync(`${nodeFile(root)}.${process.pid}`)
  const one = await client()
  assert.is(await controlServer.setVsn('1.1.0'), 'ok')
  one.write(request(1, 'status', {}))
  assert.is(((await one.next()).result as { vsn: string }).vsn, '1.1.0')
  assert.is(readNodeInfo(root)?.vsn, '1.0.0')
})

// ---- frames

test('a request may come in pieces, and several in one piece', async () => {
  method('echo', (params) => params)
  const one = await client()
  const bytes = Buffer.from(request(1, 'echo', { text: 'grün' }) + request('two', 'echo', {}))
  const middle = bytes.indexOf(0xc3) + 1
  one.write(bytes.subarray(0, 5))
  await new Promise((resolve) => setTimeout(resolve, 2))
  one.write(bytes.subarray(5, middle))
  await new Promise((resolve) => setTimeout(resolve, 2))
  one.write(bytes.subarray(middle))
  assert.equal(await one.next(), { id: 1, result: { text: 'grün' } })
  assert.equal(await one.next(), { id: 'two', result: {} })
  one.socket.destroy()
})

// what a client sends, tag and id of the answer, why
const GARBAGE = [
  ['hello\n', 'not_json', null, 'a line that is not JSON'],
  ['17\n', 'not_a_request', null, 'a line that is no object'],
  ['\n', 'not_json', null, 'an empty line'],
  ['{"method":"status"}\n', 'not_a_request', null, 'a request without id'],
  ['{"id":3}\n', 'not_a_request', 3, 'a request without method'],
  ['{"id":3,"method":"status","params":[]}\n', 'not_a_request', 3, 'parameters that are no object'],
  ['{"id":3,"method":"nosuch"}\n', 'unknown_method', 3, 'an unknown method'],
  [`${'x'.repeat(MAX_FRAME + 10)}\n`, 'frame_too_large', null, 'a frame that is too long'],
] as const

for (const [sent, tag, id, why] of GARBAGE) {
  test(`${why} is answered, and the connection goes on`, async () => {
    const one = await client()
    one.write(sent)
    const frame = await one.next()
    assert.is((frame.error as { tag: string }).tag, tag)
    assert.is(frame.id, id)
    one.write(request(9, 'applications'))
    assert.is((await one.next()).id, 9)
    one.socket.destroy()
  })
}

test('bytes without end are dropped, not gathered', () => {
  const frames = new FrameSplitter(10)
  frames.push(Buffer.from('x'.repeat(11)))
  assert.equal(frames.next(), { ok: false, error: { tag: 'frame_too_large', limit: 10 } })
  for (let i = 0; i < 5; i++) {
    frames.push(Buffer.from('x'.repeat(11)))
    assert.is(frames.next(), undefined)
  }
  assert.is(frames.rest().length, 0)
  frames.push(Buffer.from('end\nok\n'))
  assert.equal(frames.next(), { ok: true, value: 'ok' })
})

test('an unknown method names the known ones', async () => {
  const { error } = await ask('nosuch')
  assert.match((error as { message: string }).message, /^unknown method "nosuch"; known: applications, eval, .*remote$/)
})

test('a client that disappears in the middle of a frame or a request disturbs nobody', async () => {
  const signalled = new Promise<AbortSignal>((resolve) => {
    method('wait', (_params, { signal, progress }) => {
      progress('waiting')
      return new Promise<void>((done) =>
        signal.addEventListener('abort', () => {
          resolve(signal)
          done()
        }),
      )
    })
  })
  const half = await client()
  half.write('{"id":1,"meth')
  half.socket.destroy()
  const gone = await client()
  gone.write(request(1, 'wait'))
  assert.equal(await gone.next(), { id: 1, progress: 'waiting' })
  gone.socket.destroy()
  const signal = await signalled
  assert.is(signal.reason, 'disconnected')
  assert.is((await ask('applications')).id, 1)
})

test('progress comes before the result; a cancel reaches the one request it names', async () => {
  method('steps', async (_params, { progress, signal }) => {
    progress({ step: 1 })
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    throw new ControlError('cancelled', 'undone', { undone: 3 })
  })
  const one = await client()
  one.write(request('a', 'steps'))
  assert.equal(await one.next(), { id: 'a', progress: { step: 1 } })
  one.write(request('b', 'applications'))
  assert.is((await one.next()).id, 'b')
  one.write(request('a', 'steps'))
  assert.is(((await one.next()).error as { tag: string }).tag, 'duplicate_id')
  one.write('{"id":"nosuch","cancel":true}\n{"id":"a","cancel":true}\n')
  assert.equal(await one.next(), { id: 'a', error: { undone: 3, tag: 'cancelled', message: 'undone' } })
  one.socket.destroy()
})

test('each request runs in a process of its own; its end is the answer', async () => {
  let pid: Pid | undefined
  method('who', () => {
    pid = self()
    return pid
  })
  method('exit', () => exit(['no', 1]))
  method('throw', () => {
    throw new TypeError('oops')
  })
  assert.equal(await ask('who'), { id: 1, result: { $pid: String(pid) } })
  assert.not.ok(pid !== undefined && isAlive(pid))
  const ended = (await ask('exit')).error as Record<string, unknown>
  assert.equal([ended.tag, ended.reason], ['exit', ['no', 1]])
  const thrown = (await ask('throw')).error as { tag: string; message: string; error: { $error: { name: string } } }
  assert.equal([thrown.tag, thrown.message, thrown.error.$error.name], ['error', 'oops', 'TypeError'])
})

// ---- the kernel's methods

test('status and applications', async () => {
  const status = (await ask('status')).result as Record<string, unknown>
  assert.equal([status.name, status.vsn, status.pid], ['shop', '1.0.0', process.pid])
  assert.equal(status.applications, [{ name: 'kernel', vsn: '1', description: '' }])
  assert.equal((await ask('applications')).result, { running: status.applications, loaded: [] })
})

test('rpc calls a function of a module with terms, and says what is wrong', async () => {
  registerModule('shop/shop', { add: (a: number, b: bigint) => BigInt(a) + b, fail: () => exit('no') })
  const sum = await ask('rpc', { module: 'shop/shop', function: 'add', args: [1, { $bigint: '2' }] })
  assert.equal(sum, { id: 1, result: { $bigint: '3' } })
  const tag = async (params: unknown): Promise<unknown> => ((await ask('rpc', params)).error as { tag: string }).tag
  assert.is(await tag({ module: 'shop/shop', function: 'fail' }), 'exit')
  assert.is(await tag({ module: 'shop/shop', function: 'nosuch' }), 'error')
  assert.is(await tag({ module: 'shop/shop' }), 'bad_params')
})

test('a cancelled rpc kills its process', async () => {
  let pid: Pid | undefined
  let ready: () => void = () => {}
  const running = new Promise<void>((resolve) => {
    ready = resolve
  })
  registerModule('shop/shop', {
    wait: async () => {
      pid = self()
      ready()
      await receive()
    },
  })
  const one = await client()
  one.write(request(1, 'rpc', { module: 'shop/shop', function: 'wait' }))
  await running
  one.write('{"id":1,"cancel":true}\n')
  assert.is(((await one.next()).error as { tag: string }).tag, 'cancelled')
  assert.not.ok(pid !== undefined && isAlive(pid))
  one.socket.destroy()
})

// expression, result or tag of the error
const EVALUATIONS = [
  ['1 + 1', 2],
  ['(await Application.whichApplications()).length', 1],
  ['const n = 2; return n * 2', 4],
  ['whereis("control_server") === undefined', false],
  ['nosuch', 'error'],
  ['1 +', 'syntax_error'],
] as const

for (const [expression, expected] of EVALUATIONS) {
  test(`eval ${expression} gives ${expected}`, async () => {
    const { result, error } = await ask('eval', { expression })
    assert.is(error === undefined ? result : (error as { tag: string }).tag, expected)
  })
}

// what is no JavaScript, line, column, V8's words, the line
const NO_JAVASCRIPT = [
  ['1+', 1, 3, 'Unexpected end of input', '1+'],
  ['1+\n\n', 1, 3, 'Unexpected end of input', '1+'],
  ['const a = 1\nconst b = ; b', 2, 11, "Unexpected token ';'", 'const b = ; b'],
  ['f("', 1, 3, 'Invalid or unexpected token', 'f("'],
  ['`abc', 1, 5, 'Unexpected end of input', '`abc'],
  ['}); (() => {', undefined, undefined, 'Single function literal required', undefined],
] as const
for (const [expression, line, column, message, text] of NO_JAVASCRIPT) {
  test(`eval ${JSON.stringify(expression)} says where it is no JavaScript`, async () => {
    const { error } = await ask('eval', { expression })
    const at = line === undefined ? {} : { line, column, text }
    assert.equal(error, { tag: 'syntax_error', message, ...at })
  })
}

const meant = (error: unknown) => {
  // What this test itself got from the node.
  const { missing, near } = error as { readonly missing?: string; readonly near?: string }
  return [missing, near]
}

test('rpc names the function that was probably meant', async () => {
  const { error } = await ask('rpc', { module: 'counter', function: 'add' })
  assert.equal(meant(error), ['module', undefined])
  registerModule('shop/sums', { total: () => 3, vat: 0.2 })
  const { error: second } = await ask('rpc', { module: 'shop/sums', function: 'toatl' })
  assert.equal(meant(second), ['function', 'total'])
  assert.is((await ask('rpc', { module: 'shop/sums', function: 'total' })).result, 3)
})

test('remote makes the connection a shell; the node stays when it ends', async () => {
  const { socket: path } = readNodeInfo(root) ?? { socket: '' }
  const socket = connect(path)
  let text = ''
  const has = (part: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (text.includes(part)) resolve()
        else socket.once('data', () => setImmediate(look))
      }
      look()
    })
  socket.on('data', (bytes) => {
    text += bytes
  })
  // The first line of the shell comes with the request.
  socket.write(`${request(1, 'remote', { terminal: false })}40 + 2\n`)
  await has('{"id":1,"result":{"mode":"repl"}}\n')
  await has('42\n')
  socket.write('(await Application.whichApplications()).map(([name]) => name)\n')
  await has("[ 'kernel' ]")
  socket.write('.exit\n')
  await new Promise((resolve) => socket.once('close', resolve))
  assert.is((await ask('status')).id, 1)
})

// ---- terms

test('what JSON does not have travels in forms, there and back', () => {
  const terms = [
    1n,
    Number.NaN,
    new Map([[1, new Set(['a'])]]),
    new Date(0),
    new Uint8Array([1, 2]),
    { $pid: 'no pid' },
    [undefined],
  ]
  assert.equal(decodeTerm(JSON.parse(JSON.stringify(encodeTerm(terms)))), terms)
})

test('errors, functions and circles can be sent', () => {
  const circle: unknown[] = []
  circle.push(circle)
  assert.equal(encodeTerm(circle), [{ $circular: true }])
  assert.equal(
    encodeTerm(() => 1),
    { $function: '' },
  )
  const sent = encodeTerm(new RangeError('no', { cause: 1 })) as {
    $error: { name: string; message: string; cause: number }
  }
  assert.equal([sent.$error.name, sent.$error.message, sent.$error.cause], ['RangeError', 'no', 1])
})

test('frames read and written are JSON lines', () => {
  assert.equal(parseFrame('{"id":1,"cancel":true}'), { ok: true, value: { type: 'cancel', id: 1 } })
  assert.is(errorFrame(null, { tag: 't', message: 'm' }), '{"id":null,"error":{"tag":"t","message":"m"}}\n')
  assert.ok(readFileSync(nodeFile(root), 'utf8').endsWith('}\n'))
})

test.run()
