/**
 * Reads what a plan between two releases of one root is made of: no node has to run, nothing is changed.
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { formatFault } from '../../../schemas/fault.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { ModuleMeta } from '../../erts/linker/meta.js'
import { AS_WRITTEN, readSysConfig } from '../../kernel/src/config.js'
import { readChecksums } from './checksums.js'
import type { ReleaseError } from './release_error.js'
import { libDir, readReleaseFiles, readRelup, readScript } from './release_files.js'
import type { ReleaseLib } from './releases_file.js'
import { findEntry, readAppup } from './systools_appup.js'
import { applicationOf, findScript, resourcesOf, touchedBy } from './upgrade_plan.js'
import { environmentsOf, type ModuleUses, packageNameOf, readsIn } from './upgrade_plan_config.js'
import { callbackOf, makePlan, type PlanSide, type PlanSource } from './upgrade_plan_make.js'
import { childrenIn, type NamedChildren } from './upgrade_plan_modules.js'
import type { LiveCounts, UpgradePlan } from './upgrade_plan_types.js'

/**
 * The plan from one version to another, both assembled or unpacked in a root.
 *
 * @returns the plan; or what is missing: a release's files, or instructions between the two, then with the applications
 *   whose appups do not lead there
 */
export async function readPlan(
  root: string,
  from: string,
  to: string,
  live: LiveCounts | null = null,
): Promise<Result<UpgradePlan, ReleaseError>> {
  const known = await versionsIn(root)
  for (const vsn of [from, to]) if (!known.includes(vsn)) return err({ tag: 'no_such_release', vsn, known })
  const [old, next] = [await readSide(root, from), await readSide(root, to)]
  if (!old.ok) return old
  if (!next.ok) return next
  const found = findScript(from, to, await readRelup(root, to), await readRelup(root, from))
  if (!found.ok) return err(await withLacking(root, old.value.libs, next.value.libs, found.error))
  const script = found.value
  const sides = { from: old.value, to: next.value, script }
  const { loaded, removed, suspended } = touchedBy(script.instructions)
  const callbacks = next.value.libs.flatMap(({ application }) => callbackOf(next.value, application) ?? [])
  const exports = new Map<string, readonly string[]>()
  const children = new Map<string, NamedChildren>()
  for (const id of new Set([...loaded, ...removed, ...suspended, ...callbacks])) {
    const before = await readMeta(root, old.value.libs, id)
    const after = await readMeta(root, next.value.libs, id)
    // Removed modules are only in the old release.
    const meta = (after ?? before)?.meta
    if (meta !== undefined) exports.set(id, meta.exports)
    if (before === undefined || after === undefined) continue
    children.set(id, { old: childrenIn(before.text), new: childrenIn(after.text) })
  }
  const uses = concernsOthers(sides) ? await readUses(root, next.value) : new Map()
  return ok(makePlan({ ...sides, exports, children, uses }, live))
}

async function readSide(root: string, vsn: string): Promise<Result<PlanSide, ReleaseError>> {
  const files = await readReleaseFiles(root, vsn)
  if (!files.ok) return files
  const script = await readScript(root, vsn)
  if (!script.ok) return script
  const file = `releases/${vsn}/sys.config.json`
  const config = readSysConfig([join(root, file)], undefined, AS_WRITTEN)
  if (!config.ok) return err({ tag: 'bad_file', file, why: config.error.map(formatFault).join('; ') })
  const checksums = await readChecksums(root, vsn)
  const { rel, libs } = files.value
  return ok({
    rel,
    libs,
    resources: resourcesOf(script.value),
    checksums: checksums.ok ? checksums.value : undefined,
    config: config.value,
    packages: new Map(
      await Promise.all(libs.map(async (lib) => [lib.application, await readLinks(root, lib)] as const)),
    ),
  })
}

/** The npm packages of an application: links into the store, by the name they are imported by. */
async function readLinks(root: string, lib: ReleaseLib): Promise<ReadonlyMap<string, string>> {
  const dir = join(libDir(root, lib), 'node_modules')
  const names = (await readdir(dir).catch(() => [])).sort()
  const all = await Promise.all(
    names.map(async (name) =>
      name.startsWith('@') ? (await readdir(join(dir, name)).catch(() => [])).map((one) => `${name}/${one}`) : [name],
    ),
  )
  const links = await Promise.all(
    all.flat().map(async (name) => {
      const target = (await readlink(join(dir, name)).catch(() => '')).replaceAll('\\', '/')
      const key = /\.npm\/(.+?)\/node_modules\//.exec(target)?.[1]
      return key === undefined ? [] : [[name, key] as const]
    }),
  )
  return new Map(links.flat())
}

/** Whether parameters or packages differ, so that it matters who uses them. */
function concernsOthers({ from, to }: Pick<PlanSource, 'from' | 'to'>): boolean {
  const flat = (side: PlanSide): string =>
    JSON.stringify([
      [...environmentsOf(side.resources, side.config)].map(([name, env]) => [name, [...env]]),
      [...side.packages].map(([name, links]: [string, ReadonlyMap<string, string>]) => [name, [...links]]),
    ])
  return flat(from) !== flat(to)
}

/** What every module of a release uses. */
async function readUses(root: string, { libs, resources }: PlanSide): Promise<ReadonlyMap<string, ModuleUses>> {
  const ids = resources.flatMap(({ name, modules }) =>
    Array.isArray(modules) ? modules.map((module) => `${name}/${module}`) : [],
  )
  const uses = new Map<string, ModuleUses>()
  for (const id of ids) {
    const read = await readMeta(root, libs, id)
    if (read === undefined) continue
    const { text, meta } = read
    const targets = [...meta.imports, ...Object.values(meta.dynamic ?? {})]
    const packages = new Set(targets.flatMap((target) => ('p' in target ? [packageNameOf(target.p)] : [])))
    uses.set(id, { reads: readsIn(text, applicationOf(id)), packages: [...packages] })
  }
  return uses
}

/** A built module's text and what stands at its head; undefined where it is not there or is none. */
async function readMeta(
  root: string,
  libs: readonly ReleaseLib[],
  id: string,
): Promise<{ readonly text: string; readonly meta: ModuleMeta } | undefined> {
  const application = applicationOf(id)
  const lib = libs.find((one) => one.application === application)
  if (lib === undefined) return undefined
  const file = join(libDir(root, lib), 'ebin', `${id.slice(application.length + 1)}.js`)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const head = text === undefined ? null : /^return \{m:(\{.*?\}),f:\((?:async )?function/s.exec(text)
  if (text === undefined || head?.[1] === undefined) return undefined
  try {
    // Written by the build, as its own type.
    return { text, meta: JSON.parse(head[1]) as ModuleMeta }
  } catch {
    return undefined
  }
}

/** Versions of the releases whose files are in a root, sorted as texts. */
export async function versionsIn(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, 'releases'), { withFileTypes: true }).catch(() => [])
  const dirs = names.filter((one) => one.isDirectory()).map(({ name }) => name)
  const found = await Promise.all(
    dirs.map(async (vsn) =>
      (await readdir(join(root, 'releases', vsn)).catch(() => [])).some((file) => file.endsWith('.rel.json')),
    ),
  )
  return dirs.filter((_, index) => found[index] === true).sort()
}

/** The refusal, with every changed application whose appups have no entry for the change. */
export async function withLacking(
  root: string,
  from: readonly ReleaseLib[],
  to: readonly ReleaseLib[],
  error: ReleaseError,
): Promise<ReleaseError> {
  if (error.tag !== 'no_matching_relup') return error
  const lacking: { application: string; from: string; to: string; why: string }[] = []
  for (const next of to) {
    const old = from.find(({ application }) => application === next.application)
    if (old === undefined || old.vsn === next.vsn) continue
    const up = await entryOf(root, next, 'up', old.vsn)
    if (up === undefined) continue
    const down = await entryOf(root, old, 'down', next.vsn)
    if (down === undefined) continue
    // Either would do; one that is not there at all says less than one without the entry.
    const why = up.includes(NO_APPUP) && !down.includes(NO_APPUP) ? down : up
    lacking.push({ application: next.application, from: old.vsn, to: next.vsn, why })
  }
  return { ...error, lacking }
}

const NO_APPUP = 'has no appup.json'

/** What is wrong with an appup for a version; undefined: it has an entry. */
async function entryOf(root: string, lib: ReleaseLib, mode: 'up' | 'down', vsn: string): Promise<string | undefined> {
  const file = `${lib.dir}/ebin/appup.json`
  const text = await readFile(join(libDir(root, lib), 'ebin', 'appup.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return `${lib.application} ${lib.vsn} ${NO_APPUP}`
  let appup: unknown
  try {
    appup = JSON.parse(text)
  } catch {
    return `${file} is no JSON`
  }
  const read = readAppup({ name: lib.application, vsn: lib.vsn }, { file, appup })
  if ('errors' in read) return `${file} cannot be used`
  if (findEntry(read.appup[mode], vsn) !== undefined) return undefined
  const written = read.appup[mode].map((one) => one.written).join(', ') || 'no version'
  return `appup.json of ${lib.application} ${lib.vsn} ${mode === 'up' ? 'comes from' : 'goes back to'} ${written}, not ${vsn}`
}
