/**
 * The launcher of a node: whether it lives while no node does, and what it says of a node that crashed.
 *
 * It is a shell, which cannot be asked; it leaves files in the run folder. OTP: heart.
 */
import { execFileSync } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { record } from '../render/record.js'
import type { ClientError } from './client_error.js'
import { logDirOf, runDirOf, type Target } from './command.js'
import { isAlive } from './node_file.js'

/** What a launcher wrote of a node that crashed, and has not come up again since. */
export interface Crashes {
  /** `waiting` until it is tried again, `trying` right now, `given_up`: it is not tried again. */
  readonly state: 'waiting' | 'trying' | 'given_up'
  /** When the first of them was, ISO 8601. */
  readonly since: string
  readonly ends: number
  /** Exit status of the last. */
  readonly status: number
  /** When it is tried again, ISO 8601; only while that is waited for. */
  readonly next?: string
}

/** The launcher's process, where it lives here; undefined where none does. */
export function launcherPid(target: Target): number | undefined {
  try {
    const dir = runDirOf(target)
    const [first = '', of = ''] = readFileSync(join(dir, 'launcher.pid'), 'utf8').split('\n')
    const pid = Number.parseInt(first, 10)
    // In a copy of an installation the file is still that of the original.
    if (!(pid > 0) || (of !== '' && of !== realpathSync(dir)) || !isAlive(pid)) return undefined
    // Another program may have the number by now.
    return /\b(launch|foreground)\b/.test(commandLine(pid)) ? pid : undefined
  } catch {
    return undefined
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  }
}

/** What there is of crashes; a file that is being written counts as none. */
export function readCrashes(target: Target): Crashes | undefined {
  try {
    const file = record(JSON.parse(readFileSync(join(runDirOf(target), 'crashed'), 'utf8')))
    const { state, since, ends, status, next } = file ?? {}
    if (state !== 'waiting' && state !== 'trying' && state !== 'given_up') return undefined
    const moment = (seconds: unknown): string => new Date(Number(seconds) * 1_000).toISOString()
    const waits = state === 'waiting' ? { next: moment(next) } : {}
    return { state, since: moment(since), ends: Number(ends), status: Number(status), ...waits }
  } catch {
    return undefined
  }
}

/** More of why no node runs: one is being started, or it crashed and may be started again. */
export function withLauncher(error: ClientError, target: Target): ClientError {
  if (error.tag !== 'not_running') return error
  const launcher = launcherPid(target)
  const crashes = readCrashes(target)
  const { root } = target
  if (crashes !== undefined && (launcher !== undefined || crashes.state === 'given_up')) {
    return {
      tag: 'crashed',
      root,
      ...crashes,
      ...(launcher === undefined ? {} : { launcher }),
      cause: lastCause(target),
      logs: logDirOf(target),
    }
  }
  return launcher === undefined ? error : { tag: 'starting', root, launcher }
}

/** The end of a log that is looked at, in bytes. */
const LOOK_BYTES = 65_536

/** Why the last boot failed, in the node's own words, one line each; none where `start` keeps no log of it. */
function lastCause(target: Target): readonly string[] {
  const texts = endOf(join(logDirOf(target), `${target.name ?? ''}.log`)).split('init terminating in do_boot: ')
  const said = texts.length > 1 ? (texts.at(-1) ?? '') : ''
  // Up to the next report, or to what the launcher says.
  return (said.split(/\n(?==|[\w.@-]+: the node ended)/)[0] ?? '').split('\n').filter((line) => line.trim() !== '')
}

function endOf(file: string): string {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const from = Math.max(0, fstatSync(descriptor).size - LOOK_BYTES)
      const buffer = Buffer.alloc(LOOK_BYTES)
      return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, LOOK_BYTES, from))
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return ''
  }
}
