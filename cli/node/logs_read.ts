/**
 * The logs of a release: everything in `log`, what its configuration names besides, and multi-file logs, also where no
 * node runs. Archives (`.0`, `.1` ...) and compressed ones are read as well.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { lines, runtimeReport } from '../../runtime/kernel/src/logger_report_text.js'
import { filesNewestFirst } from '../../runtime/sasl/src/log_mf_files.js'
import { decodeFile, type LogRecord, messageText, typeOf } from '../../runtime/sasl/src/log_mf_record.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Failure } from '../render/failure.js'
import { record } from '../render/record.js'
import { logDirOf, type Target } from './command.js'
import { type LogEntry, type LogLevel, type LogType, parseLog } from './logs_entry.js'

/** What was found, and what could not be read. */
export interface Logs {
  /** By time; where times are equal, in the order of their files. */
  readonly entries: readonly LogEntry[]
  /** A sentence each. */
  readonly faults: readonly string[]
}

/** A file of a log. */
export interface LogFile {
  readonly path: string
  /** As it is shown: from the release's root, where it is below that. */
  readonly name: string
  /** Lines, compressed lines, or the records of a multi-file log. */
  readonly form: 'text' | 'gzip' | 'records'
}

/**
 * Reads the logs of a release, or the files and folders that are named.
 *
 * @param named paths; none: everything that can be found
 */
export function readLogs(target: Target, named: readonly string[]): Result<Logs, Failure> {
  const files = logFiles(target, named)
  if (!files.ok) return files
  if (files.value.length === 0) {
    const message = `there is no log in ${logDirOf(target)}, and the configuration of the release names none that exists`
    return err({ exit: 'bad_input', tag: 'no_log', message, facts: { root: target.root } })
  }
  const faults: string[] = []
  const entries = files.value.flatMap((file) => readWhole(file, faults))
  return ok({ entries: inOrder(entries), faults })
}

/** Every log file there is at the moment, oldest first where that is known. Those that are named must be there. */
export function logFiles(target: Target, named: readonly string[]): Result<readonly LogFile[], Failure> {
  const { root } = target
  const missing = named.find((path) => !existsSync(path))
  if (missing !== undefined) {
    return err({ exit: 'bad_input', tag: 'no_log', message: `there is no log "${missing}"`, facts: { file: missing } })
  }
  const sources = named.length > 0 ? named.map((path) => resolve(path)) : [logDirOf(target), ...configured(root)]
  return ok([...new Set(sources.flatMap(filesBelow))].flatMap((path) => formsOf(path, root)))
}

function formsOf(path: string, root: string): LogFile[] {
  const shown = relative(root, path)
  const name = shown.startsWith('..') ? path : shown
  if (!isMultiFile(path)) return [{ path, name, form: path.endsWith('.gz') ? 'gzip' : 'text' }]
  const oldestFirst = [...(filesNewestFirst(path) ?? [])].reverse()
  return oldestFirst.map((number) => ({
    path: join(path, String(number)),
    name: `${name}/${number}`,
    form: 'records' as const,
  }))
}

/** Every log file below a path; a multi-file log is one, by its folder. */
function filesBelow(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return []
  if (!found.isDirectory() || isMultiFile(path)) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)))
    .filter((file) => !/\.(?:idx|siz|tmp)$/.test(file))
}

const isMultiFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true &&
  statSync(join(path, 'index'), { throwIfNoEntry: false })?.size === 1

/** Archives of a file lie beside it. */
function withArchives(file: string): string[] {
  const dir = resolve(file, '..')
  if (!existsSync(dir)) return []
  const name = file.slice(dir.length + 1)
  return readdirSync(dir)
    .filter((one) => one.startsWith(name) && /^(?:\.\d+(?:\.gz)?)?$/.test(one.slice(name.length)))
    .map((one) => join(dir, one))
}

// ---- what the configuration names

/** Log files and folders of the release that boots. */
function configured(root: string): string[] {
  const vsn = record(readJson(join(root, 'releases', 'start_otp.json')))?.vsn
  const config = record(readJson(join(root, 'releases', String(vsn), 'sys.config.json')))
  const kernel = record(config?.kernel)
  const sasl = record(config?.sasl)
  const handlers = Array.isArray(kernel?.logger) ? kernel.logger : []
  const files = [...handlers.map(fileOfHandler), fileOf(kernel?.error_logger), fileOf(sasl?.sasl_error_logger)]
  const dir = sasl?.error_logger_mf_dir
  return [
    ...files.flatMap((file) => (file === undefined ? [] : withArchives(resolve(root, file)))),
    ...(typeof dir === 'string' ? [resolve(root, dir)] : []),
  ]
}

const fileOf = (value: unknown): string | undefined =>
  Array.isArray(value) && value[0] === 'file' && typeof value[1] === 'string' ? value[1] : undefined

/** `["handler", ID, MODULE, { "config": { "file": FILE } }]` */
function fileOfHandler(entry: unknown): string | undefined {
  const file = record(record(Array.isArray(entry) ? entry[3] : undefined)?.config)?.file
  return typeof file === 'string' ? file : undefined
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

// ---- reading

function readWhole(file: LogFile, faults: string[]): LogEntry[] {
  try {
    const { entries, fault } = entriesIn(file, readFileSync(file.path))
    if (fault !== undefined) faults.push(`${file.name}: ${fault}`)
    return entries
  } catch (failure) {
    faults.push(`cannot read ${file.name}: ${failure instanceof Error ? failure.message : String(failure)}`)
    return []
  }
}

/**
 * The entries in a piece of a file.
 *
 * @returns them, the number of bytes they are in, and what is wrong with what follows those
 * @throws what unpacking throws
 */
export function entriesIn(
  { name, form }: LogFile,
  bytes: Buffer,
): { entries: LogEntry[]; read: number; fault?: string } {
  if (form !== 'records') {
    return {
      entries: parseLog((form === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8'), name),
      read: bytes.length,
    }
  }
  const { records, fault } = decodeFile(bytes)
  const entries = records.map(({ record: one }) => entryOf(one, name))
  if (fault === undefined) return { entries, read: bytes.length }
  return { entries, read: fault.at, fault: `byte ${fault.at}: ${fault.text}` }
}

const LEVEL_OF: Readonly<Record<string, LogLevel>> = { error: 'error', warning: 'warning', info: 'notice' }
const RUNTIME: Readonly<Record<string, readonly [LogType, readonly [string, string], LogLevel]>> = {
  crash_report: ['crash_report', ['proc_lib', 'crash'], 'error'],
  supervisor_report: ['supervisor_report', ['supervisor', 'report'], 'error'],
  progress: ['progress', ['supervisor', 'progress'], 'info'],
}

function entryOf(logged: LogRecord, file: string): LogEntry {
  const { time, tag, pid, first, second } = logged
  const about = pid === undefined ? {} : { pid: String(pid) }
  const own = RUNTIME[typeOf(logged)]
  if (own !== undefined) {
    const [type, label, level] = own
    const text = runtimeReport({ label, report: second })?.text ?? lines(second)
    return { time, level, type, text, ...about, file }
  }
  const text = tag.endsWith('_report') ? lines(second) : messageText(first, second)
  return {
    time,
    level: LEVEL_OF[tag.split('_')[0] ?? ''] ?? 'notice',
    type: 'message',
    text: text.trimEnd(),
    ...about,
    file,
  }
}

/** By time, what has none behind what stood before it in its file; what several handlers wrote of one event once. */
export const inOrder = (entries: readonly LogEntry[]): LogEntry[] => withoutCopies(byTime(entries))

function byTime(entries: readonly LogEntry[]): LogEntry[] {
  let last = ''
  let file = ''
  const keyed = entries.map((entry) => {
    if (entry.file !== file) last = ''
    file = entry.file
    last = entry.time ?? last
    return [last, entry] as const
  })
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, entry]) => entry)
}

/** What several handlers wrote of one event stands this close together, ms. */
const CLOSE_MS = 20

/** An event that went to several handlers is one entry: the copy that says most. Those of one file are all kept. */
function withoutCopies(entries: readonly LogEntry[]): LogEntry[] {
  const kept: LogEntry[] = []
  // Newest last; only those that may still have copies.
  let recent: { readonly key: string; readonly ms: number; readonly place: number; readonly files: Set<string> }[] = []
  for (const entry of entries) {
    const ms = Date.parse(entry.time ?? '')
    const key = `${entry.level} ${entry.type} ${entry.text.replace(/[\s,]+/g, '')}`
    recent = recent.filter((one) => ms - one.ms <= CLOSE_MS)
    const copy = recent.find((one) => one.key === key && !one.files.has(entry.file))
    const before = copy === undefined ? undefined : kept[copy.place]
    if (copy !== undefined && before !== undefined) {
      copy.files.add(entry.file)
      kept[copy.place] = richer(before, entry)
    } else {
      if (!Number.isNaN(ms)) recent.push({ key, ms, place: kept.length, files: new Set([entry.file]) })
      kept.push(entry)
    }
  }
  return kept
}

/** The text with its lines, and the process where one of them knows it; time and place of the first. */
function richer(first: LogEntry, second: LogEntry): LogEntry {
  const text = second.text.split('\n').length > first.text.split('\n').length ? second.text : first.text
  const pid = first.pid ?? second.pid
  return { ...first, text, ...(pid === undefined ? {} : { pid }) }
}
