import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { acTab } from '../../../runtime/kernel/src/application_table.js'
import { encodeEvent, frame } from '../../../runtime/sasl/src/log_mf_record.js'
import * as Rb from '../../../runtime/sasl/src/rb.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import { printed } from '../../support/printed.js'
import { trapping } from '../../support/processes.js'

const test = suite('sasl/rb')
let dir = ''

const CRASH = [
  [
    ['initial_call', ['shop/cart', 'init', ['Argument__1']]],
    ['pid', '<0.94.0>'],
    ['registered_name', 'cart'],
    ['error_info', ['exit', 'boom', ['f (cart.ts:1:2)']]],
    ['links', []],
  ],
  [['neighbour', [['pid', '<0.95.0>']]]],
]
const SUPERVISOR = [
  ['supervisor', ['local', 'shop_sup']],
  ['errorContext', 'child_terminated'],
  ['reason', 'boom'],
  [
    'offender',
    [
      ['pid', '<0.94.0>'],
      ['id', 'cart'],
    ],
  ],
]
const PROGRESS = [
  ['supervisor', ['local', 'shop_sup']],
  [
    'started',
    [
      ['pid', '<0.96.0>'],
      ['id', 'cart'],
    ],
  ],
]

/** Time, tag, format or type, arguments or report; the oldest first. */
const LOGGED = [
  ['2026-01-02T03:04:01Z', 'info_report', 'progress', PROGRESS],
  ['2026-01-02T03:04:02Z', 'error', 'hello ~p~n', ['x']],
  ['2026-01-02T03:04:03Z', 'error_report', 'crash_report', CRASH],
  ['2026-01-02T03:04:04Z', 'error_report', 'supervisor_report', SUPERVISOR],
  ['2026-01-02T03:04:05Z', 'info_report', 'std_info', [['a', 'b'], ['c', 'text'], 'plain']],
] as const

test.before(() => {
  dir = mkdtempSync(join(tmpdir(), 'rb-'))
  const records = LOGGED.map(([time, tag, first, second]) =>
    frame(encodeEvent(time, [tag, undefined, [undefined, first, second]])),
  )
  writeFileSync(join(dir, '1'), Buffer.concat(records))
  writeFileSync(join(dir, 'index'), Buffer.of(1))
  acTab().env.set('sasl', new Map<string, unknown>([['utc_log', true]]))
})
test.after(() => {
  acTab().env.delete('sasl')
  rmSync(dir, { recursive: true })
})

const callbacks = { init: () => ['ok', { strategy: 'one_for_one', intensity: 0, period: 1 }, []] }

/** What is printed while the body runs beside a browser; the remark of its start is left out. */
function withBrowser(body: (lines: () => string) => Promise<void>, options: Rb.RbOptions = {}) {
  return trapping(async () => {
    let texts: readonly string[] = []
    const collected: string[] = []
    texts = await printed(async () => {
      await Supervisor.startLink({ local: 'sasl_sup' }, callbacks, [])
      const started = await Rb.start({ report_dir: dir, ...options })
      assert.is(started[0], 'ok')
      try {
        const before = process.stdout.write
        // Only text is written there.
        process.stdout.write = ((text: string) => collected.push(text) > 0) as typeof before
        try {
          await body(() => collected.join(''))
        } finally {
          process.stdout.write = before
        }
      } finally {
        await GenServer.stop('sasl_sup', 'shutdown')
      }
    })
    assert.is(texts.join(''), 'rb: reading report...done.\n')
  })
}

const LIST = `  No                Type   Process       Date     Time
  ==                ====   =======       ====     ====
   5            progress         - 2026-01-02 03:04:01 UTC
   4               error         - 2026-01-02 03:04:02 UTC
   3        crash_report      cart 2026-01-02 03:04:03 UTC
   2   supervisor_report  shop_sup 2026-01-02 03:04:04 UTC
   1         info_report         - 2026-01-02 03:04:05 UTC
`

test(
  'S129 the list shows the newest as number 1, the oldest first',
  withBrowser(async (lines) => {
    assert.is(await Rb.list(), 'ok')
    assert.is(lines().replaceAll(/ +\n/g, '\n'), LIST)
  }),
)

test(
  'S129 a list of one type keeps the numbers',
  withBrowser(async (lines) => {
    await Rb.list('crash_report')
    assert.match(lines(), /^.*\n.*\n {3}3 {8}crash_report {6}cart .*\n$/)
  }),
)

test(
  'S129 an unknown number is said to be none; the result is ok',
  withBrowser(async (lines) => {
    assert.is(await Rb.show(999), 'ok')
    assert.is(lines(), 'There is no report with number 999.\n')
  }),
)

test(
  'S129 a bad expression is badarg',
  withBrowser(async (lines) => {
    assert.equal(await Rb.grep('('), ['error', 'badarg'])
    assert.is(lines(), '')
  }),
)

const line = '='.repeat(79)
const heading = (title: string, second: number): string =>
  `\n${title.padEnd(79 - 23)}2026-01-02 03:04:0${second} UTC\n${line}\n`
const row = (label: string, value: string): string => `${label}${value.padStart(79 - label.length)}\n`

// number, text, why
const SHOWN: [number, string, string][] = [
  [4, `${heading('ERROR REPORT  -', 2)}\nhello 'x'\n`, 'a message'],
  [
    1,
    `${heading('INFO REPORT  -', 5)}${row('a', 'b')}${row('c', 'text')}plain\n\n`,
    'a report: pairs in two columns, the rest as it is',
  ],
  [
    3,
    `${heading('CRASH REPORT  -', 3)}${'Crashing process'.padEnd(79)}\n${row('   initial_call', "['shop/cart', 'init', ['Argument__1']]")}${row('   pid', '<0.94.0>')}${row('   registered_name', 'cart')}   error_info\n         exit: boom\n           in f (cart.ts:1:2)\n${row('   links', '[]')}\n${'Neighbour process'.padEnd(79)}\n${row('   pid', '<0.95.0>')}\n`,
    'a crash report',
  ],
  [
    2,
    `${heading('SUPERVISOR REPORT  -', 4)}${row('Reporting supervisor', "['local', 'shop_sup']")}\n${'Child process'.padEnd(79)}\n${row('   errorContext', 'child_terminated')}${row('   reason', 'boom')}${row('   pid', '<0.94.0>')}${row('   id', 'cart')}\n`,
    'a supervisor report',
  ],
  [
    5,
    `${heading('PROGRESS REPORT  -', 1)}${row('supervisor', "['local', 'shop_sup']")}started\n         [['pid', '<0.96.0>'],\n          ['id', 'cart']]\n\n`,
    'a progress report',
  ],
]

for (const [number, text, why] of SHOWN) {
  test(
    `S129 show: ${why}`,
    withBrowser(async (lines) => {
      assert.is(await Rb.show(number), 'ok')
      assert.is(lines(), text)
    }),
  )
}

// call, titles shown in order, why
const CHOSEN: [() => Promise<unknown>, string[], string][] = [
  [() => Rb.show(), ['PROGRESS', 'ERROR', 'CRASH', 'SUPERVISOR', 'INFO'], 'show all'],
  [() => Rb.show('supervisor_report'), ['SUPERVISOR'], 'show a type'],
  [() => Rb.grep('hello'), ['ERROR'], 'grep a text'],
  [() => Rb.grep(/HELLO/i), ['ERROR'], 'grep an expression'],
  [() => Rb.grep(['HELLO', 'i']), ['ERROR'], 'grep with flags'],
  [() => Rb.filter([['a', 'b']]), ['INFO'], 'filter by a value'],
  [() => Rb.filter([['reason', 'boom']]), ['SUPERVISOR'], 'filter supervisor reports'],
  [() => Rb.filter([['registered_name', 'cart']]), ['CRASH'], 'filter by facts of the process that crashed'],
  [() => Rb.filter([['a', 'b', 'no']]), ['PROGRESS', 'ERROR', 'CRASH', 'SUPERVISOR'], 'filter what has not the value'],
  [() => Rb.filter([['supervisor', 'shop', 're']]), ['PROGRESS', 'SUPERVISOR'], 'filter by an expression'],
  [
    () =>
      Rb.filter([
        ['supervisor', 'shop', 're'],
        ['reason', 'oo', 're', 'no'],
      ]),
    ['PROGRESS'],
    'all filters must hold',
  ],
  [
    () => Rb.filter([], ['2026-01-02T03:04:02Z', '2026-01-02T03:04:03Z']),
    ['ERROR', 'CRASH'],
    'dates from and to, both count',
  ],
  [() => Rb.filter([], ['2026-01-02T03:04:05Z', 'from']), ['INFO'], 'dates from'],
  [() => Rb.filter([], [new Date('2026-01-02T03:04:01Z'), 'to']), ['PROGRESS'], 'dates to'],
]

for (const [call, expected, why] of CHOSEN) {
  test(
    `S129 ${why}`,
    withBrowser(async (lines) => {
      assert.is(await call(), 'ok')
      assert.equal(
        [...lines().matchAll(/^([A-Z]+) REPORT/gm)].map((match) => match[1]),
        expected,
      )
    }),
  )
}

test(
  'S129 grep says where it found',
  withBrowser(async (lines) => {
    await Rb.grep('hello')
    assert.ok(lines().startsWith('Found match in report number 4\n\nERROR REPORT'))
  }),
)

test(
  'a filter or a date that is none is badarg',
  withBrowser(async () => {
    assert.equal(await Rb.filter([['a', '(', 're']]), ['error', 'badarg'])
    assert.equal(await Rb.filter([], ['yesterday', 'from']), ['error', 'badarg'])
  }),
)

test(
  'reports go to a log, which is continued, and back',
  withBrowser(async (lines) => {
    const file = join(dir, 'out.txt')
    writeFileSync(file, 'before\n')
    assert.is(await Rb.startLog(file), 'ok')
    await Rb.show(4)
    await Rb.logList('error')
    assert.is(lines(), '')
    assert.is(await Rb.stopLog(), 'ok')
    assert.match(readFileSync(file, 'utf8'), /^before\n\nERROR REPORT[\s\S]*hello 'x'\n {2}No /)
    const own: string[] = []
    await Rb.startLog({ write: (text) => own.push(text) })
    await Rb.show(4)
    assert.is(own.length, 1)
  }),
)

test(
  'a rescan takes other options',
  withBrowser(async (lines) => {
    assert.is(await Rb.rescan({ max: 1 }), 'ok')
    await Rb.show()
    assert.is([...lines().matchAll(/REPORT {2}/g)].length, 1)
    assert.is(await Rb.rescan({ max: 'all', type: ['error', 'progress'] }), 'ok')
    await Rb.list()
    assert.match(lines(), / {3}2 {12}progress .*\n {3}1 {15}error /)
  }),
)

test(
  'S129 the browser is a temporary child of sasl_sup, and ends once',
  withBrowser(async () => {
    const children = await Supervisor.whichChildren('sasl_sup')
    assert.is(children[0]?.[0], 'rb_server')
    assert.is(await Rb.stop(), 'ok')
    assert.equal(await Rb.stop(), ['error', 'not_found'])
    assert.equal(await Supervisor.whichChildren('sasl_sup'), [])
    await Rb.start({ report_dir: dir })
  }),
)

test(
  'without a log the browser does not start',
  trapping(async () => {
    await printed(async () => {
      await Supervisor.startLink({ local: 'sasl_sup' }, callbacks, [])
      const none = await Rb.start({ report_dir: join(dir, 'none') })
      assert.equal([none[0], JSON.stringify(none).includes('cannot read the index file')], ['error', true])
      const nowhere = await Rb.start()
      assert.equal([nowhere[0], JSON.stringify(nowhere).includes('cannot locate report directory')], ['error', true])
      await GenServer.stop('sasl_sup', 'shutdown')
    })
  }),
)

test.run()
