import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Stack } from '../../../runtime/erts/process.js'
import { acTab } from '../../../runtime/kernel/src/application_table.js'
import type { LogEvent, Message, Metadata } from '../../../runtime/kernel/src/logger_event.js'
import { checkConfig, type FormatterConfig, format } from '../../../runtime/kernel/src/logger_formatter.js'
import type { Level } from '../../../runtime/kernel/src/logger_level.js'

const test = suite('kernel/logger_formatter')

const event = (msg: Message, level: Level = 'error', meta: Partial<Metadata> = {}): LogEvent => ({
  level,
  msg,
  meta: { time: 0, ...meta },
})

const UTC = { time_offset: 'Z' }
const report = (label: readonly string[], facts: unknown): Message => ({ report: { label, report: facts } })

// configuration, event, text, why
const TEXTS: [FormatterConfig, LogEvent, string, string][] = [
  [
    UTC,
    event({ string: 's\nt' }),
    '1970-01-01T00:00:00.000000Z error: s, t\n',
    'S122 line breaks become commas on a single line',
  ],
  [
    { ...UTC, single_line: false },
    event({ string: 's\nt' }),
    '1970-01-01T00:00:00.000000Z error:\ns\nt\n',
    'S122 without single_line the text keeps its lines',
  ],
  [
    { ...UTC, legacy_header: true },
    event({ string: 's\nt' }),
    '=ERROR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\ns\nt\n',
    'S122 the legacy header names the level',
  ],
  [
    { ...UTC, legacy_header: true, single_line: true },
    event({ string: 's\nt' }),
    '=ERROR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\ns, t\n',
    'the legacy header goes with a single line',
  ],
  [
    { time_offset: '+02:00' },
    event({ string: 's' }),
    '1970-01-01T02:00:00.000000+02:00 error: s\n',
    'an offset shifts the time',
  ],
  [
    { time_offset: -5400 },
    event({ string: 's' }),
    '1969-12-31T22:30:00.000000-01:30 error: s\n',
    'an offset in seconds, too',
  ],
  [
    { ...UTC, time_designator: ' ' },
    event({ string: 's' }),
    '1970-01-01 00:00:00.000000Z error: s\n',
    'the designator stands between date and time',
  ],
  [
    UTC,
    event({ string: 's' }, 'info', { time: 1_700_000_000_123_456 }),
    '2023-11-14T22:13:20.123456Z info: s\n',
    'microseconds are shown',
  ],
  [
    UTC,
    event({ format: '~p and ~s~n', args: ['a', 'b'] }),
    "1970-01-01T00:00:00.000000Z error: 'a' and b\n",
    'formats have arguments',
  ],
  [
    { ...UTC, depth: 5 },
    event({ format: '~p', args: [[1, [2, [3, [4, [5]]]], 3, 4, 5, 6]] }),
    '1970-01-01T00:00:00.000000Z error: [1, [2, [...]], 3, 4, ...]\n',
    'a depth counts levels and elements of lists',
  ],
  [
    { ...UTC, depth: 3 },
    event({ report: { a: { b: { c: { d: 1 } } }, e: 'a text stays as it is' } }),
    '1970-01-01T00:00:00.000000Z error: a: { b: { c: {...} } }, e: a text stays as it is\n',
    'a depth counts for reports',
  ],
  [
    { ...UTC, depth: 7 },
    event({ report: 1 }, 'error', { report_cb: (_, limits) => String(limits.depth) }),
    '1970-01-01T00:00:00.000000Z error: 7\n',
    'a report callback is told the depth',
  ],
  [
    UTC,
    event({ report: { a: 1, b: 'two' } }),
    '1970-01-01T00:00:00.000000Z error: a: 1, b: two\n',
    'a report is a list of facts',
  ],
  [
    { ...UTC, single_line: false },
    event({
      report: [
        ['a', 1],
        ['b', 'two'],
      ],
    }),
    '1970-01-01T00:00:00.000000Z error:\n    a: 1\n    b: two\n',
    'facts take a line each',
  ],
  [
    UTC,
    event({ report: 1 }, 'error', { report_cb: (r) => ['<~p>', [r]] }),
    '1970-01-01T00:00:00.000000Z error: <1>\n',
    'a report callback gives format and arguments',
  ],
  [
    UTC,
    event({ report: 1 }, 'error', { report_cb: (_, limits) => String(limits.single_line) }),
    '1970-01-01T00:00:00.000000Z error: true\n',
    'a report callback may give the text',
  ],
  [
    { ...UTC, chars_limit: 6 },
    event({ string: 'a long text' }),
    '1970-01-01T00:00:00.000000Z error: a l...\n',
    'chars_limit cuts the message',
  ],
  [{ ...UTC, max_size: 12 }, event({ string: 'text' }), '1970-01-0...', 'max_size cuts the whole'],
  [
    {
      template: [
        ['level'],
        ' ',
        ['mfa'],
        { key: ['user'], present: ['<', ['user'], '>'], absent: ['nobody'] },
        ['a', 'b'],
      ],
    },
    event({ string: 's' }, 'debug', { mfa: ['m', 'f', 1], a: { b: 7 } }),
    "debug ['m', 'f', 1]nobody7",
    'a template names keys of the metadata',
  ],
  [
    { ...UTC, legacy_header: true },
    event({ string: 's' }, 'notice', { error_logger: {} }),
    '=INFO REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\ns\n',
    'notices of error_logger print as INFO REPORT',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(
        ['application_controller', 'exit'],
        [
          ['application', 'a'],
          ['exited', 'boom'],
          ['type', 'permanent'],
        ],
      ),
      'notice',
    ),
    '=INFO REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n    application: a\n    exited: boom\n    type: permanent\n',
    'the end of an application',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(
        ['supervisor', 'progress'],
        [
          ['supervisor', ['local', 's']],
          [
            'started',
            [
              ['pid', 1],
              ['id', 'c'],
            ],
          ],
        ],
      ),
      'info',
    ),
    "=PROGRESS REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n    supervisor: ['local', 's']\n    started: [['pid', 1],\n              ['id', 'c']]\n",
    'a progress report',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(
        ['supervisor', 'child_terminated'],
        [
          ['supervisor', ['local', 's']],
          ['errorContext', 'child_terminated'],
          ['reason', 'killed'],
          [
            'offender',
            [
              ['pid', 1],
              ['id', 'c'],
            ],
          ],
        ],
      ),
    ),
    "=SUPERVISOR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n    supervisor: ['local', 's']\n    errorContext: child_terminated\n    reason: killed\n    offender: [['pid', 1],\n               ['id', 'c']]\n",
    'a supervisor report',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(
        ['proc_lib', 'crash'],
        [
          [
            ['initial_call', ['a/b', 'init', ['Argument__1']]],
            ['pid', 1],
            ['registered_name', []],
            ['error_info', ['exit', 'boom', []]],
            ['trap_exit', false],
          ],
          [['neighbour', [['pid', 2]]]],
        ],
      ),
    ),
    '=CRASH REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n  crasher:\n    initial call: a/b:init/1\n    pid: 1\n    registered_name: []\n    exception exit: boom\n    trap_exit: false\n  neighbours:\n    neighbour:\n      pid: 2\n',
    'a crash report',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(['gen_server', 'terminate'], {
        name: 'n',
        last_message: { type: 'go' },
        state: [1],
        log: [],
        reason: 'boom',
        client_info: [1, 'dead'],
      }),
    ),
    "=ERROR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n** Generic server n terminating \n** Last message in was { type: 'go' }\n** When Server state == [1]\n** Reason for termination ==\n** boom\n** Client 1 is dead\n",
    'a server that terminates',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(['gen_event', 'terminate'], {
        handler: 'a/h',
        name: 'm',
        last_message: 'go',
        state: [1],
        log: [],
        reason: ['EXIT', 'boom'],
      }),
    ),
    "=ERROR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n** gen_event handler a/h crashed.\n** Was installed in m\n** Last event was: 'go'\n** When handler state == [1]\n** Reason == boom\n",
    'a handler that fails',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(['gen_statem', 'terminate'], {
        name: 's1',
        queue: [
          [['call', 'F'], 'foo'],
          ['info', 'later'],
        ],
        postponed: [['internal', 'b']],
        modules: ['a/m'],
        callback_mode: 'handle_event_function',
        state_enter: true,
        state: ['st1', 'd'],
        timeouts: [1, [['n', 'c']]],
        log: [],
        reason: ['error', 'badarg', ['f (a.ts:1:2)']],
        client_info: ['<0.9.0>', 'dead'],
      }),
    ),
    "=ERROR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n** State machine s1 terminating\n** Last event = [['call', 'F'], 'foo']\n** When server state  = ['st1', 'd']\n** Reason for termination = error:badarg\n** Callback modules = ['a/m']\n** Callback mode = ['handle_event_function', 'state_enter']\n** Queued = [['info', 'later']]\n** Postponed = [['internal', 'b']]\n** Stacktrace =\n**  f (a.ts:1:2)\n** Time-outs: [1, [['n', 'c']]]\n** Client <0.9.0> is dead\n",
    'a state machine that terminates',
  ],
  [
    { ...UTC, legacy_header: true },
    event(
      report(['gen_fsm', 'terminate'], {
        name: 'f1',
        queue: [['cast', 'x']],
        state: ['st1', 'd1'],
        reason: ['exit', 'boom', []],
      }),
    ),
    "=ERROR REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n** State machine f1 terminating \n** Last event in was 'x'\n** When State == 'st1'\n**      Data  == 'd1'\n** Reason for termination ==\n** boom\n",
    'an old state machine that terminates',
  ],
  [
    { ...UTC, legacy_header: true },
    event({ report: [['a', 'b'], 'plain'] }, 'notice', { error_logger: {} }),
    '=INFO REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\n    a: b\n    plain\n',
    'facts that are no pairs stand beside those that are',
  ],
  [
    { ...UTC, legacy_header: true },
    event({ report: 'just text' }, 'notice', { error_logger: {} }),
    '=INFO REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===\njust text\n',
    'a report that is a text stands as it is',
  ],
]

for (const [config, logged, text, why] of TEXTS) test(why, () => assert.is(format(logged, config), text))

test('a failure shows the error and its frames on lines of their own', () => {
  const failure = new TypeError('no')
  failure.stack = 'TypeError: no\n    at f (a.ts:1:2)\n    at g (b.ts:3:4)'
  const text = format(event(report(['supervisor', 'start_error'], [['reason', [failure, new Stack(failure)]]])), {
    legacy_header: true,
    time_offset: 'Z',
  })
  assert.is(
    text.split('\n').slice(1).join('\n'),
    '    reason: TypeError: no\n              in f (a.ts:1:2)\n              in g (b.ts:3:4)\n',
  )
})

test('a report callback that fails is told of, with the report', () => {
  const report_cb = (): never => {
    throw new Error('oops')
  }
  const text = format(event({ report: [1] }, 'error', { report_cb }), UTC)
  assert.is(text, '1970-01-01T00:00:00.000000Z error: REPORT_CB CRASH: Error: oops; Reason: [1]\n')
})

test('json is one object a line, with the report and the metadata, whatever they hold', () => {
  const circle: Record<string, unknown> = { n: 1n }
  circle.self = circle
  const text = format(event({ report: circle }, 'warning', { domain: ['shop'], gl: 1 }), { json: true })
  assert.is(text.at(-1), '\n')
  assert.equal(JSON.parse(text), {
    time: '1970-01-01T00:00:00.000000Z',
    level: 'warning',
    msg: JSON.parse(text).msg,
    domain: ['shop'],
    report: { n: '1', self: '[Circular]' },
  })
})

// configuration, the refused key and value, why
const BAD = [
  [{ foo: 1 }, ['foo', 1], 'an unknown key is refused'],
  [{ single_line: 'yes' }, ['single_line', 'yes'], 'single_line is a boolean'],
  [{ time_offset: 'CET' }, ['time_offset', 'CET'], 'an offset is Z, +hh:mm or seconds'],
  [{ max_size: 0 }, ['max_size', 0], 'a limit is a number from 1, or unlimited'],
] as const

for (const [config, pair, why] of BAD) {
  test(why, () => {
    assert.equal(checkConfig(config), ['error', ['invalid_formatter_config', 'logger_formatter', pair]])
  })
}

test("the depth is the node's unless the formatter has its own; less than 10 is 10", () => {
  const long = event({ format: '~p', args: [Array.from({ length: 12 }, (_, i) => i)] })
  const shown = (config: FormatterConfig) => format(long, { ...config, template: [['msg']] })
  const all = '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]'
  for (const [parameter, text] of [
    [11, '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]'],
    [3, '[0, 1, 2, 3, 4, 5, 6, 7, 8, ...]'],
    ['unlimited', all],
  ] as const) {
    acTab().env.set('kernel', new Map<string, unknown>([['error_logger_format_depth', parameter]]))
    try {
      assert.is(shown({}), text)
      assert.is(shown({ depth: 3 }), '[0, 1, ...]')
      assert.is(shown({ depth: 'unlimited' }), all)
    } finally {
      acTab().env.delete('kernel')
    }
  }
  assert.is(shown({}), all)
})

test('a good configuration is ok', () => {
  assert.is(checkConfig({ legacy_header: true, single_line: false, template: [['msg']], json: false }), 'ok')
})

test.run()
