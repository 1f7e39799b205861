import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type LogEntry, parseLog } from '../../../cli/node/logs_entry.js'
import { moment, readChoice } from '../../../cli/node/logs_select.js'
import { runTool } from '../../../cli/node/tool.js'
import { Pid } from '../../../runtime/erts/term.js'
import type { LogEvent } from '../../../runtime/kernel/src/logger_event.js'
import { type FormatterConfig, format } from '../../../runtime/kernel/src/logger_formatter.js'
import { encodeEvent, frame } from '../../../runtime/sasl/src/log_mf_record.js'
import { capture } from '../support/capture.js'

const test = suite('cli/node/logs')
let root = ''

test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'logs-'))
})
test.after.each(() => rmSync(root, { recursive: true }))

// ---- forms

const TIME = '2026-01-02T03:04:05.678Z'
const at = Date.parse(TIME) * 1000
const EVENTS: [LogEvent, Partial<LogEntry>][] = [
  [
    { level: 'warning', msg: { string: 'low\nspace' }, meta: { time: at } },
    { level: 'warning', type: 'message', text: 'low\nspace' },
  ],
  [
    {
      level: 'error',
      msg: { report: { label: ['proc_lib', 'crash'], report: [[['pid', 1]], []] } },
      meta: { time: at },
    },
    { level: 'error', type: 'crash_report', text: '  crasher:\n    pid: 1\n  neighbours:' },
  ],
  [
    {
      level: 'error',
      msg: {
        report: {
          label: ['supervisor', 'shutdown'],
          report: [
            ['supervisor', 's'],
            ['errorContext', 'shutdown'],
          ],
        },
      },
      meta: { time: at },
    },
    { level: 'error', type: 'supervisor_report', text: '    supervisor: s\n    errorContext: shutdown' },
  ],
  [
    {
      level: 'info',
      msg: {
        report: {
          label: ['supervisor', 'progress'],
          report: [
            ['supervisor', 's'],
            ['started', 1],
          ],
        },
      },
      meta: { time: at },
    },
    { level: 'info', type: 'progress', text: '    supervisor: s\n    started: 1' },
  ],
]

/** A text as it comes from a single line: its lines joined. */
const oneLine = (text: string): string => text.trim().replace(/,?\n\s*/g, ', ')

// formatter, what becomes of a text, why
const FORMS: [FormatterConfig, (text: string) => string, string][] = [
  [{ legacy_header: true, time_offset: 'Z' }, (text) => text, 'heading lines'],
  [{ legacy_header: true }, (text) => text, 'heading lines in local time'],
  [{ single_line: false, time_offset: '+02:00' }, (text) => text, 'time and level on a line'],
  [{ time_offset: 'Z' }, oneLine, 'single lines'],
  [{ time_designator: ' ' }, oneLine, 'single lines with another designator'],
  [{ json: true }, (text) => text, 'JSON'],
]

for (const [config, shown, why] of FORMS) {
  test(`entries are read from ${why}`, () => {
    const text = EVENTS.map(([event]) => format(event, config)).join('')
    assert.equal(
      parseLog(text, 'f'),
      EVENTS.map(([, { level, type, text: said = '' }]) => ({ time: TIME, level, type, text: shown(said), file: 'f' })),
    )
  })
}

test('what a program prints belongs to the entry before it; before any it is output', () => {
  const text = `starting\n=INFO REPORT==== 2-Jan-2026::03:04:05 UTC ===\nhello\nprinted\n\n`
  assert.equal(parseLog(text, 'f'), [
    { type: 'output', text: 'starting', file: 'f' },
    { time: '2026-01-02T03:04:05.000Z', level: 'notice', type: 'message', text: 'hello\nprinted', file: 'f' },
  ])
})

test('lines that only look like an entry are text', () => {
  const text = '=NOISE REPORT==== x ===\n{"a":1}\n2026-01-02T03:04:05Z loud: x\n'
  assert.equal(
    parseLog(text, 'f').map((entry) => entry.type),
    ['output'],
  )
})

test('an entry of JSON knows its process', () => {
  const pid = new Pid(null)
  const line = format({ level: 'error', msg: { string: 'x' }, meta: { time: at, pid } }, { json: true })
  assert.is(parseLog(line, 'f')[0]?.pid, String(pid))
})

// line, level, text, why
const FOREIGN: [string, LogEntry['level'], string, string][] = [
  ['{"level":30,"time":1767323045678,"pid":7,"hostname":"h","msg":"listening"}', 'info', 'listening', 'pino'],
  ['{"level":60,"time":1767323045678,"msg":"gone"}', 'critical', 'gone', 'fatal of pino'],
  ['{"level":35,"time":1767323045678,"msg":"own"}', 'info', 'own', 'a level between two of pino'],
  ['{"level":50,"time":1767323045678,"order":17,"msg":"no"}', 'error', 'no {"order":17}', 'facts beside the message'],
  [
    '{"level":50,"time":1767323045678,"err":{"type":"Error","stack":"Error: x\\n    at y"},"msg":"no"}',
    'error',
    'no {"err":{"type":"Error"}}\nError: x\n    at y',
    'an error of pino',
  ],
  [
    `{"name":"a","hostname":"h","pid":7,"level":40,"msg":"low","time":"${TIME}","v":0}`,
    'warning',
    'low {"name":"a"}',
    'bunyan',
  ],
  [`{"level":"warn","message":"low","timestamp":"${TIME}"}`, 'warning', 'low', 'winston'],
  [
    `{"level":"error","message":"no","stack":"Error: no\\n    at z","timestamp":"${TIME}"}`,
    'error',
    'no\nError: no\n    at z',
    'an error of winston',
  ],
  [`{"level":"INFO","time":"${TIME}","reqId":3}`, 'info', '{"reqId":3}', 'a line without a message'],
]

for (const [line, level, text, why] of FOREIGN) {
  test(`a line of another logger is an entry of its own: ${why}`, () => {
    const before = '=ERROR REPORT==== 2-Jan-2026::03:04:05 UTC ===\nbefore\n'
    assert.equal(parseLog(`${before}${line}\nprinted\n`, 'f'), [
      { time: '2026-01-02T03:04:05.000Z', level: 'error', type: 'message', text: 'before', file: 'f' },
      { time: TIME, level, type: 'message', text, file: 'f' },
      { time: TIME, type: 'output', text: 'printed', file: 'f' },
    ])
  })
}

test('a line of another logger without a time is an entry at its place', () => {
  assert.equal(parseLog('{"level":"info","message":"a"}\n', 'f'), [
    { level: 'info', type: 'message', text: 'a', file: 'f' },
  ])
})

// ---- choice

const NOW = Date.parse('2026-01-02T12:00:00Z')
const entry = (level: LogEntry['level'], hour: string, text: string, type: LogEntry['type'] = 'message'): LogEntry => ({
  ...(level === undefined ? {} : { level }),
  time: `2026-01-02T${hour}:00:00.000Z`,
  type,
  text,
  file: 'f',
})
const ENTRIES = [
  entry('info', '08', 'a'),
  entry('error', '09', 'b', 'crash_report'),
  entry('warning', '10', 'c'),
  entry('error', '11', 'd'),
  entry(undefined, '11', 'e', 'output'),
]

// options, texts chosen, why
const CHOICES: [Record<string, string | number>, string, string][] = [
  [{}, 'abcde', 'everything'],
  [{ level: 'warning' }, 'bcd', 'a level and more severe ones'],
  [{ type: 'crash_report' }, 'b', 'a type'],
  [{ type: 'crash_report,output' }, 'be', 'several types'],
  [{ since: '2026-01-02T10:00Z' }, 'cde', 'from a moment on'],
  [{ since: '90m' }, 'de', 'from so long ago'],
  [{ until: '2026-01-02T09:00Z' }, 'ab', 'up to a moment'],
  [{ grep: '[bc]' }, 'bc', 'what holds a text'],
  [{ max: 2 }, 'de', 'the newest'],
  [{ level: 'error', max: 1 }, 'd', 'the newest of those chosen'],
]

for (const [args, texts, why] of CHOICES) {
  test(`chosen: ${why}`, () => {
    const choice = readChoice(args, NOW)
    assert.is(
      choice.ok &&
        choice
          .value(ENTRIES)
          .map(({ text }) => text)
          .join(''),
      texts,
    )
  })
}

// options, message, why
const BAD: [Record<string, string>, string, string][] = [
  [
    { level: 'eror' },
    '"--level" is one of emergency, alert, critical, error, warning, notice, info, debug; got "eror"; did you mean "error"?',
    'a level',
  ],
  [
    { type: 'crash' },
    '"--type" is one of crash_report, supervisor_report, progress, message, output; got "crash"; did you mean "crash_report"?',
    'a type',
  ],
  [{ since: 'noon' }, '"--since" is a time (2026-01-31T12:00) or as long ago (10m, 2h, 1d); got "noon"', 'a time'],
  [{ grep: '(' }, '"--grep" is no regular expression: "("', 'an expression'],
]

for (const [args, message, why] of BAD) {
  test(`refused: ${why} that is none`, () => {
    const choice = readChoice(args, NOW)
    assert.is(choice.ok ? '' : choice.error.message, message)
  })
}

test('a date alone begins in local time', () => {
  assert.is(moment('2026-01-02', NOW), new Date(2026, 0, 2).getTime())
})

// ---- the command

async function logs(...argv: string[]) {
  const { captured, world } = capture()
  const code = await runTool(['--root', root, '--name', 'shop', '--program', 'bin/shop', 'logs', ...argv], world)
  return { code, ...captured }
}

const line = (time: string, level: string, text: string): string => `${time} ${level}: ${text}\n`

/** A release with logs of every kind. */
function fillRoot(): void {
  mkdirSync(join(root, 'log', 'mf'), { recursive: true })
  mkdirSync(join(root, 'releases', '1.0.0'), { recursive: true })
  mkdirSync(join(root, 'elsewhere'))
  writeFileSync(join(root, 'releases', 'start_otp.json'), '{"erts":"20.0.0","vsn":"1.0.0"}')
  const config = {
    kernel: { logger: [['handler', 'h', 'logger_std_h', { config: { file: 'elsewhere/own.log' } }]] },
  }
  writeFileSync(join(root, 'releases', '1.0.0', 'sys.config.json'), JSON.stringify(config))
  writeFileSync(join(root, 'log', 'shop.log'), line('2026-01-02T03:04:03Z', 'error', 'three'))
  writeFileSync(join(root, 'log', 'shop.log.1'), line('2026-01-02T03:04:01Z', 'notice', 'one'))
  writeFileSync(join(root, 'elsewhere', 'own.log'), line('2026-01-02T03:04:04Z', 'warning', 'four'))
  writeFileSync(join(root, 'elsewhere', 'own.log.0.gz'), gzipSync(line('2026-01-02T03:04:02Z', 'info', 'two')))
  writeFileSync(join(root, 'elsewhere', 'other'), 'no log')
  const crash = encodeEvent('2026-01-02T03:04:05.000Z', [
    'error_report',
    undefined,
    [undefined, 'crash_report', [[['pid', '<0.9.0>']], []]],
  ])
  writeFileSync(join(root, 'log', 'mf', '1'), frame(crash))
  writeFileSync(join(root, 'log', 'mf', 'index'), Buffer.of(1))
}

test('all logs of a release are shown in order of time', async () => {
  fillRoot()
  const { code, out } = await logs()
  assert.is(code, 0)
  assert.equal(out.split('\n'), [
    '2026-01-02 03:04:01.000 UTC notice one',
    '2026-01-02 03:04:02.000 UTC info two',
    '2026-01-02 03:04:03.000 UTC error three',
    '2026-01-02 03:04:04.000 UTC warning four',
    '2026-01-02 03:04:05.000 UTC error CRASH REPORT',
    '  crasher:',
    '    pid: <0.9.0>',
    '  neighbours:',
    '',
  ])
})

test('with --json the entries are data, with the files they stand in', async () => {
  fillRoot()
  const { out } = await logs('--level', 'error', '--json')
  const { entries, faults } = JSON.parse(out)
  assert.equal(faults, [])
  assert.equal(entries, [
    { time: '2026-01-02T03:04:03.000Z', level: 'error', type: 'message', text: 'three', file: 'log/shop.log' },
    {
      time: '2026-01-02T03:04:05.000Z',
      level: 'error',
      type: 'crash_report',
      text: '  crasher:\n    pid: <0.9.0>\n  neighbours:',
      file: 'log/mf/1',
    },
  ])
})

test('what several handlers wrote of one event is one entry; what one of them wrote twice is two', async () => {
  mkdirSync(join(root, 'log'))
  const twice = EVENTS[1]?.[0]
  if (twice === undefined) return
  const [headed, joined] = [format(twice, { legacy_header: true }), format(twice, {})]
  writeFileSync(join(root, 'log', 'a.log'), joined + joined)
  writeFileSync(join(root, 'log', 'b.log'), headed + headed)
  const { entries } = JSON.parse((await logs('--json')).out)
  const one = { time: TIME, level: 'error', type: 'crash_report', text: EVENTS[1]?.[1].text, file: 'log/a.log' }
  assert.equal(entries, [one, one])
})

test('files that are named are read instead', async () => {
  fillRoot()
  const { out } = await logs(join(root, 'log', 'shop.log.1'))
  assert.is(out, '2026-01-02 03:04:01.000 UTC notice one\n')
})

test('a multi-file log that is cut short is read up to there, and told of', async () => {
  fillRoot()
  writeFileSync(join(root, 'log', 'mf', '1'), Buffer.of(9, 9))
  const { code, out } = await logs('--type', 'crash_report')
  assert.is(code, 0)
  assert.is(out, 'warning: log/mf/1: byte 0: Premature end of file\nnone of 4 entries is as asked for\n')
})

test('without a log it ends with 3', async () => {
  const { code, err } = await logs()
  assert.is(code, 3)
  assert.is(
    err.split('\n')[0],
    `error: there is no log in ${join(root, 'log')}, and the configuration of the release names none that exists`,
  )
})

test('a file that is not there is named', async () => {
  const { code, err } = await logs('none.log')
  assert.equal([code, err], [3, 'error: there is no log "none.log"\n'])
})

// ---- followed

/** `logs --follow` under way: `lines` waits until so many lines were printed, `end` is Ctrl-C. */
function following(...argv: string[]) {
  const { captured, world, abort } = capture()
  const all = ['--root', root, '--name', 'shop', '--program', 'bin/shop', 'logs', '--follow', ...argv]
  const code = runTool(all, world)
  const lines = async (count: number): Promise<string[]> => {
    for (const limitMs = Date.now() + 5_000; captured.out.split('\n').length <= count; ) {
      if (Date.now() > limitMs) throw new Error(`expected ${count} lines, got:\n${captured.out}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return captured.out.trimEnd().split('\n')
  }
  const end = async () => {
    abort.abort()
    return { code: await code, ...captured }
  }
  return { lines, end }
}

test('--follow shows the newest, then what comes, through rotations, and ends with 130', async () => {
  mkdirSync(join(root, 'log'), { recursive: true })
  const file = join(root, 'log', 'shop.log')
  const text = (n: number): string => line(`2026-01-02T03:04:${String(n).padStart(2, '0')}Z`, 'notice', `event ${n}`)
  writeFileSync(file, Array.from({ length: 14 }, (_, n) => text(n)).join(''))
  const followed = following()
  assert.match((await followed.lines(10))[0] ?? '', /event 4$/)
  appendFileSync(file, text(14))
  assert.match((await followed.lines(11))[10] ?? '', /event 14$/)
  // The end of the file that is moved away, and the beginning of the next one, between two looks.
  appendFileSync(file, text(15))
  renameSync(file, `${file}.0`)
  writeFileSync(file, text(16))
  await followed.lines(13)
  // Emptied and written anew, an archive compressed; half a line waits for its end.
  writeFileSync(file, text(17).slice(0, -5))
  writeFileSync(`${file}.1.gz`, gzipSync('copy'))
  appendFileSync(join(root, 'log', 'new.log'), text(18))
  await followed.lines(14)
  appendFileSync(file, text(17).slice(-5))
  const shown = (await followed.lines(15)).map((one) => Number(/(\d+)$/.exec(one)?.[1]))
  assert.equal(shown, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 17])
  assert.equal(await followed.end().then(({ code, err }) => [code, err]), [130, ''])
})

test('--follow waits for the first log, chooses, and prints a line of JSON for each entry', async () => {
  const followed = following('--level', 'warning', '--json')
  fillRoot()
  const entries = (await followed.lines(3)).map((one) => JSON.parse(one))
  assert.equal(
    entries.map(({ type, level }) => [type, level]),
    [
      ['message', 'error'],
      ['message', 'warning'],
      ['crash_report', 'error'],
    ],
  )
  const second = encodeEvent('2026-01-02T03:04:06.000Z', ['error', undefined, [undefined, 'again', []]])
  const record = frame(second)
  appendFileSync(join(root, 'log', 'mf', '1'), record.subarray(0, 9))
  appendFileSync(join(root, 'log', 'mf', '1'), record.subarray(9))
  assert.is(JSON.parse((await followed.lines(4))[3] ?? '').text, 'again')
  await followed.end()
})

test('--follow with a file that is not there, or with an end in time, is refused', async () => {
  assert.is((await logs('--follow', 'none.log')).code, 3)
  const { code, err } = await logs('--follow', '--until', '1h')
  assert.equal([code, err], [2, 'error: "--until" has no meaning with "--follow"\n'])
})

test.run()
