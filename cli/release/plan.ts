/**
 * What a release is on disk, as data: an ordered list of file actions, in groups.
 *
 * A group is what is put in place as a whole: the folder of an application, of an npm package, of the node binary, of
 * the release itself. Above each group stands what it makes. Pure: assemble.ts carries it out, `--dry-run` prints it,
 * tests compare it. OTP: the content list of `systools_make:make_tar/2`; the shape is Elixir's `Mix.Release`.
 */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { archiveName, archiveText } from '../../runtime/erts/linker/archive.js'
import { ANCHOR_TEXT } from '../../runtime/erts/linker/native.js'
import { linkSum } from '../../runtime/sasl/src/checksums.js'
import type { AppResource } from '../../schemas/app_resource.js'
import type { Appup, BootScript, Rel, Relup } from '../../schemas/types.js'
import type { CompiledApplication } from './compiled.js'
import type { FoundFile } from './files.js'
import type { StoreLink } from './package_store.js'
import type { Program } from './runtime_bundle.js'
import { sbomText } from './sbom.js'
import type { Signer } from './sign.js'

/** One step of assembling. Paths are relative to the release's root, with `/`. */
export type FileAction =
  /** A file with this text. */
  | {
      readonly op: 'write'
      readonly path: string
      readonly text: string
      readonly mode: number
      readonly sha256: string
    }
  /** A copy of a file on the build machine. */
  | {
      readonly op: 'copy'
      readonly path: string
      readonly from: string
      readonly mode: number
      readonly sha256: string
    }
  /** A symbolic link; `target` is relative to the link's folder, or absolute in a release for development. */
  | { readonly op: 'link'; readonly path: string; readonly target: string }
  /** A folder that is there although it is empty. */
  | { readonly op: 'mkdir'; readonly path: string; readonly mode: number }

/** Files that are put in place together. */
export interface PlanGroup {
  /** The folder that is theirs alone, or the one file. */
  readonly unit: string
  /** Which rules hold for what is there already; see assemble.ts. */
  readonly kind: 'application' | 'package' | 'erts' | 'release' | 'command' | 'overlay' | 'state'
  readonly actions: readonly FileAction[]
}

/** A release, file by file. */
export interface ReleasePlan {
  readonly name: string
  readonly vsn: string
  /** In the order in which they are put in place: what boots a release comes after what it boots. */
  readonly groups: readonly PlanGroup[]
  /** Source maps that stay at home; their paths are those they would have in the release. */
  readonly maps: readonly PlanGroup[]
}

/** An application as the plan needs it. */
export interface PlanApplication {
  readonly resource: AppResource
  readonly appup: Appup | undefined
  readonly compiled: CompiledApplication
  /** Content of its priv folder. */
  readonly priv: readonly FoundFile[]
  /** Sources of its modules, below `src`, where they travel. */
  readonly sources: readonly FoundFile[]
  /** Links to the npm packages that it imports. */
  readonly links: readonly StoreLink[]
}

/** A package of the store, with its files. */
export interface PlanPackage {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly key: string
  readonly links: readonly StoreLink[]
  readonly files: readonly FoundFile[]
}

/** A link in place of a file or folder. */
export interface DevLink {
  /** In the release. */
  readonly path: string
  /** Absolute. */
  readonly target: string
}

/** Everything that a release consists of. */
export interface PlanInput {
  readonly rel: Rel
  /** In the order of the rel file. */
  readonly applications: readonly PlanApplication[]
  readonly packages: readonly PlanPackage[]
  /** The runtime underneath and the commands, in the kernel's priv. */
  readonly programs: readonly Program[]
  /** The version of the otp-rel that builds it. */
  readonly otpRel: string
  readonly script: BootScript
  readonly relup: Relup | undefined
  /** sys.config.json and the files that it names, by file name. */
  readonly config: ReadonlyMap<string, string>
  readonly vmArgs: string
  readonly startScript: string
  readonly envScript: string
  /** The node binary that travels in the release. */
  readonly node: FoundFile | undefined
  /** Files of the project's own, anywhere in the release. */
  readonly overlay: readonly FileAction[]
  /** Leave source maps out. */
  readonly strip: boolean
  /** Files and folders that are links to the project in a release for development. */
  readonly dev: readonly DevLink[]
  /** Signs the list of checksums. */
  readonly sign?: Signer | undefined
}

/** The files of a release. */
export function planRelease(input: PlanInput): ReleasePlan {
  const { rel } = input
  const own: PlanGroup[] = []

  // erts-20.20.2/bin/node
  if (input.node !== undefined) {
    const unit = `erts-${rel.erts}`
    const { from, sha256 } = input.node
    own.push({ unit, kind: 'erts', actions: [{ op: 'copy', path: `${unit}/bin/node`, from, mode: 0o755, sha256 }] })
  }

  // lib/.npm/ws@8.18.0/node_modules/ws/...
  //                    node_modules/DEPENDENCY -> ../../DEPENDENCY@VERSION/node_modules/DEPENDENCY
  for (const one of input.packages) own.push(packageGroup(one))

  // lib/shop-1.0.0/ebin/app.json appup.json cart.js cart.js.map shop.archive anchor.mjs
  //                priv/...
  //                node_modules/ws -> ../../.npm/ws@8.18.0/node_modules/ws
  for (const application of input.applications) own.push(applicationGroup(application, input))

  // whatever otp.config.json puts beside or into these
  const { inside, beside } = placeOverlay(input.overlay, own, `releases/${rel.vsn}`)
  const dev = input.dev.filter((link) => !input.overlay.some(({ path }) => path.startsWith(`${link.path}/`)))
  const whole = own.map(({ unit, kind, actions }): PlanGroup => {
    const all = [...actions, ...(inside.get(unit) ?? [])]
    return { unit, kind, actions: linked(all, unit, dev) }
  })
  const placed = [...whole, ...beside]
  const maps = input.strip
    ? placed.map((group) => keepOnly(group, isMap)).filter(({ actions }) => actions.length > 0)
    : []
  const groups = input.strip ? placed.map((group) => keepOnly(group, (one) => !isMap(one))) : placed

  // bin/shop
  const command = write(`bin/${rel.name}`, input.startScript, 0o755)
  groups.push({ unit: command.path, kind: 'command', actions: [command] })

  // releases/1.0.0/shop.rel.json start.script.json sys.config.json vm.args env.sh relup.json
  //                shop.cdx.json checksums.json checksums.sig
  groups.push(releaseGroup(input, checksums(groups), inside.get(`releases/${rel.vsn}`) ?? []))

  // releases/RELEASES.json releases/start_otp.json: the node's own from its first start on
  groups.push(stateGroup(rel))
  return { name: rel.name, vsn: rel.vsn, groups, maps }
}

function packageGroup({ name, key, links, files }: PlanPackage): PlanGroup {
  const unit = `lib/.npm/${key}`
  const actions: FileAction[] = files.map(({ path, from, mode, sha256 }) => {
    return { op: 'copy', path: `${unit}/node_modules/${name}/${path}`, from, mode, sha256 }
  })
  return { unit, kind: 'package', actions: [...actions, ...links.map((link) => linkTo(unit, link))] }
}

function applicationGroup(
  { resource, appup, compiled, priv, sources, links }: PlanApplication,
  input: PlanInput,
): PlanGroup {
  const unit = `lib/${resource.name}-${resource.vsn}`
  const actions: FileAction[] = [write(`${unit}/ebin/app.json`, json(resource))]
  if (appup !== undefined) actions.push(write(`${unit}/ebin/appup.json`, json(appup)))
  for (const { file, code, map } of compiled.modules) {
    actions.push(write(`${unit}/ebin/${file}`, code))
    if (map !== undefined) actions.push(write(`${unit}/ebin/${file}.map`, map))
  }
  const archived = compiled.modules.flatMap(({ id, code, meta }) => (meta === undefined ? [] : [{ id, code, meta }]))
  actions.push(write(`${unit}/${archiveName(resource.name)}`, archiveText(archived)))
  if (links.length > 0) actions.push(write(`${unit}/ebin/anchor.mjs`, ANCHOR_TEXT))
  if (resource.name === 'kernel') {
    for (const { file, code, map } of input.programs)
      actions.push(write(`${unit}/priv/${file}`, code), write(`${unit}/priv/${file}.map`, map))
  }
  for (const { path, from, mode, sha256 } of priv)
    actions.push({ op: 'copy', path: `${unit}/priv/${path}`, from, mode, sha256 })
  for (const { path, from, mode, sha256 } of sources)
    actions.push({ op: 'copy', path: `${unit}/src/${path}`, from, mode, sha256 })
  for (const link of links) actions.push(linkTo(unit, link))
  return { unit, kind: 'application', actions }
}

/** `UNIT/node_modules/NAME`, leading to the package in the store. */
function linkTo(unit: string, { name, key, package: of }: StoreLink): FileAction {
  const path = `${unit}/node_modules/${name}`
  return { op: 'link', path, target: posix.relative(posix.dirname(path), `lib/.npm/${key}/node_modules/${of}`) }
}

/** Overlays by the group whose folder they are in, and those of no group, each a group of its own. */
function placeOverlay(overlay: readonly FileAction[], groups: readonly PlanGroup[], release: string) {
  const units = [...groups.map(({ unit }) => unit), release]
  const inside = new Map<string, FileAction[]>()
  const beside: PlanGroup[] = []
  for (const action of overlay) {
    // a folder with something in it needs no action of its own
    if (action.op === 'mkdir' && overlay.some(({ path }) => path.startsWith(`${action.path}/`))) continue
    const unit = units.find((one) => action.path.startsWith(`${one}/`))
    if (unit !== undefined) inside.set(unit, [...(inside.get(unit) ?? []), action])
    else beside.push({ unit: action.path, kind: 'overlay', actions: [action] })
  }
  return { inside, beside }
}

/** With links in place of what they lead to. */
function linked(actions: readonly FileAction[], unit: string, links: readonly DevLink[]): readonly FileAction[] {
  const own = links.filter(({ path }) => path.startsWith(`${unit}/`))
  const replaced = (path: string) => own.some((link) => path === link.path || path.startsWith(`${link.path}/`))
  const made = own.map(({ path, target }): FileAction => ({ op: 'link', path, target }))
  return own.length === 0 ? actions : [...actions.filter(({ path }) => !replaced(path)), ...made]
}

/** Only the build writes maps of its own; those of priv are somebody's files. */
const isMap = ({ op, path }: FileAction): boolean => op === 'write' && path.endsWith('.map')

const keepOnly = ({ unit, kind, actions }: PlanGroup, wanted: (action: FileAction) => boolean): PlanGroup => {
  return { unit, kind, actions: actions.filter(wanted) }
}

function releaseGroup(
  input: PlanInput,
  sums: Readonly<Record<string, string>>,
  overlay: readonly FileAction[],
): PlanGroup {
  const { rel, script, relup, config, vmArgs, envScript } = input
  const unit = `releases/${rel.vsn}`
  const made = [
    write(`${unit}/${rel.name}.rel.json`, json(rel)),
    write(`${unit}/start.script.json`, `${JSON.stringify(script)}\n`),
    ...[...config].map(([file, text]) => write(`${unit}/${file}`, text)),
    write(`${unit}/vm.args`, vmArgs),
    write(`${unit}/env.sh`, envScript, 0o755),
    ...(relup === undefined ? [] : [write(`${unit}/relup.json`, json(relup))]),
    write(sbomPath(rel), sbomText(input)),
  ]
  const actions = [...linked([...made, ...overlay], unit, input.dev)]
  const list = json(sorted({ ...sums, ...checksums([{ unit, kind: 'release', actions }]) }))
  actions.push(write(`${unit}/checksums.json`, list))
  if (input.sign !== undefined) actions.push(write(`${unit}/checksums.sig`, input.sign(list)))
  return { unit, kind: 'release', actions }
}

/** Where a release has its bill of materials. */
export const sbomPath = ({ name, vsn }: Pick<Rel, 'name' | 'vsn'>): string => `releases/${vsn}/${name}.cdx.json`

function stateGroup({ name, vsn, erts, applications }: Rel): PlanGroup {
  const libs = applications.map((one) => ({ application: one.name, vsn: one.vsn, dir: `lib/${one.name}-${one.vsn}` }))
  const releases = [{ name, vsn, erts, libs, status: 'permanent' }]
  return {
    unit: 'releases',
    kind: 'state',
    actions: [
      write('releases/RELEASES.json', json(releases)),
      write('releases/start_otp.json', `${JSON.stringify({ erts, vsn })}\n`),
    ],
  }
}

/** Path to sum of every file and link of the groups. */
function checksums(groups: readonly PlanGroup[]): Record<string, string> {
  const files = groups.flatMap(({ actions }) => actions.filter((action) => action.op !== 'mkdir'))
  const sum = (action: (typeof files)[number]) => (action.op === 'link' ? linkSum(action.target) : action.sha256)
  return Object.fromEntries(files.map((action) => [action.path, sum(action)]))
}

function write(path: string, text: string, mode = 0o644) {
  return { op: 'write', path, text, mode, sha256: createHash('sha256').update(text).digest('hex') } as const
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const sorted = (sums: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)))
