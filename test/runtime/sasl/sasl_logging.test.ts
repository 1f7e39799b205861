import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Exit, inProcess } from '../../../runtime/erts/process.js'
import { report, setReporter } from '../../../runtime/erts/report.js'
import { acTab } from '../../../runtime/kernel/src/application_table.js'
import * as ErrorLogger from '../../../runtime/kernel/src/error_logger.js'
import * as Logger from '../../../runtime/kernel/src/logger.js'
import { setInternalLog } from '../../../runtime/kernel/src/logger_internal.js'
import { configureLogging } from '../../../runtime/kernel/src/logger_setup.js'
import * as std from '../../../runtime/kernel/src/logger_std_h.js'
import { loggerTable } from '../../../runtime/kernel/src/logger_table.js'
import { startLogging, stopLogging } from '../../../runtime/sasl/src/sasl_logging.js'
import { readSettings } from '../../../runtime/sasl/src/sasl_settings.js'

const test = suite('sasl/sasl_logging')
let dir = ''

/** Parameters by application. */
type Parameters = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const setParameters = (parameters: Parameters): void => {
  for (const [name, env] of Object.entries(parameters)) acTab().env.set(name, new Map(Object.entries(env)))
}

test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), 'sasl-'))
  setInternalLog(() => {})
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.setPrimaryConfig({})
})
test.after.each(() => {
  setParameters({ kernel: {}, sasl: {} })
  for (const id of Logger.getHandlerIds()) Logger.removeHandler(id)
  Logger.setPrimaryConfig({})
  setReporter(undefined)
  rmSync(dir, { recursive: true })
})

const MF = { error_logger_mf_dir: 'mf', error_logger_mf_maxbytes: 200, error_logger_mf_maxfiles: 3 }
const OLD = { logger_sasl_compatible: true }

// parameters of kernel, of sasl, what they ask for or why sasl does not start, why
const SETTINGS: [object, object, unknown, string][] = [
  [{}, {}, { logger: undefined, multiFile: undefined }, 'without parameters there is nothing'],
  [
    {},
    { sasl_error_logger: 'tty', errlog_type: 'x' },
    { logger: undefined, multiFile: undefined },
    'sasl_error_logger counts only with logger_sasl_compatible',
  ],
  [OLD, {}, { logger: { to: 'tty', level: 'info' }, multiFile: undefined }, 'tty and all are the defaults'],
  [
    OLD,
    { errlog_type: 'progress' },
    { logger: { to: 'tty', level: 'info' }, multiFile: undefined },
    'progress is info',
  ],
  [OLD, { errlog_type: 'error' }, { logger: { to: 'tty', level: 'error' }, multiFile: undefined }, 'errors alone'],
  [OLD, { sasl_error_logger: false }, { logger: undefined, multiFile: undefined }, 'false is nowhere'],
  [
    OLD,
    { sasl_error_logger: ['file', 'f'] },
    { logger: { to: { file: 'f', modes: ['append'] }, level: 'info' }, multiFile: undefined },
    'a file',
  ],
  [
    OLD,
    { sasl_error_logger: ['file', 'f', ['write']] },
    { logger: { to: { file: 'f', modes: ['write'] }, level: 'info' }, multiFile: undefined },
    'a file with modes',
  ],
  [OLD, { errlog_type: 'x' }, ['bad_config', ['sasl', ['errlog_type', 'x']]], 'an unknown type is bad'],
  [OLD, { sasl_error_logger: 'x' }, ['bad_config', ['sasl', ['sasl_error_logger', 'x']]], 'an unknown place is bad'],
  [{}, MF, { logger: undefined, multiFile: { dir: 'mf', maxBytes: 200, maxFiles: 3 } }, 'the multi-file log'],
  [{}, { ...MF, error_logger_mf_dir: false }, ['missing_config', ['sasl', 'error_logger_mf_dir']], 'no folder'],
  [{}, { error_logger_mf_dir: 'mf' }, ['missing_config', ['sasl', 'error_logger_mf_maxbytes']], 'no size'],
  [
    {},
    { ...MF, error_logger_mf_maxfiles: undefined },
    ['missing_config', ['sasl', 'error_logger_mf_maxfiles']],
    'no number of files',
  ],
  [
    {},
    { ...MF, error_logger_mf_maxfiles: 256 },
    ['bad_config', ['sasl', ['error_logger_mf_maxfiles', 256]]],
    'too many files',
  ],
  [
    {},
    { ...MF, error_logger_mf_maxfiles: 0 },
    ['bad_config', ['sasl', ['error_logger_mf_maxfiles', 0]]],
    'no file at all',
  ],
  [
    {},
    { ...MF, error_logger_mf_maxbytes: 'x' },
    ['bad_config', ['sasl', ['error_logger_mf_maxbytes', 'x']]],
    'a size that is none',
  ],
  [
    {},
    { ...MF, error_logger_mf_dir: 7 },
    ['bad_config', ['sasl', ['error_logger_mf_dir', 7]]],
    'a folder that is none',
  ],
]

for (const [kernel, sasl, expected, why] of SETTINGS) {
  test(`parameters: ${why}`, () => {
    const all: Parameters = { kernel: { ...kernel }, sasl: { ...sasl } }
    const read = readSettings((application, key) => {
      const value = all[application]?.[key]
      return value === undefined ? undefined : ['ok', value]
    })
    assert.equal(read.ok ? read.value : read.error, expected)
  })
}

const PROGRESS = { label: ['supervisor', 'progress'], report: [['supervisor', ['local', 's']]] } as const
const SASL = { domain: ['otp', 'sasl'] }
const titles = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('='))
    .map((line) => line.split('=')[1] ?? '')

test('with logger_sasl_compatible reports of the domain sasl go to the handler sasl, and no longer to the default', async () => {
  const [file, other] = [join(dir, 'sasl.log'), join(dir, 'default.log')]
  setParameters({
    kernel: { ...OLD, logger: [['handler', 'default', 'logger_std_h', { config: { file: other } }]] },
    sasl: { sasl_error_logger: ['file', file], utc_log: true },
  })
  loggerTable().reporting = false
  assert.equal(configureLogging(), [])
  const state = await startLogging()
  assert.is(Logger.getPrimaryConfig().level, 'info')
  report('info', PROGRESS, SASL)
  Logger.error('mine')
  std.filesync('sasl')
  std.filesync('default')
  assert.equal([titles(file), titles(other)], [['PROGRESS REPORT'], ['ERROR REPORT']])
  assert.match(readFileSync(file, 'utf8'), / UTC ===/)
  await stopLogging(state)
  assert.equal(Logger.getHandlerIds(), ['default'])
})

test('without it the default handler prints reports of the domain sasl', () => {
  const file = join(dir, 'default.log')
  setParameters({ kernel: { error_logger: ['file', file], logger_level: 'info' } })
  loggerTable().reporting = false
  assert.equal(configureLogging(), [])
  report('info', PROGRESS, SASL)
  std.filesync('default')
  assert.equal(titles(file), ['PROGRESS REPORT'])
})

for (const to of [false, 'silent']) {
  test(`error_logger ${to}: there is no default handler`, () => {
    setParameters({ kernel: { error_logger: to } })
    loggerTable().reporting = false
    assert.equal([configureLogging(), Logger.getHandlerIds()], [[], []])
  })
}

test('error_logger that is nonsense is told of', () => {
  setParameters({ kernel: { error_logger: 'tape' } })
  loggerTable().reporting = false
  assert.equal(configureLogging(), [`error_logger 'tape': not one of "tty", ["file", NAME], false, "silent"`])
})

test('utc_log: times are UTC for every handler that does not say otherwise', async () => {
  const file = join(dir, 'a.log')
  setParameters({ sasl: { utc_log: true } })
  Logger.addHandler('f', 'logger_std_h', { config: { file } })
  Logger.error('x')
  std.filesync('f')
  assert.match(readFileSync(file, 'utf8'), /Z error: x\n$/)
})

test('S128 the multi-file log is written, in a folder that is made, and shows progress', async () => {
  setParameters({ sasl: { ...MF, error_logger_mf_dir: join(dir, 'new', 'mf') } })
  const state = await startLogging()
  assert.is(Logger.getPrimaryConfig().level, 'info')
  ErrorLogger.infoMsg('x')
  assert.equal((await ErrorLogger.whichReportHandlers()).length, 1)
  await stopLogging(state)
  assert.ok(existsSync(join(dir, 'new', 'mf', '1')))
  assert.equal(Logger.getHandlerIds(), [])
})

test('S128 sasl does not start with a parameter missing', async () => {
  setParameters({ sasl: { error_logger_mf_dir: 'mf' } })
  const thrown = await inProcess(() => startLogging().catch((failure: unknown) => failure))
  assert.equal(thrown instanceof Exit && thrown.reason, ['missing_config', ['sasl', 'error_logger_mf_maxbytes']])
})

test.run()
