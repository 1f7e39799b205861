/** Gathers the facts of `otp-rel doctor`: reads, asks nodes, and changes nothing. What cannot be read is absent. */
import { readdir, readFile, realpath, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { versions as running } from 'node:process'
import { listOf } from '../node/answer.js'
import { connect } from '../node/client.js'
import { runDirOf, type Target } from '../node/command.js'
import type { Config } from '../release/config.js'
import { discover } from '../release/discover.js'
import { home, homeVersion } from '../release/home.js'
import { compareVsn, uncommitted } from '../release/vsn.js'
import { record } from '../render/record.js'
import type { DoctorFacts, Installed, ProjectFacts, ReleaseFacts } from './facts.js'

/** The JSON of a file; undefined where it is not there or is none. */
async function json(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return record(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** What does not depend on a project: this program, the disk and the limits. */
export async function gatherHere(dir: string): Promise<Pick<DoctorFacts, 'node' | 'otpRel' | 'disk' | 'inotify'>> {
  const { root } = home()
  const own = await json(join(root, 'package.json'))
  const oldest = /[\d.]+/.exec(String(record(own?.engines)?.node))?.[0] ?? '0.0.0'
  const inProject: Installed[] = []
  let asked: string | undefined
  for (let folder = dir; ; folder = dirname(folder)) {
    const at = await realpath(join(folder, 'node_modules', 'otp-rel')).catch(() => undefined)
    const found = at === undefined ? undefined : await json(join(at, 'package.json'))
    if (at !== undefined && typeof found?.version === 'string' && !inProject.some((one) => one.dir === at)) {
      inProject.push({ vsn: found.version, dir: at })
    }
    const wanted = await json(join(folder, 'package.json'))
    const range = record(wanted?.dependencies)?.['otp-rel'] ?? record(wanted?.devDependencies)?.['otp-rel']
    if (asked === undefined && typeof range === 'string') asked = range
    if (dirname(folder) === folder) break
  }
  const free = await statfs(dir).catch(() => undefined)
  const limit = async (name: string) => Number(await readFile(`/proc/sys/fs/inotify/${name}`, 'utf8').catch(() => NaN))
  const watches = await limit('max_user_watches')
  return {
    node: { found: running.node, oldest },
    otpRel: { vsn: homeVersion(), dir: await realpath(root), inProject, ...(asked === undefined ? {} : { asked }) },
    ...(free === undefined ? {} : { disk: { dir, freeBytes: free.bavail * free.bsize } }),
    ...(Number.isNaN(watches) ? {} : { inotify: { watches, instances: await limit('max_user_instances') } }),
  }
}

/** A project whose configuration is readable. */
export async function gatherProject(config: Config): Promise<Omit<ProjectFacts, 'build'>> {
  const { apps, broken } = await discover(config)
  const found = [...apps.values()].flat()
  // Those of otp-rel itself and of packages are not the project's to mend.
  const own = found.filter(({ origin }) => origin !== 'otp-rel' && origin !== 'node_modules')
  const changed = await uncommitted(config.root, config.output).catch(() => undefined)
  return {
    dir: config.root,
    configFaults: [],
    applications: own.map(({ name, vsn }) => ({ name, vsn })),
    applicationFaults: [...own, ...broken].flatMap(({ faults }) => faults),
    ...(changed === undefined ? {} : { uncommitted: changed }),
  }
}

/** A release folder and its node. */
export async function gatherRelease(target: Target, timeoutMs: number): Promise<ReleaseFacts> {
  const { root } = target
  const folders = await readdir(join(root, 'releases'), { withFileTypes: true }).catch(() => [])
  const vsns = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const versions = await Promise.all(
    vsns.sort(compareVsn).map(async (vsn) => {
      const { up } = (await json(join(root, 'releases', vsn, 'relup.json'))) ?? {}
      const from = Array.isArray(up) ? up.flatMap((one: unknown) => record(one)?.from ?? []) : []
      return { vsn, from: from.map(String) }
    }),
  )
  const connected = await connect(target, timeoutMs)
  if (connected.ok) connected.value.close()
  const { error } = connected.ok ? { error: undefined } : connected
  const runs = connected.ok
    ? { ...connected.value.node, notRunning: listOf(connected.value.status, 'not_running').map(String) }
    : undefined
  const path = runs?.socket
  const mode = path === undefined ? undefined : (await stat(path).catch(() => undefined))?.mode
  const known = [runs?.pid, error !== undefined && 'pid' in error ? error.pid : undefined]
  const leftovers = (await processesOf(root)).filter((pid) => !known.includes(pid))
  const others = await nodesBelow(runDirOf(target))
  const idle = runs === undefined && error?.tag === 'not_running'
  return {
    name: target.name ?? runs?.name ?? root,
    root,
    versions,
    node: runs === undefined || error !== undefined ? { error: error ?? { tag: 'not_running', root } } : runs,
    ...(path === undefined || mode === undefined ? {} : { socket: { path, mode } }),
    leftovers: leftovers.filter((pid) => !others.includes(pid)),
    ports: idle && leftovers.length === 0 ? await portsOf(root, versions.at(-1)?.vsn) : [],
  }
}

/** Process ids of nodes with names of their own, which run from the same folder. */
async function nodesBelow(runDir: string): Promise<readonly unknown[]> {
  const names = await readdir(runDir).catch(() => [])
  return (await Promise.all(names.map((name) => json(join(runDir, name, 'node.json'))))).map((file) => file?.pid)
}

/** Processes that run code of a release folder, by their command lines; only where /proc tells. */
async function processesOf(root: string): Promise<readonly number[]> {
  const real = await realpath(root).catch(() => root)
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
      const at = words[words.indexOf('--root') + 1]
      const isNode = words.some((word) => word.endsWith('erts.cjs')) && (at === root || at === real)
      return isNode ? [Number(pid)] : []
    }),
  )
  return found.flat()
}

/** Settings called `port` or `..._port` of the configuration of a version, and whether somebody listens there. */
async function portsOf(root: string, vsn: string | undefined): Promise<ReleaseFacts['ports']> {
  if (vsn === undefined) return []
  const config = (await json(join(root, 'releases', vsn, 'sys.config.json'))) ?? {}
  const settings = Object.entries(config).flatMap(([app, values]) =>
    Object.entries(record(values) ?? {}).flatMap(([key, value]) =>
      /(^|_)port$/.test(key) && typeof value === 'number' && value > 0
        ? [{ setting: `${app}.${key}`, port: value }]
        : [],
    ),
  )
  return Promise.all(settings.map(async (one) => ({ ...one, busy: await isBusy(one.port) })))
}

function isBusy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    server.listen(port, () => server.close(() => resolve(false)))
  })
}
