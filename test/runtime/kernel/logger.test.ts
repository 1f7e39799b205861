import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exit } from '../../../runtime/erts/exit.js'
import { inProcess, receive, self, spawn } from '../../../runtime/erts/process.js'
import { report, setReporter } from '../../../runtime/erts/report.js'
import { acTab } from '../../../runtime/kernel/src/application_table.js'
import * as ErrorLogger from '../../../runtime/kernel/src/error_logger.js'
import * as Logger from '../../../runtime/kernel/src/logger.js'
import { setInternalLog } from '../../../runtime/kernel/src/logger_backend.js'
import { loggerTable } from '../../../runtime/kernel/src/logger_config.js'
import * as filters from '../../../runtime/kernel/src/logger_filters.js'
import { configureLogging, DEFAULT_HANDLER, startLogging } from '../../../runtime/kernel/src/logger_setup.js'
import * as std from '../../../runtime/kernel/src/logger_std_h.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import { startWorld, stopWorld } from './world.js'

const test = suite('kernel/logger')

/** Events that reached the handler `h1`. */
let seen: Logger.LogEvent[] = []
let said: string[] = []
let dir = ''
const handler = { log: (event: Logger.LogEvent) => void seen.push(event) }
const texts = (): unknown[] => seen.map(({ msg }) => ('string' in msg ? msg.string : msg))

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'logger-'))
  seen = []
  said = []
  setInternalLog((text) => said.push(text))
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.setPrimaryConfig({})
  Logger.unsetModuleLevel()
  Logger.addHandler('h1', handler)
})
test.after.each(() => {
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  rmSync(dir, { recursive: true })
})

test('S120 the primary level is notice: info is dropped, notice and more severe ones pass', () => {
  Logger.info('i')
  Logger.notice('n')
  Logger.warning('w')
  Logger.error('e')
  assert.equal(texts(), ['n', 'w', 'e'])
})

test("S120 a handler's own level drops what is less severe", () => {
  Logger.updateHandlerConfig('h1', { level: 'error' })
  Logger.warning('w')
  Logger.error('e')
  assert.equal(texts(), ['e'])
})

test('S120 a filter may stop an event or change what it says', () => {
  Logger.addPrimaryFilter('drop', [
    (event) => ('string' in event.msg && event.msg.string === 'x' ? 'stop' : 'ignore'),
    0,
  ])
  Logger.addHandlerFilter('h1', 'shout', [(event) => ({ ...event, msg: { string: 'SEEN' } }), 0])
  Logger.error('x')
  Logger.error('y')
  assert.equal(texts(), ['SEEN'])
})

test('S120 with filter_default stop an event without opinion is dropped', () => {
  Logger.updateHandlerConfig('h1', {
    filter_default: 'stop',
    filters: [['l', [filters.level, ['log', 'eq', 'error']]]],
  })
  Logger.warning('w')
  Logger.error('e')
  assert.equal(texts(), ['e'])
})

test('S121 a filter that fails or returns nonsense is removed, and the event still logged', () => {
  Logger.addPrimaryFilter('crash', [() => exit('no'), 0])
  // What TypeScript would refuse.
  Logger.addHandlerFilter('h1', 'odd', [(() => 17) as unknown as () => 'stop', 0])
  Logger.error('e')
  assert.equal(texts(), ['e'])
  assert.equal(Logger.getPrimaryConfig().filters, [])
  assert.equal(Logger.getConfig().handlers[0]?.filters, [])
  assert.is(said.length, 2)
})

test('S121 a handler that fails is removed, the others get the event', () => {
  Logger.addHandler('bad', { log: () => exit('no') })
  Logger.addHandler('h2', handler)
  Logger.error('e')
  assert.equal(Logger.getHandlerIds(), ['h1', 'h2'])
  assert.is(seen.length, 2)
})

// call, error term, why
const REFUSED: [() => unknown, unknown, string][] = [
  [() => Logger.addHandler('h1', handler), ['already_exist', 'h1'], 'S121 a handler name is used once'],
  [
    () => Logger.addHandler('h2', {}),
    ['invalid_handler', ['function_not_exported', ['module', 'log', 2]]],
    'S121 a handler module exports log',
  ],
  [() => Logger.addHandler('', handler), ['invalid_id', ''], 'a handler has a name'],
  [
    () => Logger.addHandler('h2', handler, { level: 'loud' as 'all' }),
    ['invalid_level', 'loud'],
    'a handler level is a level',
  ],
  [
    () => Logger.addHandler('h2', handler, { formatter: ['logger_formatter', { foo: 1 }] }),
    ['invalid_formatter_config', 'logger_formatter', ['foo', 1]],
    "a formatter's configuration is checked",
  ],
  [
    () => Logger.addHandler('h2', 'logger_std_h', { config: { type: 'tape' } }),
    ['handler_not_added', ['invalid_config', 'logger_std_h', { type: 'tape' }]],
    "the standard handler's configuration is checked",
  ],
  [() => Logger.removeHandler('h2'), ['not_found', 'h2'], 'an unknown handler is not found'],
  [
    () => Logger.setHandlerConfig('h1', { id: 'h3' }),
    ['illegal_config_change', { id: 'h1' }, { id: 'h3' }],
    'a handler keeps its name',
  ],
  [
    () => Logger.addPrimaryFilter('f', 17 as never),
    ['invalid_filter', ['f', 17]],
    'a filter is a function and an argument',
  ],
  [() => Logger.setPrimaryConfig('level', 'loud'), ['invalid_level', 'loud'], 'the primary level is a level'],
  [() => Logger.removePrimaryFilter('f'), ['not_found', 'f'], 'an unknown filter is not found'],
]

for (const [call, reason, why] of REFUSED) test(why, () => assert.equal(call(), ['error', reason]))

test('formats, reports and lazy functions', () => {
  Logger.error('~s is ~p', ['x', 1])
  Logger.error({ event: 'paid' }, { domain: ['shop'] })
  Logger.error((arg) => `lazy ${arg}`, 7)
  Logger.error(() => 'ignore')
  Logger.error(() => ['with', { k: 1 }])
  Logger.error(() => exit('no'))
  let ran = false
  Logger.debug(() => {
    ran = true
    return 'x'
  })
  assert.equal(
    seen.map(({ msg }) => msg),
    [
      { format: '~s is ~p', args: ['x', 1] },
      { report: { event: 'paid' } },
      { string: 'lazy 7' },
      { string: 'with' },
      { string: seen[4] !== undefined && 'string' in seen[4].msg ? seen[4].msg.string : '' },
    ],
  )
  assert.match(String(texts()[4]), /^LAZY_FUN CRASH: /)
  assert.equal(seen[1]?.meta.domain, ['shop'])
  assert.is(seen[3]?.meta.k, 1)
  assert.is(ran, false)
})

test('metadata: of the node, then of the process, then of the call; pid, gl and time are there', async () => {
  Logger.updatePrimaryConfig({ metadata: { a: 1, b: 1, c: 1 } })
  const pid = await inProcess(() => {
    Logger.setProcessMetadata({ b: 2 })
    Logger.updateProcessMetadata({ c: 2 })
    Logger.error('e', { c: 3 })
    return self()
  })
  const meta = seen[0]?.meta
  assert.equal([meta?.a, meta?.b, meta?.c], [1, 2, 3])
  assert.is(meta?.pid, pid)
  assert.ok(meta?.gl !== undefined)
  assert.ok(Number.isInteger(meta?.time) && (meta?.time ?? 0) > 1e15)
})

test('the level of a module counts instead of the primary one, both ways', () => {
  Logger.setModuleLevel('a/loud', 'debug')
  Logger.setModuleLevel(['a/quiet'], 'none')
  Logger.debug('d', { mfa: ['a/loud', 'f', 0] })
  Logger.error('e', { mfa: ['a/quiet', 'f', 0] })
  assert.equal(texts(), ['d'])
  assert.is(Logger.allow('debug', 'a/loud'), true)
  Logger.unsetModuleLevel('a/quiet')
  Logger.error('e', { mfa: ['a/quiet', 'f', 0] })
  assert.equal(texts(), ['d', 'e'])
})

// domain filter's argument, event's domain, result
const DOMAINS = [
  [['log', 'super', ['otp', 'sasl']], ['otp'], 'log'],
  [['log', 'super', ['otp', 'sasl']], ['otp', 'sasl'], 'log'],
  [['log', 'super', ['otp']], ['otp', 'sasl'], 'ignore'],
  [['stop', 'sub', ['otp']], ['otp', 'sasl'], 'stop'],
  [['log', 'equal', ['otp']], ['otp', 'sasl'], 'ignore'],
  [['log', 'equal', ['otp']], ['otp'], 'log'],
  [['log', 'not_equal', ['otp']], ['otp'], 'ignore'],
  [['log', 'not_equal', ['otp']], ['shop'], 'log'],
  [['log', 'undefined', []], undefined, 'log'],
  [['log', 'undefined', []], ['shop'], 'ignore'],
] as const

for (const [arg, domain, expected] of DOMAINS) {
  test(`domain ${JSON.stringify(arg)} on ${JSON.stringify(domain)} gives ${expected}`, () => {
    const event: Logger.LogEvent = { level: 'error', msg: { string: '' }, meta: { time: 0, ...(domain && { domain }) } }
    const result = filters.domain(event, arg)
    assert.equal(result, expected === 'log' ? event : expected)
  })
}

// operator, level compared, matches an event of level error
const LEVELS = [
  ['eq', 'error', true],
  ['neq', 'error', false],
  ['gt', 'warning', true],
  ['gteq', 'error', true],
  ['lt', 'warning', false],
  ['lteq', 'error', true],
  ['lt', 'alert', true],
] as const

for (const [operator, compared, matches] of LEVELS) {
  test(`level ${operator} ${compared} ${matches ? 'matches' : 'passes over'} an error`, () => {
    const event: Logger.LogEvent = { level: 'error', msg: { string: '' }, meta: { time: 0 } }
    assert.is(filters.level(event, ['stop', operator, compared]), matches ? 'stop' : 'ignore')
  })
}

test('levels compare: gt is more severe', () => {
  assert.equal(
    [
      Logger.compareLevels('error', 'info'),
      Logger.compareLevels('info', 'info'),
      Logger.compareLevels('debug', 'info'),
    ],
    ['gt', 'eq', 'lt'],
  )
})

test('S123 error_logger: info is a notice, a type of its own is a domain', () => {
  ErrorLogger.infoMsg('~p', [1])
  ErrorLogger.errorReport('mytype', [['k', 1]])
  ErrorLogger.warningReport({ k: 2 })
  assert.equal(
    seen.map(({ level, meta }) => [level, meta.domain, (meta.error_logger as { tag: string }).tag]),
    [
      ['notice', undefined, 'info_msg'],
      ['error', ['mytype'], 'error_report'],
      ['warning', undefined, 'warning_report'],
    ],
  )
})

test('S123 a crash under a supervisor prints CRASH and SUPERVISOR REPORT, no progress, by default', async () => {
  const file = join(dir, 'log')
  Logger.removeHandler('h1')
  Logger.addHandler('default', 'logger_std_h', { ...DEFAULT_HANDLER, config: { file } })
  loggerTable().reporting = false
  startLogging()
  const body = async (): Promise<void> => {
    ProcLib.initAck(['ok', self()])
    await receive()
    exit('boom')
  }
  const child = { start: () => ProcLib.startLink(body, []) }
  const callbacks = {
    init: () => [
      'ok',
      { strategy: 'one_for_one', intensity: 0, period: 1 },
      [{ id: 'c', start: [child, 'start', []] }],
    ],
  }
  ErrorLogger.errorReport('mytype', [['k', 1]])
  await inProcess(async () => {
    const { trapExit, send } = await import('../../../runtime/erts/process.js')
    trapExit(true)
    const started = await Supervisor.startLink(callbacks, [])
    const [, sup] = started
    const [[, pid] = []] = await Supervisor.whichChildren(sup as never)
    send(pid as never, 'go')
    await receive()
  })
  setReporter(undefined)
  std.filesync('default')
  const titles = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('='))
    .map((line) => line.split('=')[1])
  assert.equal(titles, ['CRASH REPORT', 'SUPERVISOR REPORT', 'SUPERVISOR REPORT'])
})

test('reports of the runtime come to the logger with label, level and domain', () => {
  loggerTable().reporting = false
  startLogging()
  Logger.setPrimaryConfig('level', 'all')
  report('info', { label: ['supervisor', 'progress'], report: [] }, { domain: ['otp', 'sasl'] })
  setReporter(undefined)
  assert.is(seen[0]?.level, 'info')
  assert.equal(seen[0]?.meta.domain, ['otp', 'sasl'])
  Logger.addHandlerFilter('h1', 'p', [filters.progress, 'stop'])
  const [first] = seen
  assert.is(first && filters.progress(first, 'stop'), 'stop')
})

test('a file is rotated at its size, archives are numbered from the newest, old ones go', () => {
  const file = join(dir, 'sub', 'node.log')
  Logger.addHandler('f', 'logger_std_h', {
    formatter: ['logger_formatter', { template: [['msg'], '\n'] }],
    config: { file, max_no_bytes: 6, max_no_files: 2 },
  })
  for (const text of ['1', '22222', '33333', '44444', '5']) {
    Logger.error(text)
    std.filesync('f')
  }
  assert.equal(readdirSync(join(dir, 'sub')).sort(), ['node.log', 'node.log.0', 'node.log.1'])
  assert.is(readFileSync(file, 'utf8'), '5\n')
  assert.is(readFileSync(`${file}.0`, 'utf8'), '44444\n')
  assert.is(readFileSync(`${file}.1`, 'utf8'), '33333\n')
})

test('a file without archives is emptied at its size, and opened anew when somebody moved it away', () => {
  const file = join(dir, 'node.log')
  Logger.addHandler('f', 'logger_std_h', {
    formatter: ['logger_formatter', { template: [['msg'], '\n'] }],
    config: { file, max_no_bytes: 4 },
  })
  Logger.error('12345')
  std.filesync('f')
  assert.is(readFileSync(file, 'utf8'), '')
  rmSync(file)
  Logger.error('x')
  std.filesync('f')
  assert.is(readFileSync(file, 'utf8'), 'x\n')
  assert.equal(Logger.updateHandlerConfig('f', { config: { file: 'other' } })[0], 'error')
  assert.is(Logger.updateHandlerConfig('f', { config: { max_no_bytes: 100 } }), 'ok')
  Logger.error('y')
  std.filesync('f')
  assert.is(readFileSync(file, 'utf8'), 'x\ny\n')
})

test("the kernel's parameters set level, metadata, handlers and module levels; each fault is told", async () => {
  const file = join(dir, 'node.log')
  await startWorld({
    config: {
      kernel: {
        logger_level: 'info',
        logger_metadata: { node: 'n1' },
        logger: [
          ['handler', 'default', 'logger_std_h', { config: { file }, formatter: ['logger_formatter', { json: true }] }],
          ['handler', 'bad', 'logger_std_h', { level: 'loud' }],
          ['module_level', 'debug', ['a/loud']],
          ['proxy', { sync_mode_qlen: 600 }],
          ['proxy', { flush_qlen: 'x' }],
          ['nonsense'],
        ],
      },
    },
  })
  loggerTable().reporting = false
  assert.equal(configureLogging(), [
    "logger [ 'handler', 'bad', 'logger_std_h', { level: 'loud' } ]: [ 'invalid_level', 'loud' ]",
    "logger [ 'proxy', { flush_qlen: 'x' } ]: [ 'invalid_olp_config', { flush_qlen: 'x' } ]",
    "logger [ 'nonsense' ]: not one of handler, filters, module_level, proxy",
  ])
  Logger.info('i')
  std.filesync('default')
  const line = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal([line.level, line.msg, line.node], ['info', 'i', 'n1'])
  assert.equal(Logger.getModuleLevel(), [['a/loud', 'debug']])
  await stopWorld()
})

test("an application's own handlers are added; reconfigure goes back to the kernel's parameters", async () => {
  const file = join(dir, 'shop.log')
  await startWorld()
  acTab().env.set(
    'shop',
    new Map<string, unknown>([
      [
        'logger',
        [
          ['handler', 'shop', 'logger_std_h', { config: { file } }],
          ['module_level', 'debug', ['shop/cart']],
        ],
      ],
    ]),
  )
  acTab().env.set('odd', new Map<string, unknown>([['logger', 7]]))
  assert.is(Logger.addHandlers('shop'), 'ok')
  assert.equal(Logger.addHandlers('odd'), ['error', ['logger 7: not a list']])
  assert.is(Logger.addHandlers('none'), 'ok')
  assert.equal([Logger.getHandlerIds(), Logger.getModuleLevel()], [['h1', 'shop'], [['shop/cart', 'debug']]])
  assert.is(Logger.reconfigure(), 'ok')
  assert.equal([Logger.getHandlerIds(), Logger.getModuleLevel()], [['default'], []])
  await stopWorld()
})

test('what is set is shown', () => {
  Logger.removeHandler('h1')
  Logger.addHandler('n', handler, { filters: [['p', [filters.progress, 'stop']]], config: { a: 1 } })
  Logger.addPrimaryFilter('l', [filters.level, ['log', 'eq', 'error']])
  assert.is(
    Logger.infoText('primary'),
    "Primary configuration: \n    Level: notice\n    Filter Default: log\n    Filters: \n        Id: l\n            Fun: level\n            Arg: ['log', 'eq', 'error']\n",
  )
  assert.is(
    Logger.infoText('handlers').replace(/Module: \S+/g, 'Module: M'),
    "Handler configuration: \n    Id: n\n        Module: M\n        Level:  all\n        Formatter:\n            Module: M\n            Config:\n        Filter Default: log\n        Filters:\n            Id: p\n                Fun: progress\n                Arg: 'stop'\n        Handler Config:\n            a: 1\n",
  )
  Logger.setModuleLevel('a/b', 'debug')
  assert.is(Logger.infoText('modules'), 'Level set per module: \n    Module: a/b\n        Level: debug\n')
})

test('an event of a process is logged in that process', async () => {
  let inHandler: unknown
  Logger.addHandler('where', {
    log: () => {
      inHandler = self()
    },
  })
  const pid = await new Promise((resolve) => {
    spawn(() => {
      Logger.error('e')
      resolve(self())
    })
  })
  assert.is(inHandler, pid)
})

test.run()
