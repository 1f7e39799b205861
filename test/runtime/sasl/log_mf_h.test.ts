import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exit, inProcess, Stack, self } from '../../../runtime/erts/process.js'
import type { ErrorLoggerEvent } from '../../../runtime/kernel/src/error_logger_event.js'
import * as logMfH from '../../../runtime/sasl/src/log_mf_h.js'
import { decodeFile, encodeEvent, frame, typeOf } from '../../../runtime/sasl/src/log_mf_record.js'
import { isOfType, scan } from '../../../runtime/sasl/src/rb_scan.js'
import * as GenEvent from '../../../runtime/stdlib/src/gen_event.js'
import { inTest } from '../../support/processes.js'

const test = suite('sasl/log_mf_h')
let dir = ''

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'mf-'))
})
test.after.each(() => rmSync(dir, { recursive: true }))

const TIME = '2026-01-02T03:04:05.678Z'
const message = (text: string): ErrorLoggerEvent => ['error', undefined, [undefined, '~s', [text]]]

/** An event whose record takes so many bytes, its length not counted. */
function eventOf(bytes: number): ErrorLoggerEvent {
  const empty = encodeEvent(TIME, message('')).length
  return message('x'.repeat(bytes - empty))
}

/** Number of the current file and sizes of all, by name. */
function look(): [index: number | undefined, sizes: Record<string, number>] {
  const sizes = readdirSync(dir)
    .filter((name) => name !== 'index')
    .map((name) => [name, statSync(join(dir, name)).size] as const)
  return [readFileSync(join(dir, 'index'))[0], Object.fromEntries(sizes)]
}

const start = (maxBytes: number, maxFiles: number): Promise<unknown> =>
  GenEvent.addHandler('manager', logMfH, { dir, maxBytes, maxFiles })

/** Runs with an event manager of its own. */
const withManager = (body: () => Promise<void>) =>
  inTest(async () => {
    await GenEvent.startLink({ local: 'manager' })
    await body()
    await GenEvent.stop('manager')
  })

test(
  'S128 files of 200 bytes, 3 of them, records of 125: index 1, 2, 3, 1, 2; a new start takes the next file, empty',
  withManager(async () => {
    assert.is(await start(200, 3), 'ok')
    assert.equal(look(), [1, { 1: 0 }])
    const indices: unknown[] = []
    for (let i = 0; i < 5; i++) {
      await GenEvent.syncNotify('manager', eventOf(125))
      indices.push(look()[0])
    }
    assert.equal(indices, [1, 2, 3, 1, 2])
    assert.equal(look()[1], { 1: 127, 2: 127, 3: 127 })
    await GenEvent.deleteHandler('manager', logMfH)
    await start(200, 3)
    assert.equal(look(), [3, { 1: 127, 2: 127, 3: 0 }])
  }),
)

test(
  'S128 a record fits while size and record stay below the limit',
  withManager(async () => {
    await start(252, 2)
    await GenEvent.syncNotify('manager', eventOf(124))
    await GenEvent.syncNotify('manager', eventOf(125))
    assert.equal(look(), [1, { 1: 253 }])
    await GenEvent.syncNotify('manager', eventOf(125))
    assert.equal(look(), [2, { 1: 253, 2: 127 }])
  }),
)

test(
  'S128 a write that fails removes the handler, the manager goes on',
  withManager(async () => {
    await start(200, 3)
    await GenEvent.syncNotify('manager', eventOf(125))
    // The next file cannot be opened.
    mkdirSync(join(dir, '2'))
    await GenEvent.syncNotify('manager', eventOf(125))
    assert.equal(await GenEvent.whichHandlers('manager'), [])
  }),
)

test(
  'events that the predicate does not want are not written',
  withManager(async () => {
    const pred = ([tag]: ErrorLoggerEvent): boolean => tag === 'error'
    await GenEvent.addHandler('manager', logMfH, { dir, maxBytes: 1000, maxFiles: 1, pred })
    await GenEvent.syncNotify('manager', ['info_msg', undefined, [undefined, 'x', []]])
    assert.equal(look(), [1, { 1: 0 }])
  }),
)

test('a record comes back: identifiers as texts, errors with their stack', async () => {
  const failure = new TypeError('no')
  const pid = await inProcess(() => self())
  const event: ErrorLoggerEvent = [
    'error_report',
    pid,
    [pid, 'supervisor_report', [['reason', [failure, new Stack(failure)]]]],
  ]
  const { records, fault } = decodeFile(frame(encodeEvent(TIME, event)))
  assert.is(fault, undefined)
  const [placed] = records
  assert.is(placed?.record.time, TIME)
  assert.is(String(placed?.record.pid), String(pid))
  assert.is(placed && typeOf(placed.record), 'supervisor_report')
  const [[, [error, stack]]] = (placed?.record.second ?? [['', []]]) as [[string, [Error, Stack]]]
  assert.equal([error.name, error.message, stack.frames], ['TypeError', 'no', new Stack(failure).frames])
})

test('an event that is too long for its length is shortened and stays readable', () => {
  const { records } = decodeFile(frame(encodeEvent(TIME, message('y'.repeat(100_000)))))
  const text = String((records[0]?.record.second as unknown[] | undefined)?.[0])
  assert.ok(text.length > 10_000 && text.endsWith('...'))
})

// bytes after one good record, fault, why
const BROKEN: [Buffer, string, string][] = [
  [Buffer.of(1), 'Premature end of file', 'half a length'],
  [Buffer.of(0, 9, 1), 'Premature end of file', 'a record cut short'],
  [Buffer.of(0, 1, 0x7b), 'Incomplete term in log', 'a record that is no JSON'],
  [Buffer.of(0, 1, 0x31), 'Unknown term in log', 'a record of another kind'],
]

for (const [bytes, text, why] of BROKEN) {
  test(`what comes before ${why} is saved`, () => {
    const good = frame(encodeEvent(TIME, message('a')))
    const { records, fault } = decodeFile(Buffer.concat([good, bytes]))
    assert.equal([records.length, fault], [1, { at: good.length, text }])
  })
}

test('a scan numbers from the newest, over files in the order they were written', () => {
  const put = (file: number, ...texts: string[]): void =>
    writeFileSync(join(dir, String(file)), Buffer.concat(texts.map((text) => frame(encodeEvent(TIME, message(text))))))
  put(1, 'e', 'f')
  put(2, 'a', 'b')
  put(3, 'c', 'd')
  writeFileSync(join(dir, 'index'), Buffer.of(1))
  const texts = (max: number | 'all'): unknown[] => {
    const scanned = scan(dir, { max, type: 'all' })
    return scanned.ok
      ? scanned.value.reports.map(({ number, record }) => `${number}${(record.second as string[])[0]}`)
      : [scanned.error]
  }
  assert.equal(texts('all'), ['6a', '5b', '4c', '3d', '2e', '1f'])
  assert.equal(texts(3), ['3d', '2e', '1f'])
  assert.equal(scan(join(dir, 'none'), { max: 'all', type: 'all' }), { ok: false, error: 'cannot read the index file' })
})

test('types: all, one, or several', () => {
  assert.equal(
    [isOfType('a', 'all'), isOfType('a', 'a'), isOfType('a', 'b'), isOfType('a', ['b', 'a'])],
    [true, true, false, true],
  )
})

test('a handler whose folder cannot be made is refused', async () => {
  writeFileSync(join(dir, 'file'), '')
  await inTest(async () => {
    await GenEvent.startLink({ local: 'manager' })
    const args = { dir: join(dir, 'file', 'log'), maxBytes: 1, maxFiles: 1 }
    const refused = await GenEvent.addHandler('manager', logMfH, args)
    assert.is(Array.isArray(refused) && refused[0], 'EXIT')
    await GenEvent.stop('manager')
    exit('normal')
  })().catch(() => {})
})

test.run()
