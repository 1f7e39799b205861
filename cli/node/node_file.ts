/**
 * `ROOT/run/node.json`: which process runs the release in ROOT, and where it listens.
 *
 * Written by the node when its control socket is open, taken away when it ends in order. A process that was killed
 * leaves it behind, so whether its process is alive is asked here too, where its number means anything.
 * OTP: the name a node has with epmd.
 */
import { existsSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { record } from '../render/record.js'
import type { ClientError } from './client_error.js'
import { runDirOf, type Target } from './command.js'

/** The facts of the file. */
export interface NodeFile {
  readonly pid: number
  /** Whether that number means its process here, too: in a container, or out of one, it is another's or nobody's. */
  readonly here: boolean
  /** Absolute path of the control socket. */
  readonly socket: string
  /** Name of the release. */
  readonly name: string
  /** Version of the release that runs. */
  readonly vsn: string
  /** Version of Node. */
  readonly node: string
  /** When it started, ISO 8601. */
  readonly started: string
}

/** @returns where the node of a target listens, or why it cannot be asked. */
export function readNodeFile(target: Target): Result<NodeFile, ClientError> {
  const { root, name } = target
  if (!existsSync(join(root, 'releases'))) return err({ tag: 'no_release', root })
  const path = join(runDirOf(target), 'node.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return err(errorCode(error) === 'EACCES' ? wrongUser(root, path) : { tag: 'not_running', root })
  }
  const file = parse(text, root)
  // A file cut short can only be one that is being written, or was when the machine went down.
  if (file === undefined) return err({ tag: 'not_running', root })
  if (file.here && !isAlive(file.pid)) return err({ tag: 'not_running', root, pid: file.pid })
  if (isOfAnother(runDirOf(target), file)) return err({ tag: 'not_running', root })
  if (name !== undefined && file.name !== name) {
    return err({ tag: 'wrong_node', root, expected: name, found: file.name, pid: file.pid })
  }
  return ok(file)
}

/**
 * Whether the file came here with a copy of a whole installation: its node runs in the folder of its socket, and what is
 * asked of the copy is not meant for it.
 */
function isOfAnother(runDir: string, { pid, socket }: NodeFile): boolean {
  try {
    const there = dirname(socket)
    if (realpathSync(there) === realpathSync(runDir)) return false
    return parse(readFileSync(join(there, 'node.json'), 'utf8'), there)?.pid === pid
  } catch {
    return false
  }
}

/** The answer to a file or socket that may not be touched. */
export function wrongUser(root: string, path: string): ClientError {
  const { uid, username } = userOf()
  const owner = ownerOf(path) ?? ownerOf(dirname(path))
  return { tag: 'wrong_user', root, path, uid, user: username, ...(owner === undefined ? {} : { owner }) }
}

/** Whether a process of this id exists; one of another user does. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** The namespace of this process's number; the node writes its own into the file. */
function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}

/** `code` of a system error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function parse(text: string, root: string): NodeFile | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const file = record(value)
  if (file === undefined || typeof file.pid !== 'number' || typeof file.socket !== 'string') return undefined
  return {
    pid: file.pid,
    here: file.pid_namespace === undefined || file.pid_namespace === pidNamespace(),
    socket: resolve(root, file.socket),
    name: String(file.name ?? ''),
    vsn: String(file.vsn ?? ''),
    node: String(file.node ?? ''),
    started: String(file.started ?? ''),
  }
}

/** Who asks; a user need not have an entry in the system's list, as in many containers. */
function userOf(): { readonly uid: number; readonly username: string } {
  try {
    return userInfo()
  } catch {
    const uid = process.getuid?.() ?? -1
    return { uid, username: String(uid) }
  }
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid
  } catch {
    return undefined
  }
}
