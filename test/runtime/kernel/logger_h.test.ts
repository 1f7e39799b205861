import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { LogDevice } from '../../../runtime/kernel/src/log_device.js'
import * as Logger from '../../../runtime/kernel/src/logger.js'
import * as disk from '../../../runtime/kernel/src/logger_disk_log_h.js'
import { setInternalLog } from '../../../runtime/kernel/src/logger_internal.js'
import * as std from '../../../runtime/kernel/src/logger_std_h.js'
import { inManualTime } from '../../support/manual_clock.js'

const test = suite('kernel/logger_h')

/** A device that a test holds back and lets go. */
class HeldDevice implements LogDevice {
  ready = true
  /** What was written, line by line. */
  lines: string[] = []
  syncs = 0
  closed = false
  failing = false
  #call: (() => void) | undefined

  whenReady(call: () => void): void {
    this.#call = call
  }

  write(text: string): void {
    if (this.failing) throw new Error('ENOSPC: no space left on device')
    this.lines.push(...text.trimEnd().split('\n'))
  }

  sync(): void {
    this.syncs++
  }

  syncSoon(): void {
    this.syncs++
  }

  close(): void {
    this.closed = true
  }

  hold(): void {
    this.ready = false
  }

  letGo(): void {
    this.ready = true
    const call = this.#call
    this.#call = undefined
    call?.()
  }
}

let device: HeldDevice
let said: string[] = []
let dir = ''

const PLAIN = ['logger_formatter', { template: [['msg'], '\n'] }] as const
const LIMITS = { sync_mode_qlen: 10, drop_mode_qlen: 20, flush_qlen: 30 }

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'logger-h-'))
  device = new HeldDevice()
  said = []
  setInternalLog((text) => said.push(text))
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.setPrimaryConfig({})
})
test.after.each(() => {
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  rmSync(dir, { recursive: true })
})

/** Adds a handler `h` that writes to the held device. */
const addHeld = (config: Readonly<Record<string, unknown>> = LIMITS): void =>
  assert.is(
    Logger.addHandler('h', 'logger_std_h', { formatter: PLAIN, config: { type: ['device', device], ...config } }),
    'ok',
  )

/** Logs so many events while the device is held back; the first is on its way to it. */
async function logHeld(count: number): Promise<void> {
  device.hold()
  for (let i = 1; i <= count; i++) Logger.error(`e${i}`)
  await turn()
  device.letGo()
}

/** The end of a turn: lines are written. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const events = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `e${from + i}`)

test('S124 limits 10/20/30, 25 events for a device that is held: a note, 5 written, a note, 20 written', async () => {
  addHeld()
  await logHeld(25)
  assert.equal(device.lines, [
    'Handler h switched from  async to drop mode',
    ...events(1, 5),
    'Handler h switched from  drop to sync mode',
    ...events(6, 25),
  ])
})

test('S125 40 events: 39 are flushed, and nothing is written but that', async () => {
  addHeld()
  await logHeld(40)
  assert.equal(device.lines, ['Handler h flushed 39 log events'])
  const { flushed, mode } = std.info('h') as { flushed: number; mode: string }
  assert.equal([flushed, mode], [39, 'async'])
})

test(
  'S126 a burst limit of 5: 5 of 8 events are written; after 100 ms without any, 3 of 3',
  inManualTime(async (time) => {
    addHeld({ ...LIMITS, burst_limit_max_count: 5 })
    for (let i = 1; i <= 8; i++) Logger.error(`e${i}`)
    await turn()
    assert.equal(device.lines, events(1, 5))
    await time.advance(99)
    assert.is(device.syncs, 0)
    await time.advance(1)
    assert.is(device.syncs, 1)
    for (let i = 9; i <= 11; i++) Logger.error(`e${i}`)
    await turn()
    assert.equal(device.lines, [...events(1, 5), ...events(9, 11)])
  }),
)

test(
  'S126 past overload_kill_qlen the handler ends, and comes again after its time',
  inManualTime(async (time) => {
    addHeld({ ...LIMITS, overload_kill_enable: true, overload_kill_qlen: 5 })
    await logHeld(10)
    assert.equal(device.lines, ['Handler h overloaded and stopping'])
    assert.equal([device.closed, Logger.getHandlerIds()], [true, []])
    assert.match(said[0] ?? '', /^Handler h ended: \['shutdown', \['overloaded', 9, \d+\]\]$/)
    await time.advance(4999)
    assert.equal(Logger.getHandlerIds(), [])
    await time.advance(1)
    assert.equal(Logger.getHandlerIds(), ['h'])
    Logger.error('again')
    await turn()
    assert.equal(device.lines.slice(1), ['Handler h restarted', 'again'])
  }),
)

test('a handler that ended itself and is there again by somebody else is left alone', async () => {
  await inManualTime(async (time) => {
    addHeld({ ...LIMITS, overload_kill_enable: true, overload_kill_qlen: 5 })
    await logHeld(10)
    device = new HeldDevice()
    addHeld()
    await time.advance(6000)
    assert.equal(device.lines, [])
  })()
})

test('who logs within one turn writes the line down from sync_mode_qlen on: nothing is lost', () => {
  addHeld({ ...LIMITS, burst_limit_enable: false })
  for (let i = 1; i <= 2000; i++) Logger.error(`e${i}`)
  std.filesync('h')
  assert.equal(device.lines, events(1, 2000))
})

test('of an event that is not written no text is made', () => {
  let made = 0
  const counting = {
    format: (): string => {
      made++
      return 'event\n'
    },
  }
  const config = { type: ['device', device], burst_limit_max_count: 5, burst_limit_window_time: 60_000 }
  assert.is(Logger.addHandler('h', 'logger_std_h', { formatter: [counting, {}], config }), 'ok')
  for (let i = 0; i < 100; i++) Logger.error('x')
  std.filesync('h')
  assert.is(device.lines.length, 5)
  assert.is((std.info('h') as { burst_drops: number }).burst_drops, 95) // there is this handler
  assert.ok(made <= 11, `${made} texts were made`) // those in line when the limit was reached
})

test('in drop mode nothing is taken until the line is shorter', async () => {
  addHeld()
  device.hold()
  for (let i = 1; i <= 25; i++) Logger.error(`e${i}`)
  await turn()
  // The device takes one piece and is full again.
  device.write = (text: string): void => {
    HeldDevice.prototype.write.call(device, text)
    device.ready = device.lines.length > 1
  }
  device.letGo()
  assert.is((std.info('h') as { dropped: number }).dropped, 0)
  assert.is(device.lines.length, 27)
})

test('a device that cannot write is told of once, and again when it can; who logs is not told', async () => {
  addHeld()
  device.failing = true
  Logger.error('a')
  await turn()
  Logger.error('b')
  await turn()
  device.failing = false
  Logger.error('c')
  await turn()
  assert.equal(said, ['Handler h cannot write: ENOSPC: no space left on device', 'Handler h can write again'])
  assert.equal([device.lines, Logger.getHandlerIds()], [['c'], ['h']])
})

test('a formatter that fails is told of in place of the event, and the handler stays', async () => {
  addHeld()
  const bad = {
    format: () => {
      throw new Error('no')
    },
  }
  Logger.updateHandlerConfig('h', { formatter: [bad, {}] })
  Logger.error('x')
  await turn()
  assert.match(device.lines[0] ?? '', /error: FORMATTER CRASH: \{ string: 'x' \}$/)
  assert.equal(Logger.getHandlerIds(), ['h'])
})

test(
  'under lasting load what is written goes to the disk in intervals',
  inManualTime(async (time) => {
    addHeld({ filesync_repeat_interval: 200 })
    for (let ms = 0; ms < 450; ms += 50) {
      Logger.error('e')
      await turn()
      await time.advance(50)
    }
    assert.is(device.syncs, 2)
  }),
)

// call, error term, why
const REFUSED: [() => unknown, unknown, string][] = [
  [
    () => Logger.addHandler('x', 'logger_std_h', { config: { drop_mode_qlen: 1 } }),
    ['handler_not_added', ['invalid_olp_levels', { sync_mode_qlen: 10, drop_mode_qlen: 1, flush_qlen: 1000 }]],
    'limits that fall are refused',
  ],
  [
    () => Logger.addHandler('x', 'logger_std_h', { config: { sync_mode_qlen: 'x' } }),
    ['handler_not_added', ['invalid_olp_config', { sync_mode_qlen: 'x' }]],
    'a limit is a number',
  ],
  [
    () => Logger.addHandler('x', 'logger_std_h', { config: { filesync_repeat_interval: 'x' } }),
    ['handler_not_added', ['invalid_config', 'logger_std_h', { filesync_repeat_interval: 'x' }]],
    'an interval is a number or no_repeat',
  ],
  [
    () => Logger.updateHandlerConfig('h', { config: { drop_mode_qlen: 'z' } }),
    ['invalid_olp_config', { drop_mode_qlen: 'z' }],
    'a change is refused in the same words',
  ],
  [
    () => Logger.updateHandlerConfig('h', { config: { zzz: 'z' } }),
    ['invalid_config', 'logger_std_h', { zzz: 'z' }],
    'an unknown key is refused',
  ],
]

for (const [call, reason, why] of REFUSED) {
  test(why, () => {
    addHeld()
    assert.equal(call(), ['error', reason])
  })
}

test('a change completes what is in force, set begins with the defaults; the type stays', () => {
  addHeld({ drop_mode_qlen: 50 })
  assert.is(Logger.updateHandlerConfig('h', { config: { sync_mode_qlen: 5 } }), 'ok')
  const config = (): Readonly<Record<string, unknown>> => Logger.getConfig().handlers[0]?.config ?? {}
  assert.equal([config().sync_mode_qlen, config().drop_mode_qlen], [5, 50])
  assert.is(Logger.setHandlerConfig('h', { config: { sync_mode_qlen: 6 } }), 'ok')
  assert.equal([config().sync_mode_qlen, config().drop_mode_qlen], [6, 200])
  const [word] = Logger.updateHandlerConfig('h', { config: { type: 'standard_io' } })
  assert.is(word, 'error')
})

test('what was logged in the last turn of the OS process is written', () => {
  const file = join(dir, 'last.log')
  const logger = new URL('../../../runtime/kernel/src/logger.ts', import.meta.url).href
  const code = `import('${logger}').then((Logger) => {
    Logger.addHandler('f', 'logger_std_h', { config: { file: ${JSON.stringify(file)} } })
    Logger.error('last words')
    process.exit(3)
  })`
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--eval', code])
  assert.is(status, 3)
  assert.match(readFileSync(file, 'utf8'), / error: last words\n$/)
})

test('modes: a file is kept, emptied or refused; another setting never empties it', () => {
  const file = join(dir, 'a.log')
  writeFileSync(file, 'before\n')
  const add = (modes: string[]): unknown =>
    Logger.addHandler('f', 'logger_std_h', { formatter: PLAIN, config: { file, modes } })
  const [word] = add(['exclusive']) as [string]
  assert.is(word, 'error')
  assert.is(add(['append']), 'ok')
  Logger.removeHandler('f')
  assert.is(readFileSync(file, 'utf8'), 'before\n')
  assert.is(add(['write']), 'ok')
  Logger.error('x')
  assert.is(Logger.updateHandlerConfig('f', { config: { max_no_bytes: 1000 } }), 'ok')
  std.filesync('f')
  assert.is(readFileSync(file, 'utf8'), 'x\n')
})

test('archives are compressed when it is asked for', async () => {
  const file = join(dir, 'a.log')
  const config = { file, max_no_bytes: 4, max_no_files: 2, compress_on_rotate: true }
  Logger.addHandler('f', 'logger_std_h', { formatter: PLAIN, config })
  Logger.error('12345')
  std.filesync('f')
  while (!existsSync(`${file}.0.gz`) || existsSync(`${file}.0`)) await turn()
  assert.is(gunzipSync(readFileSync(`${file}.0.gz`)).toString(), '12345\n')
})

test('a disk log goes round its files, and goes on where it was', () => {
  const file = join(dir, 'd')
  const add = (): void => {
    Logger.addHandler('d', 'logger_disk_log_h', {
      formatter: PLAIN,
      config: { file, max_no_files: 2, max_no_bytes: 6 },
    })
  }
  add()
  for (const text of ['aa', 'bb', 'cc', 'dd', 'ee']) {
    Logger.error(text)
    disk.filesync('d')
  }
  const contents = (): string[] =>
    readdirSync(dir)
      .sort()
      .map((name) => `${name} ${readFileSync(join(dir, name), 'utf8').replaceAll('\n', ' ')}`)
  assert.equal(contents(), ['d.1 ee ', 'd.2 cc dd ', 'd.idx 1 '])
  Logger.removeHandler('d')
  add()
  Logger.error('ff')
  Logger.error('gg')
  disk.filesync('d')
  assert.equal(contents(), ['d.1 ee ff ', 'd.2 gg ', 'd.idx 2 '])
})

test('a halt log that is full takes no more, and says so', () => {
  const config = { file: join(dir, 'h'), type: 'halt', max_no_bytes: 6 }
  Logger.addHandler('d', 'logger_disk_log_h', { formatter: PLAIN, config })
  for (const text of ['aa', 'bb', 'cc']) {
    Logger.error(text)
    disk.filesync('d')
  }
  assert.is(readFileSync(config.file, 'utf8'), 'aa\nbb\n')
  assert.match(said[0] ?? '', /^Handler d cannot write: .* is full$/)
})

test.run()
