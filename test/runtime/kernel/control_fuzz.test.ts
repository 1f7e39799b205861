/** The socket under 10^5 random frames, half messages, clients that vanish, and another user: the node goes on. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { processes, whereis } from '../../../runtime/erts/process.js'
import { registerMethod } from '../../../runtime/kernel/src/control.js'
import * as controlServer from '../../../runtime/kernel/src/control_server.js'
import { readNodeInfo, runDir } from '../../../runtime/kernel/src/node_info.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import { startWorld, stopWorld } from './world.js'

const test = suite('kernel/control_fuzz')

const FRAMES = 100_000
/** Frames on one connection, at most. */
const EACH = 2_000

let root = ''

test.before.each(async () => {
  await startWorld()
  root = mkdtempSync(join(tmpdir(), 'control-fuzz-'))
  assert.is((await controlServer.startLink({ root, name: 'shop', vsn: '1.0.0' }))[0], 'ok')
})
test.after.each(async () => {
  if (whereis('control_server') !== undefined) await genServer.stop('control_server', 'shutdown').catch(() => {})
  await stopWorld()
  rmSync(root, { recursive: true, force: true })
})

const socketOf = (): string => readNodeInfo(root)?.socket ?? ''

async function open(): Promise<Socket> {
  const socket = connect(socketOf())
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

async function status(): Promise<unknown> {
  const socket = await open()
  const answer = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
      if (text.includes('\n')) resolve(text)
    })
  })
  socket.write('{"id":1,"method":"status","params":{}}\n')
  const { result } = JSON.parse(await answer)
  socket.destroy()
  return result.status
}

/** mulberry32: the same numbers in every run. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const VALUES: readonly unknown[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  [],
  [[]],
  {},
  { $pid: '<0.1.0>' },
  { $ref: 1 },
  true,
  '\u0000',
]
const METHODS = ['status', 'applications', 'echo', 'rpc', 'nosuch', '', '__proto__', 'constructor', 'throws']

/** One frame or what looks like one. */
function frame(below: (n: number) => number): Buffer {
  const any = (): unknown => VALUES[below(VALUES.length)]
  switch (below(6)) {
    case 0:
      return Buffer.from(Array.from({ length: below(60) }, () => below(256)))
    case 1:
      return Buffer.from(JSON.stringify({ id: any(), method: METHODS[below(METHODS.length)], params: any() }))
    case 2:
      return Buffer.from(JSON.stringify({ id: below(50), cancel: any() }))
    case 3: {
      const params = { module: any(), function: any(), args: any(), __proto__: any() }
      return Buffer.from(JSON.stringify({ id: below(50), method: METHODS[below(METHODS.length)], params }))
    }
    case 4: {
      const bytes = Buffer.from(JSON.stringify({ id: below(50), method: 'echo', params: { a: any(), b: any() } }))
      const at = below(bytes.length)
      bytes[at] = below(256)
      return bytes
    }
    default:
      return Buffer.from(JSON.stringify(any()).slice(0, below(8)))
  }
}

test('10^5 random frames, half messages and clients that vanish do not disturb the node', async () => {
  const removers = [
    registerMethod('echo', (params) => params),
    registerMethod('throws', () => {
      throw new Error('on purpose')
    }),
  ]
  const before = processes().length
  const below = random(20_260_101)
  let sent = 0
  while (sent < FRAMES) {
    const socket = await open()
    socket.resume()
    const count = Math.min(FRAMES - sent, 1 + below(EACH))
    sent += count
    for (let i = 0; i < count; i++) {
      const bytes = frame(below)
      socket.write(bytes)
      socket.write('\n')
    }
    // Half a message last, and then: gone at once, or when all is answered.
    socket.write(frame(below).subarray(0, 10))
    if (below(2) === 0) socket.destroy()
    else {
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve())
        socket.end()
      })
    }
  }
  assert.is(typeof (await status()), 'string')
  while (processes().length > before) await new Promise((resolve) => setImmediate(resolve))
  for (const remove of removers) remove()
})

test('another user cannot connect', async () => {
  if (process.getuid?.() !== 0) return
  // Even where the folders above are open to everybody.
  chmodSync(root, 0o755)
  const script = `require('node:net').connect(${JSON.stringify(socketOf())})
    .on('connect', () => console.log('connected')).on('error', ({ code }) => console.log(code))`
  const attempt = () =>
    spawnSync('/bin/sh', ['-c', `exec "$0" -e "$1"`, process.execPath, script], { uid: 65_534, encoding: 'utf8' })
  assert.is(attempt().stdout.trim(), 'EACCES')
  chmodSync(runDir(root), 0o755)
  assert.is(attempt().stdout.trim(), 'EACCES', 'the socket itself is for its owner alone')
})

test.run()
