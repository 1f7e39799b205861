/**
 * Real nodes for tests: programs run to their end, releases in folders of their own, and nothing left afterwards,
 * not even when the test process is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { create, extract } from 'tar'
import { type Files, projectFiles, type ReleaseOf } from './e2e_project.js'

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The command line as it is published. */
const MAIN = join(ROOT, 'dist', 'cli', 'main.js')
/** Whatever takes longer than this hangs. */
const LIMIT_MS = 60_000

// ---- programs

/** What a program printed, and how it ended. */
export interface Ran {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** What it reads from its standard input. Default: nothing. */
  readonly input?: string
  /** Whatever takes longer hangs, ms. Default 60,000. */
  readonly limitMs?: number
  /** Told its process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Runs a program to its end. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd = ROOT, input, onStart, limitMs = LIMIT_MS } = options
  // What a test kills stays dead, unless it says otherwise.
  const env = { RELEASE_RESTARTS: '0', ...(options.env ?? { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' }) }
  const since = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${file} ${args.join(' ')}: not within ${limitMs} ms\n${stdout}${stderr}`))
    }, limitMs)
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.once('error', (failure) => {
      clearTimeout(limit)
      reject(failure)
    })
    child.once('close', (code) => {
      clearTimeout(limit)
      resolve({ code, stdout, stderr, ms: performance.now() - since })
    })
    child.stdin?.on('error', () => {}).end(input)
    onStart?.(child)
  })
}

/** Runs `otp-rel ARGS`. */
export const otpRel = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  run(process.execPath, [MAIN, ...args], options)

/** What a program printed when it did what was asked. @throws with everything it printed when it did not */
export function done(ran: Ran): string {
  if (ran.code !== 0) throw new Error(`ended with ${ran.code}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

/** The document that a `--json` call printed. */
export const jsonOf = (ran: Ran): Readonly<Record<string, unknown>> => {
  const value = record(JSON.parse(ran.stdout))
  if (value === undefined) throw new Error(`not an object: ${ran.stdout}`)
  return value
}

/** Waits until something holds, looking often. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const endMs = performance.now() + LIMIT_MS
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > endMs) throw new Error(`${what}: not within ${LIMIT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A hook that says why it failed: the runner counts its tests as not run and keeps the reason to itself. */
export const telling = (hook: () => Promise<void>) => async (): Promise<void> => {
  try {
    await hook()
  } catch (failure) {
    console.error(failure)
    throw failure
  }
}

// ---- folders

/** A folder for a test file, in which its nodes run. */
export interface Workshop {
  readonly dir: string
  /** A path in it. */
  path(...parts: string[]): string
  /** Writes files; a value that is no text becomes JSON. */
  put(folder: string, files: Files): Promise<void>
  /** Writes a project in a folder of its own. @returns the folder */
  project(name: string, releases: readonly ReleaseOf[]): Promise<string>
  /** A release where a package is unpacked. */
  deploy(name: string, tar: string): Promise<Release>
  /** Ends every node that runs below, and removes everything. */
  close(): Promise<void>
}

/**
 * When the test process is gone, however it went, whatever still runs below its folder ends and the folder goes: the
 * other end of this program's standard input is the test process.
 */
const GUARD = `
cat >/dev/null
for file in "$1"/*/run/node.json "$1"/*/_build/rel/*/run/node.json; do
  [ -f "$file" ] || continue
  pid=$(sed -n 's/.*"pid": *\\([0-9][0-9]*\\).*/\\1/p' "$file")
  case $(ps -o args= -p "$pid" 2>/dev/null) in *"$1"*) kill -9 "$pid" ;; esac
done
rm -rf "$1"
`

/** Opens a folder. Close it in `test.after`. */
export async function openWorkshop(): Promise<Workshop> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'otp-rel-e2e-')))
  const guard = spawn('sh', ['-c', GUARD, 'guard', dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.stdin.on('error', () => {})
  guard.unref()
  // Reason for the cast: a pipe's stream is a socket, which Node's types do not say.
  ;(guard.stdin as unknown as { unref(): void }).unref()
  const path = (...parts: string[]) => join(dir, ...parts)
  const put = async (folder: string, files: Files) => {
    for (const [name, content] of Object.entries(files)) {
      const file = path(folder, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`)
    }
  }
  return {
    dir,
    path,
    put,
    async project(name, releases) {
      await put(name, projectFiles(releases))
      return path(name)
    },
    async deploy(name, tar) {
      await mkdir(path(name), { recursive: true })
      await extract({ file: tar, cwd: path(name) })
      return release(path(name))
    },
    async close() {
      for (const name of await readdir(dir)) {
        await killNode(path(name))
        const built = path(name, '_build', 'rel')
        for (const inside of await readdir(built).catch(() => [])) await killNode(join(built, inside))
      }
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
      guard.stdin.end()
    },
  }
}

/** Builds every release of a project and packs it. @returns the package of a version */
export async function buildTars(project: string): Promise<(vsn: string) => string> {
  done(await otpRel(['tar', '--project', project]))
  return (vsn) => join(project, '_build', 'tar', `counter-${vsn}.tar.gz`)
}

/** Copies a folder with its links. */
export const copyFolder = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.sock') })

/** Every file and link below a folder with the hash of its content; a folder that is not there is empty. */
export async function contentsOf(dir: string): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = []
  const walk = async (below: string): Promise<void> => {
    for (const name of await readdir(join(dir, below)).catch(() => [])) {
      const path = below === '' ? name : `${below}/${name}`
      const info = await lstat(join(dir, path))
      if (info.isDirectory()) {
        found.push([`${path}/`, ''])
        await walk(path)
      } else if (info.isSymbolicLink()) found.push([path, `-> ${await readlink(join(dir, path))}`])
      else if (info.isFile()) {
        found.push([
          path,
          createHash('sha256')
            .update(await readFile(join(dir, path)))
            .digest('hex'),
        ])
      }
    }
  }
  await walk('')
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Makes a package of another with some files changed, its checksums in agreement.
 *
 * @param edit gets the folder it is unpacked in
 */
export async function repack(
  tar: string,
  to: string,
  edit: (dir: string) => Promise<void>,
  sums: 'sums made anew' | 'sums as they were' = 'sums made anew',
): Promise<void> {
  const dir = await mkdtemp(join(dirname(to), '.repack-'))
  try {
    await extract({ file: tar, cwd: dir })
    await edit(dir)
    if (sums === 'sums made anew') {
      for (const vsn of await readdir(join(dir, 'releases'))) {
        const file = join(dir, 'releases', vsn, 'checksums.json')
        const contents = await contentsOf(dir)
        const before: unknown = JSON.parse(await readFile(file, 'utf8'))
        const after = Object.fromEntries(
          Object.keys(record(before) ?? {}).flatMap((path) => (path in contents ? [[path, contents[path]]] : [])),
        )
        await writeFile(file, JSON.stringify(after))
      }
    }
    await create({ file: to, cwd: dir, gzip: true, portable: true }, (await readdir(dir)).sort())
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

// ---- releases

/** What `web` says of the counter. */
export interface Look {
  readonly version: string
  readonly shape: readonly string[]
  readonly n: number
  readonly words: string
  readonly pid: string
  readonly noted: number
  readonly step: number
  readonly os: number
}

/** A release in a folder, and the node that may run from it. */
export interface Release {
  readonly root: string
  /** Runs `bin/counter ARGS`. */
  bin(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** Starts the node. @throws with its log when it does not start */
  start(): Promise<void>
  /** One call over the control socket. */
  call(method: string, params?: unknown): Promise<Readonly<Record<string, unknown>>>
  /** What a function of the node's code returns, as JSON. */
  rpc(module: string, fun: string, args?: readonly unknown[]): Promise<unknown>
  /** `versions` as text: `1.1.0 current, 1.0.0 permanent`. */
  versions(): Promise<string>
  /** GET a path of `web`. */
  get<T = Look>(path?: string): Promise<T>
  /** Whether no node runs here; undefined while one does, for {@link until}. */
  hasEnded(): Promise<true | undefined>
  /** Ends the node at once, as the system would when memory runs out, and waits until it has ended. */
  kill(): Promise<void>
}

/** The release in a folder. */
export function release(root: string): Release {
  const bin: Release['bin'] = (args, options) => run(join(root, 'bin', 'counter'), args, options)
  const ask = async (method: string, params: unknown = {}): Promise<unknown> =>
    askSocket(String((await nodeFile(root))?.socket), method, params)
  let port: { readonly os: number; readonly port: number } | undefined
  return {
    root,
    bin,
    async start() {
      done(await bin(['start']))
    },
    call: async (method, params) => record(await ask(method, params)) ?? {},
    rpc: (module, fun, args = []) => ask('rpc', { module, function: fun, args }),
    async versions() {
      const { releases } = record(await ask('releases')) ?? {}
      if (!Array.isArray(releases)) return ''
      return releases.map((one) => `${record(one)?.vsn} ${record(one)?.status}`).join(', ')
    },
    async get<T>(path = '/') {
      const os = Number((await nodeFile(root))?.pid)
      if (port?.os !== os) {
        const listens = await ask('rpc', { module: 'web/listener', function: 'port', args: [] })
        port = { os, port: Number(listens) }
      }
      const response = await fetch(`http://127.0.0.1:${port.port}${path}`)
      const body: unknown = await response.json()
      if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(body)}`)
      return body as T // the listener of the fixture makes it
    },
    async hasEnded() {
      const pid = (await nodeFile(root))?.pid
      return typeof pid === 'number' && isAlive(pid) ? undefined : true
    },
    kill: () => killNode(root),
  }
}

/** `run/node.json`; undefined when there is none. */
async function nodeFile(root: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = await readFile(join(root, 'run', 'node.json'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : record(JSON.parse(text))
}

/** One request of the control protocol, without any of our code. */
export function askSocket(path: string, method: string, params: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let received = ''
    socket.setEncoding('utf8').on('data', (chunk) => {
      received += chunk
      for (let end = received.indexOf('\n'); end >= 0; end = received.indexOf('\n')) {
        const frame = record(JSON.parse(received.slice(0, end)))
        received = received.slice(end + 1)
        if (frame !== undefined && 'result' in frame) resolve(frame.result)
        else if (frame !== undefined && 'error' in frame) reject(new Error(JSON.stringify(frame.error)))
        else continue
        socket.destroy()
      }
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`no answer to "${method}"`)))
    socket.write(`${JSON.stringify({ id: 1, method, params })}\n`)
  })
}

/** A value that is an object and no array, else undefined. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // Reason for the cast: exactly what the type says.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Kills the node of a folder, if one runs there. */
async function killNode(root: string): Promise<void> {
  const pid = (await nodeFile(root))?.pid
  // The test's own process stands in some of these files.
  if (typeof pid !== 'number' || pid === process.pid || !isAlive(pid)) return
  process.kill(pid, 'SIGKILL')
  await until(`process ${pid} ends`, () => (isAlive(pid) ? undefined : true))
}
