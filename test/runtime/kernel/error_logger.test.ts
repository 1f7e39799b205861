import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProcess, self, whereis } from '../../../runtime/erts/process.js'
import { report, setReporter } from '../../../runtime/erts/report.js'
import * as ErrorLogger from '../../../runtime/kernel/src/error_logger.js'
import * as fileHandler from '../../../runtime/kernel/src/error_logger_file_h.js'
import * as ttyHandler from '../../../runtime/kernel/src/error_logger_tty_h.js'
import * as Logger from '../../../runtime/kernel/src/logger.js'
import { setInternalLog } from '../../../runtime/kernel/src/logger_internal.js'
import { startLogging } from '../../../runtime/kernel/src/logger_setup.js'
import * as loggerSup from '../../../runtime/kernel/src/logger_sup.js'
import { loggerTable } from '../../../runtime/kernel/src/logger_table.js'
import * as GenEvent from '../../../runtime/stdlib/src/gen_event.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'

const test = suite('kernel/error_logger')

/** A report handler that gathers what it gets. */
const gatherer = (seen: ErrorLogger.ErrorLoggerEvent[]) => ({
  init: (arg: unknown) => (arg === 'no' ? ['error', 'no'] : ['ok', arg]),
  handleEvent: (event: ErrorLogger.ErrorLoggerEvent, state: unknown) => {
    seen.push(event)
    return ['ok', state]
  },
  handleCall: (_request: unknown, state: unknown) => ['ok', state, state],
})

let dir = ''
let seen: ErrorLogger.ErrorLoggerEvent[] = []

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'error-logger-'))
  seen = []
  setInternalLog(() => {})
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.setPrimaryConfig({ level: 'info' })
})
test.after.each(async () => {
  for (const name of await ErrorLogger.whichReportHandlers()) await ErrorLogger.deleteReportHandler(name)
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.setPrimaryConfig({})
  setReporter(undefined)
  rmSync(dir, { recursive: true })
})

/** All events so far have been handled. */
const handled = (): Promise<unknown> => GenEvent.whichHandlers('error_logger')

// call, tag, what stands beside the pid, why
const SAID: [() => unknown, string, unknown[], string][] = [
  [() => ErrorLogger.errorMsg('~p', [1]), 'error', ['~p', [1]], 'S123 errorMsg'],
  [() => ErrorLogger.format('~p', [1]), 'error', ['~p', [1]], 'S123 format'],
  [() => ErrorLogger.errorReport({ k: 1 }), 'error_report', ['std_error', { k: 1 }], 'S123 errorReport'],
  [() => ErrorLogger.errorReport('mine', [1]), 'error_report', ['mine', [1]], 'S123 errorReport of a type'],
  [() => ErrorLogger.warningMsg('w'), 'warning_msg', ['w', []], 'S123 warningMsg'],
  [() => ErrorLogger.warningReport([1]), 'warning_report', ['std_warning', [1]], 'S123 warningReport'],
  [() => ErrorLogger.infoMsg('i'), 'info_msg', ['i', []], 'S123 infoMsg'],
  [() => ErrorLogger.infoReport('text'), 'info_report', ['std_info', 'text'], 'S123 infoReport'],
  [
    () => report('error', { label: ['proc_lib', 'crash'], report: [1] }, { domain: ['otp', 'sasl'] }),
    'error_report',
    ['crash_report', [1]],
    'a crash report',
  ],
  [
    () => report('error', { label: ['supervisor', 'shutdown'], report: [1] }, { domain: ['otp', 'sasl'] }),
    'error_report',
    ['supervisor_report', [1]],
    'a supervisor report',
  ],
  [
    () => report('info', { label: ['supervisor', 'progress'], report: [1] }, { domain: ['otp', 'sasl'] }),
    'info_report',
    ['progress', [1]],
    'a progress report',
  ],
  [
    () => report('notice', { label: ['application_controller', 'exit'], report: [1] }, { domain: ['otp'] }),
    'info_report',
    ['std_info', [1]],
    'the end of an application',
  ],
  [
    () => report('warning', { label: ['gen_server', 'no_handle_info'], report: { module: 'a/b', message: 1 } }),
    'warning_msg',
    ['~s', ['** Undefined handleInfo in a/b\n** Unhandled message: 1']],
    'a warning of a behaviour, as text',
  ],
]

for (const [call, tag, said, why] of SAID) {
  test(`${why} reaches report handlers with its tag`, async () => {
    assert.is(await ErrorLogger.addReportHandler(gatherer(seen)), 'ok')
    loggerTable().reporting = false
    startLogging()
    Logger.removeHandler('default')
    const pid = await inProcess(() => {
      call()
      return self()
    })
    await handled()
    assert.equal(
      seen.map((event) => [event[0], event[2]]),
      [[tag, [pid, ...said]]],
    )
  })
}

test('the event manager is started on demand and ends with the last handler', async () => {
  assert.is(whereis('error_logger'), undefined)
  assert.equal(await ErrorLogger.whichReportHandlers(), [])
  const handler = gatherer(seen)
  await ErrorLogger.addReportHandler(handler)
  assert.ok(whereis('error_logger'))
  assert.equal(Logger.getHandlerIds(), ['error_logger'])
  assert.is((await ErrorLogger.whichReportHandlers())[0], handler)
  assert.is(await ErrorLogger.deleteReportHandler(handler), 'ok')
  assert.equal([whereis('error_logger'), Logger.getHandlerIds()], [undefined, []])
  assert.is(await ErrorLogger.deleteReportHandler(handler), 'ok')
})

test('where the kernel runs the manager is a child of logger_sup', async () => {
  await inProcess(async () => {
    await loggerSup.startLink()
    await ErrorLogger.addReportHandler(gatherer(seen))
    const children = await Supervisor.whichChildren('logger_sup')
    assert.equal(
      children.map(([id, , type, modules]) => [id, type, modules]),
      [['error_logger', 'worker', 'dynamic']],
    )
    for (const name of await ErrorLogger.whichReportHandlers()) await ErrorLogger.deleteReportHandler(name)
    assert.equal(await Supervisor.whichChildren('logger_sup'), [])
    await GenServer.stop('logger_sup', 'shutdown')
  }).catch(() => {})
})

test('what a handler refuses is given back', async () => {
  assert.equal(await ErrorLogger.addReportHandler(gatherer(seen), 'no'), ['error', 'no'])
})

test('events logged otherwise have nothing for report handlers, nor has what is less than info', async () => {
  await ErrorLogger.addReportHandler(gatherer(seen))
  Logger.error('x')
  Logger.error({ k: 1 })
  await handled()
  assert.equal(seen, [])
})

test('a log file gets messages and standard reports, and is emptied when it is opened', async () => {
  const file = join(dir, 'errors.log')
  assert.equal(await ErrorLogger.logfile('filename'), ['error', 'no_log_file'])
  assert.equal(await ErrorLogger.logfile('close'), ['error', 'module_not_found'])
  assert.equal(await ErrorLogger.logfile(['open', join(dir, 'none', 'x')]), ['error', 'ENOENT'])
  assert.is(await ErrorLogger.logfile(['open', file]), 'ok')
  assert.equal(await ErrorLogger.logfile(['open', file]), ['error', 'allready_have_logfile'])
  assert.is(await ErrorLogger.logfile('filename'), file)
  ErrorLogger.errorMsg('hello ~p', ['x'])
  ErrorLogger.errorReport('mine', { k: 1 })
  ErrorLogger.infoReport([['a', 'b'], 'plain'])
  assert.is(await ErrorLogger.logfile('close'), 'ok')
  const lines = readFileSync(file, 'utf8').replace(/ \d+-\w+-\d+::.*? ===/g, ' TIME ===')
  assert.is(lines, "=ERROR REPORT==== TIME ===\nhello 'x'\n=INFO REPORT==== TIME ===\n    a: b\n    plain\n")
})

test('tty is on or off, once', async () => {
  assert.is(await ErrorLogger.tty(true), 'ok')
  assert.is(await ErrorLogger.tty(true), 'ok')
  assert.equal((await ErrorLogger.whichReportHandlers()).length, 1)
  assert.is((await ErrorLogger.whichReportHandlers())[0], ttyHandler)
  assert.is(await ErrorLogger.tty(false), 'ok')
  assert.equal(await ErrorLogger.whichReportHandlers(), [])
})

test('a report handler that fails is removed, the others go on', async () => {
  const file = join(dir, 'errors.log')
  // The manager reports the failure.
  setReporter(() => {})
  await ErrorLogger.logfile(['open', file])
  await ErrorLogger.addReportHandler({
    init: () => ['ok', 0],
    handleEvent: () => {
      throw new Error('no')
    },
    handleCall: () => ['ok', 0, 0],
  })
  ErrorLogger.errorMsg('x')
  await handled()
  assert.equal(await ErrorLogger.whichReportHandlers(), [fileHandler])
})

test.run()
