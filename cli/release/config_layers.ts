/**
 * The releases of a configuration with everything merged that says something of them.
 *
 * Lowest first: the profile `dev` or `prod` of otp-rel itself; `defaults` of the file, of the profile, of the command
 * line; the release that is extended, merged in the same way; the release itself in the file, in the profile, on the
 * command line. What is said of a release counts more than any defaults.
 *
 * A setting replaces the one below, whole. `applications` are added to those below, one of the same name replaces it;
 * `overlay` is added.
 * Pure. OTP: relx's `extend` and rebar3's profiles.
 */
import { didYouMean } from '../../schemas/nearest.js'
import type { JsonPath } from '../../schemas/position.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Goal, Overlay, ProfileConfig, ReleaseConfig, ReleaseSettings } from '../../schemas/types.js'

/** A configuration as it is written, as far as this goes. */
export type Layered = Pick<ProfileConfig, 'defaults'> & { readonly releases: readonly ReleaseConfig[] }

/** What is said in one place. */
interface Layer {
  readonly settings: ReleaseSettings
  /** Where in the file; left out: on the command line, or otp-rel says it. */
  readonly path?: JsonPath
}

/** A release, merged. */
export interface MergedRelease {
  readonly name: string
  readonly settings: ReleaseSettings
  /** In order, each with its place in the file. */
  readonly goals: readonly { readonly goal: Goal; readonly path: JsonPath }[]
  /** In order, each with its place in the file. */
  readonly overlay: readonly { readonly item: Overlay; readonly path: JsonPath }[]
  /** Where each setting stands that the file says. */
  readonly origins: Readonly<Record<string, JsonPath>>
  /** Where the release stands in the file. */
  readonly path: JsonPath
}

/** Why releases cannot be merged. */
export type LayerError =
  | { readonly tag: 'unknown_extended'; readonly name: string; readonly path: JsonPath }
  | { readonly tag: 'circular_extend'; readonly names: readonly string[]; readonly path: JsonPath }
  /** A profile or the command line speaks of a release that the file does not have. */
  | { readonly tag: 'unknown_release'; readonly name: string; readonly path: JsonPath | undefined }
  | { readonly tag: 'missing_setting'; readonly key: 'vsn' | 'applications'; readonly path: JsonPath }

/** A profile by name, as the file has it. */
export interface NamedProfile {
  readonly name: string
  /** Undefined: one of otp-rel's own that the file does not write. */
  readonly written: ProfileConfig | undefined
}

/** The profiles that are there without being written: relx's modes, the environments of mix. */
export const OWN_PROFILES: Readonly<Record<string, ReleaseSettings>> = {
  dev: { dev_mode: true },
  prod: { include_erts: true },
}

/** Everything that is merged. */
export interface LayerInput {
  readonly config: Layered
  /** Those that are asked for, lowest first. */
  readonly profiles: readonly NamedProfile[]
  /** What the command line sets. */
  readonly commandLine: ProfileConfig
}

/** Merges all releases of a file, in its order; or says everything that keeps them from it. */
export function mergeReleases(input: LayerInput): Result<readonly MergedRelease[], readonly LayerError[]> {
  const { releases } = input.config
  const errors = unknownReleases(input)
  const defaults = defaultLayers(input)
  const merged = releases.map((release, index): MergedRelease => {
    const path = ['releases', index]
    const layers = [...defaults, ...layersOf(release, path, input, [], errors)]
    return { name: release.name, path, ...merge(layers, path) }
  })
  for (const { settings, path } of merged) {
    if (settings.vsn === undefined) errors.push({ tag: 'missing_setting', key: 'vsn', path })
    if (settings.applications === undefined) errors.push({ tag: 'missing_setting', key: 'applications', path })
  }
  return errors.length > 0 ? err(errors) : ok(merged)
}

function defaultLayers({ config, profiles, commandLine }: LayerInput): Layer[] {
  return [
    ...profiles.map(({ name }): Layer => ({ settings: OWN_PROFILES[name] ?? {} })),
    { settings: config.defaults ?? {}, path: ['defaults'] },
    ...profiles.map(({ name, written }): Layer => {
      return { settings: written?.defaults ?? {}, path: ['profiles', name, 'defaults'] }
    }),
    { settings: commandLine.defaults ?? {} },
  ]
}

/** What is said of a release, and before that of the one it extends. @param from the releases that led here */
function layersOf(
  release: ReleaseConfig,
  path: JsonPath,
  input: LayerInput,
  from: readonly string[],
  errors: LayerError[],
): Layer[] {
  const { config, profiles, commandLine } = input
  const own: Layer[] = [
    { settings: settingsOf(release), path },
    ...profiles.flatMap(({ name, written }) =>
      named(written?.releases, release.name, (index) => ['profiles', name, 'releases', index]),
    ),
    ...named(commandLine.releases, release.name),
  ]
  if (release.extend === undefined) return own
  const walk = [...from, release.name]
  const at = [...path, 'extend']
  const base = config.releases.findIndex(({ name }) => name === release.extend)
  const extended = config.releases[base]
  if (extended === undefined) errors.push({ tag: 'unknown_extended', name: release.extend, path: at })
  else if (walk.includes(extended.name)) {
    // told where the circle closes, not again by every release that leads into it
    if (walk[0] === extended.name) errors.push({ tag: 'circular_extend', names: [...walk, extended.name], path: at })
  } else return [...layersOf(extended, ['releases', base], input, walk, errors), ...own]
  return own
}

function settingsOf({ name: _name, extend: _extend, ...settings }: ReleaseConfig): ReleaseSettings {
  return settings
}

/** What a list says of the releases of a name. @param place of an entry in the file; left out: it is not from there */
function named(
  releases: readonly ReleaseConfig[] | undefined,
  wanted: string,
  place?: (index: number) => JsonPath,
): Layer[] {
  return (releases ?? []).flatMap((release, index): Layer[] => {
    if (release.name !== wanted) return []
    return [{ settings: settingsOf(release), ...(place === undefined ? {} : { path: place(index) }) }]
  })
}

function unknownReleases({ config, profiles, commandLine }: LayerInput): LayerError[] {
  const known = new Set(config.releases.map(({ name }) => name))
  const spoken = [
    ...profiles.flatMap(({ name: profile, written }) =>
      (written?.releases ?? []).map(({ name }, index) => ({
        name,
        path: ['profiles', profile, 'releases', index, 'name'],
      })),
    ),
    ...(commandLine.releases ?? []).map(({ name }) => ({ name, path: undefined })),
  ]
  return spoken.flatMap(({ name, path }): LayerError[] =>
    known.has(name) ? [] : [{ tag: 'unknown_release', name, path }],
  )
}

/** Layers as one: later ones replace, applications are added up. @param at for what no file says */
function merge(layers: readonly Layer[], at: JsonPath): Omit<MergedRelease, 'name' | 'path'> {
  const origins: Record<string, JsonPath> = {}
  const goals: { goal: Goal; path: JsonPath }[] = []
  const overlay: { item: Overlay; path: JsonPath }[] = []
  for (const { settings, path } of layers) {
    for (const key of Object.keys(settings)) {
      if (path === undefined) delete origins[key]
      else origins[key] = [...path, key]
    }
    for (const [index, item] of (settings.overlay ?? []).entries()) {
      overlay.push({ item, path: path === undefined ? at : [...path, 'overlay', index] })
    }
    const before = goals.length
    for (const [index, goal] of (settings.applications ?? []).entries()) {
      const placed = { goal, path: path === undefined ? at : [...path, 'applications', index] }
      // within one list a goal may stand twice, which is a fault, told elsewhere
      const earlier = goals.slice(0, before).findIndex((one) => nameOf(one.goal) === nameOf(goal))
      if (earlier === -1) goals.push(placed)
      else goals[earlier] = placed
    }
  }
  return { settings: Object.assign({}, ...layers.map(({ settings }) => settings)), goals, overlay, origins }
}

const nameOf = (goal: Goal): string => (typeof goal === 'string' ? goal : goal.name)

/** The words for it. @param releases names of the file's releases */
export function formatLayerError(error: LayerError, releases: readonly string[]): string {
  switch (error.tag) {
    case 'unknown_extended':
      return `no release is called "${error.name}"${didYouMean(error.name, releases)}`
    case 'circular_extend':
      return `releases extend each other in a circle: ${error.names.join(' -> ')}`
    case 'unknown_release':
      return `speaks of release "${error.name}", which "releases" does not have; there are: ${releases.join(', ') || 'none'}${didYouMean(error.name, releases)}`
    case 'missing_setting':
      return `missing key "${error.key}"; it may also stand in "defaults"${error.key === 'applications' ? ' or come with "extend"' : ''}`
  }
}
