import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { connect } from '../../../cli/node/client.js'
import { clientFailure, formatClientError } from '../../../cli/node/client_error.js'
import { isAlive, wrongUser } from '../../../cli/node/node_file.js'
import {
  DEAD_PID,
  emptyRelease,
  type FakeNode,
  type Handler,
  STATUS,
  startFakeNode,
  writeNodeFile,
} from '../support/fake_node.js'

const test = suite('cli/node/client')

let opened: FakeNode[] = []
const fake = async (handlers: Record<string, Handler> = {}) => {
  const node = await startFakeNode(handlers)
  opened.push(node)
  return node
}
test.after.each(async () => {
  for (const node of opened) await node.close()
  opened = []
})

const tagOf = async (root: string, name?: string, timeoutMs = 5_000) => {
  const connected = await connect({ root, ...(name === undefined ? {} : { name }) }, timeoutMs)
  if (!connected.ok) return connected.error.tag
  connected.value.close()
  return 'connected'
}

test('a folder without releases is no release', async () => {
  assert.is(await tagOf('/nonexistent/shop'), 'no_release')
})

test('without run/node.json nothing runs', async () => {
  const root = emptyRelease()
  assert.is(await tagOf(root), 'not_running')
  rmSync(root, { recursive: true })
})

test('a file left behind by a process that ended counts as not running', async () => {
  const root = emptyRelease()
  writeNodeFile(root, { pid: DEAD_PID, socket: 'run/shop.sock', name: 'shop' })
  assert.not.ok(isAlive(DEAD_PID))
  const connected = await connect({ root })
  assert.not.ok(connected.ok)
  if (!connected.ok) assert.equal(connected.error, { tag: 'not_running', root, pid: DEAD_PID })
  rmSync(root, { recursive: true })
})

test('so does one whose process id is another process by now', async () => {
  const node = await fake()
  const socket = join(node.root, 'run', 'left.sock')
  const server = createServer().listen(socket)
  await new Promise((resolve) => server.once('listening', resolve))
  // A socket file without a listener, as a killed node leaves it.
  const orphan = join(node.root, 'run', 'orphan.sock')
  const { linkSync } = await import('node:fs')
  linkSync(socket, orphan)
  await new Promise((resolve) => server.close(resolve))
  writeNodeFile(node.root, { pid: process.pid, socket: orphan, name: 'shop' })
  assert.is(await tagOf(node.root), 'not_running')
})

test('the process of a node in a container has another number here, or none, and the node is asked all the same', async () => {
  const node = await fake()
  const socket = join(node.root, 'run', 'shop.sock')
  const file = { pid: DEAD_PID, pid_namespace: 'pid:[1]', socket, name: 'shop' }
  writeNodeFile(node.root, file)
  assert.is(await tagOf(node.root), 'connected')
  writeNodeFile(node.root, { ...file, socket: `${socket}.gone` })
  assert.is(await tagOf(node.root), 'not_answering')
})

test('half a file counts as not running', async () => {
  const root = emptyRelease()
  writeNodeFile(root, {})
  writeFileSync(join(root, 'run', 'node.json'), '{"pid": 12')
  assert.is(await tagOf(root), 'not_running')
  rmSync(root, { recursive: true })
})

test('a live process without its socket does not answer', async () => {
  const root = emptyRelease()
  writeNodeFile(root, { pid: process.pid, socket: 'run/gone.sock', name: 'shop' })
  assert.is(await tagOf(root), 'not_answering')
  rmSync(root, { recursive: true })
})

test('a node that takes the question and says nothing does not answer', async () => {
  const node = await fake({ status: () => {} })
  assert.is(await tagOf(node.root, undefined, 50), 'not_answering')
})

test('a node that goes away while it is asked is lost, not absent', async () => {
  const node = await fake({ status: (_request, _answer, socket) => socket.destroy() })
  assert.is(await tagOf(node.root), 'connection_lost')
})

test('another name in its file is another node', async () => {
  const node = await fake()
  assert.is(await tagOf(node.root, 'mail'), 'wrong_node')
  assert.is(await tagOf(node.root, 'shop'), 'connected')
})

test('so is another name in its answer', async () => {
  const node = await fake({ status: ({ id }, answer) => answer({ id, result: { ...STATUS, name: 'mail' } }) })
  assert.is(await tagOf(node.root, 'shop'), 'wrong_node')
})

test('what is not the protocol is said to be so', async () => {
  const node = await fake({ status: (_request, _answer, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') })
  assert.is(await tagOf(node.root), 'bad_answer')
})

test('the wrong user is told whose node it is, and who asks', () => {
  const root = emptyRelease()
  const error = wrongUser(root, join(root, 'releases'))
  assert.is(error.tag, 'wrong_user')
  if (error.tag === 'wrong_user') assert.is(error.owner, process.getuid?.())
  rmSync(root, { recursive: true })
})

// error, message, class, way out
const WORDS = [
  [
    { tag: 'not_running', root: '/srv/shop' },
    'no node runs in /srv/shop',
    'not_running',
    'start it with "otp-rel start"',
  ],
  [
    { tag: 'wrong_user', root: '/srv/shop', path: '/srv/shop/run/node.json', uid: 1001, user: 'eve', owner: 1000 },
    'the node in /srv/shop belongs to user id 1000, you are "eve" (1001): /srv/shop/run/node.json is closed to you',
    'wrong_user',
    "ask as its owner: sudo -u '#1000' otp-rel ...",
  ],
  [
    { tag: 'wrong_node', root: '/srv/shop', expected: 'shop', found: 'mail', pid: 7 },
    'the node in /srv/shop is "mail" (process 7), not "shop"',
    'wrong_node',
    'ask it by its name with --name mail, or say where the other one is with --root DIR',
  ],
  [
    { tag: 'not_answering', root: '/srv/shop', pid: 7, here: true, why: 'silent', timeoutMs: 5_000 },
    'process 7 in /srv/shop did not answer within 5.0 s: its event loop is busy or stopped',
    'not_answering',
    'give it more time with --timeout SECONDS, or look at its log in /srv/shop/log',
  ],
  [
    { tag: 'not_answering', root: '/srv/shop', pid: 7, here: false, why: 'no_socket', timeoutMs: 5_000 },
    'the node in /srv/shop is that of a container (process 7 there), and its control socket is not to be seen from here',
    'not_answering',
    'ask it, or end it, in its container: process 7 is another here',
  ],
] as const
for (const [error, message, exit, hint] of WORDS) {
  test(`"${error.tag}" has its own words, class and way out`, () => {
    const failure = clientFailure(error, 'otp-rel')
    assert.is(formatClientError(error), message)
    assert.equal([failure.exit, failure.tag, failure.hints?.[0]], [exit, error.tag, hint])
  })
}

test('answers of several calls find their way, whatever their order and however they are cut', async () => {
  const waiting: (() => void)[] = []
  const node = await fake({
    slow: ({ id }, answer) => waiting.push(() => answer({ id, result: 'slow ä' })),
    fast: ({ id }, answer, socket) => {
      const text = Buffer.from(`${JSON.stringify({ id, result: 'fast ü' })}\n`)
      const half = text.indexOf(0xc3) + 1
      socket.write(text.subarray(0, half))
      setImmediate(() => {
        socket.write(text.subarray(half))
        for (const answerSlow of waiting) answerSlow()
        answer({ id: 99, result: 'nobody asked' })
      })
    },
  })
  const connected = await connect({ root: node.root })
  assert.ok(connected.ok)
  const [slow, fast] = await Promise.all([connected.value.call('slow', {}), connected.value.call('fast', {})])
  assert.equal(
    [slow, fast],
    [
      { ok: true, value: 'slow ä' },
      { ok: true, value: 'fast ü' },
    ],
  )
  connected.value.close()
})

test('progress comes in order, before the result', async () => {
  const node = await fake({
    work: ({ id }, answer) => {
      answer({ id, progress: 1 })
      answer({ id, progress: 2 })
      answer({ id, result: 3 })
    },
  })
  const connected = await connect({ root: node.root })
  assert.ok(connected.ok)
  const seen: unknown[] = []
  const result = await connected.value.call('work', {}, { onProgress: (said) => seen.push(said) })
  assert.equal([seen, result], [[1, 2], { ok: true, value: 3 }])
  connected.value.close()
})

test('an aborted call asks the node to give up and waits for its answer', async () => {
  const abort = new AbortController()
  const node = await fake({
    work: () => abort.abort(),
    cancel: ({ id }, answer) => answer({ id, error: { tag: 'cancelled', message: 'nothing was changed' } }),
  })
  const connected = await connect({ root: node.root })
  assert.ok(connected.ok)
  const result = await connected.value.call('work', {}, { signal: abort.signal })
  assert.not.ok(result.ok)
  if (!result.ok) assert.is(result.error.tag, 'answered')
  assert.equal(node.requests.at(-1), { id: 2, cancel: true })
  connected.value.close()
})

test('calls under way fail when the node goes away, later ones at once', async () => {
  const node = await fake({ work: (_request, _answer, socket) => socket.end() })
  const connected = await connect({ root: node.root })
  assert.ok(connected.ok)
  for (let time = 0; time < 2; time++) {
    const result = await connected.value.call('work', {})
    assert.not.ok(result.ok)
    if (!result.ok) assert.is(result.error.tag, 'connection_lost')
  }
})

test('a stream begins with the byte after its answer', async () => {
  const node = await fake({
    remote: ({ id }, _answer, socket) => socket.write(`${JSON.stringify({ id, result: true })}\n> not json`),
  })
  const connected = await connect({ root: node.root })
  assert.ok(connected.ok)
  const stream = await connected.value.stream('remote', {})
  assert.ok(stream.ok)
  const socket = stream.value
  const text = await new Promise((resolve) =>
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString())).resume(),
  )
  assert.is(text, '> not json')
  connected.value.close()
})

test.run()
