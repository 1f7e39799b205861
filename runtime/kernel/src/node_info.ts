/**
 * The node's run directory: `run/node.json`, which tells how the node is reached, and the place of its socket.
 * Departure: OTP's nodes are found through epmd.
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { nodeArguments } from '../../erts/arguments.js'

/** The content of `run/node.json`. */
export interface NodeInfo {
  /** Of the OS process. */
  readonly pid: number
  /** Where that number means this process: a container has numbers of its own. Linux only. */
  readonly pid_namespace?: string
  /** Path of the control socket. */
  readonly socket: string
  /** Of the release. */
  readonly name: string
  /** Version of the release that runs. */
  readonly vsn: string
  /** Version of Node.js. */
  readonly node: string
  /** When it was started, RFC 3339 in UTC. */
  readonly started: string
}

/** Longest socket path that every system takes, in bytes. */
const LONGEST_SOCKET = 100

/** How the folder of a socket begins whose usual path would be too long, and the socket's name in it. */
const SOCKET_DIR = 'otp-rel-'
const SOCKET_FILE = 'control.sock'

/** The run directory of an installation; of the one that this node runs from, the node's own. */
export function runDir(root: string): string {
  const node = nodeArguments()
  return (node?.root === root ? node.runDir : undefined) ?? join(root, 'run')
}

/** The node's file. */
export const nodeFile = (root: string): string => join(runDir(root), 'node.json')

/** Makes the run directory, mode 0700; one that belongs to somebody else stays as it is. */
export function makeRunDir(root: string): void {
  const dir = runDir(root)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  try {
    chmodSync(dir, 0o700)
  } catch (failure) {
    // A volume of a container is root's, and may be written to. Socket and file in it have modes of their own.
    if (!(failure instanceof Error && 'code' in failure && failure.code === 'EPERM')) throw failure
  }
}

/** Where the socket goes: `run/NAME.sock`, or a folder of its own (mode 0700) where that path is too long. */
export function socketPath(root: string, name: string, temporary = tmpdir()): string {
  const usual = join(runDir(root), `${name}.sock`)
  if (Buffer.byteLength(usual) <= LONGEST_SOCKET) return usual
  // mkdtemp makes folders of mode 0700.
  return join(mkdtempSync(join(temporary, SOCKET_DIR)), SOCKET_FILE)
}

/** The namespace of this process's number, as Linux names it; where there is none, nothing. */
export function pidNamespace(): Pick<NodeInfo, 'pid_namespace'> {
  try {
    return { pid_namespace: readlinkSync('/proc/self/ns/pid') }
  } catch {
    return {}
  }
}

/** Writes the file in one piece: readers see the old or the new content. */
export function writeNodeInfo(root: string, info: NodeInfo): void {
  const file = nodeFile(root)
  const temporary = `${file}.${info.pid}`
  writeFileSync(temporary, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, file)
}

/**
 * Whether a socket is one that {@link socketPath} makes for this installation. The file may have come here with a copy
 * of a whole installation: what it names then is another node's.
 */
export function isOwnSocket(root: string, socket: string): boolean {
  const dir = dirname(socket)
  return dir === runDir(root) || (basename(socket) === SOCKET_FILE && basename(dir).startsWith(SOCKET_DIR))
}

/** Removes socket and file, the file only if it is this node's; a socket of another installation stays. */
export function removeNodeInfo(root: string, { pid, socket }: Pick<NodeInfo, 'pid' | 'socket'>): void {
  if (isOwnSocket(root, socket)) {
    rmSync(socket, { force: true })
    if (dirname(socket) !== runDir(root)) rmSync(dirname(socket), { recursive: true, force: true })
  }
  if (readNodeInfo(root)?.pid === pid) rmSync(nodeFile(root), { force: true })
}

/** @returns what the file says, or undefined when there is none that can be read. */
export function readNodeInfo(root: string): NodeInfo | undefined {
  try {
    // Written by writeNodeInfo.
    return JSON.parse(readFileSync(nodeFile(root), 'utf8')) as NodeInfo
  } catch {
    return undefined
  }
}
