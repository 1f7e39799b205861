/**
 * Carries a release plan out below its root, `_build/rel/NAME`, and decides nothing beyond what may be replaced.
 *
 * Every group that is not there yet is made in a folder beside (`.build-PID`) and renamed into place; what is there
 * with the same content is not touched, so other versions in the same root, and a node that runs one of them, stay as
 * they are. The same application version with other content is refused: a node that has loaded it would go on with
 * files that are no longer the ones it was started from. When a step fails, everything that this run put in place is
 * removed again.
 *
 * OTP: the unpacking half of `release_handler:unpack_release/1`, which keeps whatever is there.
 */
import { constants, lstatSync, readFileSync } from 'node:fs'
import { chmod, copyFile, lstat, readdir, readlink, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Fault, formatFault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { ensureDir, openSums, remove, type Sums } from './files.js'
import type { FileAction, PlanGroup, ReleasePlan } from './plan.js'

/** What an assembly did. */
export interface Assembled {
  /** The release's root, absolute. */
  readonly root: string
  /** Folders and files that were put in place, in order; empty when everything was there. */
  readonly placed: readonly string[]
}

/** Why a release is not assembled. */
export type AssembleFault =
  /** An application's or package's folder is there with other content. */
  | {
      readonly tag: 'version_reused'
      readonly unit: string
      readonly kind: PlanGroup['kind']
      readonly files: readonly string[]
      /** The package.json of a package of the project itself. */
      readonly manifest?: string
    }
  /** The file system refuses. */
  | { readonly tag: 'io_error'; readonly path: string; readonly code: string; readonly cause: Error }

/** Settings of an assembly. */
export interface AssembleOptions {
  /** Which folders whose content differs are replaced. Default: none. */
  readonly force?: (folder: string) => boolean
  /** Remembers what was copied before. Default: nobody does. */
  readonly sums?: Sums
}

/** What becomes of a group. */
type Verdict = 'place' | 'keep' | 'replace' | { readonly differs: readonly string[] }

/** Carries out a plan below `root`, which need not exist. */
export async function assemble(
  plan: ReleasePlan,
  root: string,
  options: AssembleOptions = {},
): Promise<Result<Assembled, readonly AssembleFault[]>> {
  const { force = () => false, sums = await openSums(undefined) } = options
  const faults: AssembleFault[] = []
  const todo: { readonly group: PlanGroup; readonly verdict: 'place' | 'replace' }[] = []
  for (const group of plan.groups) {
    const verdict = judge(group, await changedFiles(group, root, sums), force(group.unit))
    if (typeof verdict === 'object')
      faults.push({
        tag: 'version_reused',
        unit: group.unit,
        kind: group.kind,
        files: verdict.differs,
        ...ownPackage(group),
      })
    else if (verdict !== 'keep') todo.push({ group, verdict })
  }
  if (faults.length > 0) return err(faults)
  if (todo.length === 0) return ok({ root, placed: [] })

  const staging = join(root, `.build-${process.pid}`)
  const undo: (() => Promise<void>)[] = []
  try {
    await removeOldStaging(root)
    for (const { group } of todo) await make(group.actions, staging)
    for (const { group, verdict } of todo) {
      for (const unit of unitsOf(group))
        undo.unshift(await place(join(staging, unit), join(root, unit), verdict, staging))
    }
    return ok({ root, placed: todo.flatMap(({ group }) => unitsOf(group)) })
  } catch (failure) {
    for (const back of undo) await back().catch(() => {})
    return err([ioFault(failure, root)])
  } finally {
    await remove(staging)
  }
}

/** The state is two files of a folder that is not theirs. */
const unitsOf = ({ kind, unit, actions }: PlanGroup): readonly string[] =>
  kind === 'state' ? actions.map(({ path }) => path) : [unit]

/** Where the version of a library of the project stands; an installed one has the version that it was published with. */
function ownPackage({ kind, unit, actions }: PlanGroup): { readonly manifest?: string } {
  if (kind !== 'package') return {}
  const name = unit.replace(/^lib\/\.npm\//, '').replace(/(.)@.*$/, '$1')
  const manifest = actions.find(({ path }) => path === `${unit}/node_modules/${name}/package.json`)
  const isOwn = manifest?.op === 'copy' && !/[/\\]node_modules[/\\]/.test(manifest.from)
  return isOwn ? { manifest: manifest.from } : {}
}

/** What may be done where a group's files differ from those there; `changed` undefined: nothing is there. */
function judge({ kind }: PlanGroup, changed: readonly string[] | undefined, force: boolean): Verdict {
  // once a node has its state there, the build never changes it again
  if (kind === 'state') return changed === undefined ? 'place' : 'keep'
  if (changed === undefined) return 'place'
  if (changed.length === 0) return 'keep'
  if (kind === 'release' || kind === 'command' || kind === 'overlay') return 'replace'
  return force ? 'replace' : { differs: changed }
}

/** Paths that differ from what is there, within the group's folder; undefined when nothing of it is there. */
async function changedFiles(group: PlanGroup, root: string, sums: Sums): Promise<readonly string[] | undefined> {
  const { unit, kind, actions } = group
  if (kind === 'state') {
    const there = await Promise.all(actions.map(({ path }) => lstat(join(root, path)).catch(() => undefined)))
    return there.some((found) => found !== undefined) ? [] : undefined
  }
  const found = await lstat(join(root, unit)).catch(() => undefined)
  if (found === undefined) return undefined
  const changed = await Promise.all(
    actions.map(async (action) => ((await isThere(action, root, sums)) ? [] : [action.path])),
  )
  const planned = new Set(actions.map(({ path }) => path))
  // what a node puts into a folder of an overlay is its own
  const extra =
    found.isDirectory() && kind !== 'overlay'
      ? (await everythingBelow(root, unit)).filter((path) => !planned.has(path))
      : []
  return [...changed.flat(), ...extra].map((path) => (path === unit ? path : path.slice(unit.length + 1))).sort()
}

async function isThere(action: FileAction, root: string, sums: Sums): Promise<boolean> {
  const path = join(root, action.path)
  if (action.op === 'link') return (await readlink(path).catch(() => undefined)) === action.target
  if (action.op === 'mkdir') return (await lstat(path).catch(() => undefined))?.isDirectory() === true
  if (action.op === 'write') return textOf(path) === action.text
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
  return (await sums.of(path, action.path))?.sha256 === action.sha256
}

/** Synchronously: a release has hundreds of small files, which that reads in a fifth of the time. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Files and links below a folder, relative to the root. */
async function everythingBelow(root: string, dir: string): Promise<string[]> {
  const entries = await readdir(join(root, dir), { withFileTypes: true })
  const found = entries.map(async (entry) => {
    const path = `${dir}/${entry.name}`
    return entry.isDirectory() ? everythingBelow(root, path) : [path]
  })
  return (await Promise.all(found)).flat()
}

/** Makes the files of a group below the staging folder. */
async function make(actions: readonly FileAction[], staging: string): Promise<void> {
  for (const dir of new Set(actions.map(({ path }) => dirname(join(staging, path))))) await ensureDir(dir)
  for (const action of actions) {
    const path = join(staging, action.path)
    switch (action.op) {
      case 'write':
        await writeFile(path, action.text)
        await chmod(path, action.mode)
        break
      case 'copy':
        await copyFile(action.from, path, constants.COPYFILE_FICLONE)
        await chmod(path, action.mode)
        break
      case 'link':
        await symlink(action.target, path)
        break
      case 'mkdir':
        await ensureDir(path)
        await chmod(path, action.mode)
        break
    }
  }
}

/** Renames a folder or file into place; gives back how to undo it. */
async function place(
  from: string,
  to: string,
  verdict: 'place' | 'replace',
  staging: string,
): Promise<() => Promise<void>> {
  await ensureDir(dirname(to))
  if (verdict === 'place') {
    await rename(from, to)
    return () => remove(to)
  }
  const aside = `${staging}/.replaced-${replaced++}`
  await rename(to, aside)
  const back = async () => {
    await remove(to)
    await rename(aside, to)
  }
  await rename(from, to).catch(async (failure) => {
    await back()
    throw failure
  })
  return back
}

let replaced = 0

/** Removes the staging folders of builds that were killed. */
async function removeOldStaging(root: string): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    const pid = /^\.build-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) {
      await remove(join(root, name))
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (failure) {
    // somebody else's process is alive as well
    return failure instanceof Error && 'code' in failure && failure.code === 'EPERM'
  }
}

function ioFault(failure: unknown, root: string): AssembleFault {
  if (!(failure instanceof Error && 'code' in failure)) throw failure
  const path = 'path' in failure ? String(failure.path) : root
  return { tag: 'io_error', path, code: String(failure.code), cause: failure }
}

/** Most files that a message names. */
const NAMED_FILES = 5

/** The fault with its place and words. */
export function assembleFault(fault: AssembleFault): Fault {
  switch (fault.tag) {
    case 'version_reused': {
      const { unit, kind, manifest } = fault
      // an archive differs because a module does
      const modules = fault.files.filter((file) => !file.endsWith('.archive'))
      const files = modules.length > 0 ? modules : fault.files
      const more = files.length > NAMED_FILES ? ` and ${files.length - NAMED_FILES} more` : ''
      const named = `${files
        .slice(0, NAMED_FILES)
        .map((file) => `"${file}"`)
        .join(', ')}${more}`
      const wayOut =
        kind === 'application'
          ? 'give the changed application a new "vsn"'
          : manifest === undefined
            ? 'build into an empty folder'
            : `give the package a new "version" in ${manifest}, and who imports it a new "vsn"`
      const message = `was assembled before with other content (${named}), and a running node or another release relies on it; ${wayOut}, or build with --force`
      return { ...fault, severity: 'error', message, file: unit }
    }
    case 'io_error':
      return {
        ...fault,
        severity: 'error',
        message: `cannot be written: ${fault.cause.message}`,
        file: fault.path,
        path: '',
      }
  }
}

/** The fault as one sentence, place first. */
export const formatAssembleFault = (fault: AssembleFault): string => formatFault(assembleFault(fault))
