/** Why a release cannot be resolved: every reason, its words, and its form as a placed fault. */
import { type Fault, formatFault, type Place } from '../../schemas/fault.js'

/** Who wants an application, as a sentence begins: `"shop" 1.0.0`, or the release itself. */
export interface Demand {
  /** `"shop" 1.0.0` or `release "shop"`. */
  readonly by: string
  /** Versions that would do; absent: any. */
  readonly range?: string
  /** Where it is written. */
  readonly place: Place
}

/** A reason; each has a place in the file that can be changed. */
export type ResolveError =
  /** A goal or a dependency that is nowhere. */
  | {
      readonly tag: 'undefined_application'
      readonly name: string
      readonly demand: Demand
      readonly looked: readonly string[]
      readonly nearest?: string
      readonly place: Place
    }
  /** It is there, but in no version that the one who asks for it takes. */
  | {
      readonly tag: 'no_matching_version'
      readonly name: string
      readonly demand: Demand
      /** Newest first. */
      readonly found: readonly { readonly vsn: string; readonly dir: string }[]
      readonly place: Place
    }
  /** Each demand alone can be met, but no version meets both. */
  | {
      readonly tag: 'version_conflict'
      readonly name: string
      readonly demands: readonly [Demand, Demand]
      /** Newest first. */
      readonly found: readonly { readonly vsn: string; readonly dir: string }[]
      readonly place: Place
    }
  /** Applications that wait for each other: `a -> b -> c -> a`. */
  | { readonly tag: 'circular_dependencies'; readonly walk: readonly string[]; readonly place: Place }
  /** A version range that is none. */
  | { readonly tag: 'bad_range'; readonly range: string; readonly demand: Demand; readonly place: Place }
  /** The release only loads, or does not even load, what another application needs started. */
  | {
      readonly tag: 'not_started'
      readonly name: string
      readonly type: 'load' | 'none'
      readonly demand: Demand
      readonly place: Place
    }
  /** kernel or stdlib with a type that leaves it stopped. OTP: `mandatory_app`. */
  | { readonly tag: 'mandatory_app'; readonly name: string; readonly type: string; readonly place: Place }
  /** The release's version, asked for by `from`, cannot be looked up. */
  | { readonly tag: 'no_vsn'; readonly release: string; readonly why: string; readonly place: Place }
  /** `upgrade_from` names the version that is built. */
  | { readonly tag: 'upgrade_from_itself'; readonly release: string; readonly vsn: string; readonly place: Place }
  /** A fault of an app.json or appup.json that the release needs. */
  | { readonly tag: 'bad_file'; readonly fault: Fault; readonly place: Place }

/** The reason as one sentence, its place first. */
export const formatResolveError = (error: ResolveError): string => formatFault(resolveFault(error))

/** A path as messages show it. */
export type Show = (path: string) => string

const asItIs: Show = (path) => path

/** The reason as a fault: the sentence, the place and the facts. @param show paths within the sentence; default: whole */
export function resolveFault(error: ResolveError, show: Show = asItIs): Fault {
  if (error.tag === 'bad_file') return error.fault
  const { place, ...facts } = error
  return { severity: 'error', message: words(error, show), ...facts, ...place }
}

function words(error: ResolveError, show: Show): string {
  switch (error.tag) {
    case 'undefined_application': {
      const slip = error.nearest === undefined ? '' : `; did you mean "${error.nearest}"?`
      return `${error.demand.by} needs "${error.name}", which is in none of: ${error.looked.join(', ')}${slip}`
    }
    case 'no_matching_version':
      return `${wish(error.demand, error.name)}, found only ${versions(error.found, show)}`
    case 'version_conflict': {
      const [one, other] = error.demands
      const both = `${wish(one, error.name)}, but ${wish(other, error.name)} (${placeText(other.place, show)})`
      return `${both}; a release has one version of an application, found: ${versions(error.found, show)}`
    }
    case 'circular_dependencies':
      return `applications wait for each other: ${error.walk.join(' -> ')}; one of them has to do without the next`
    case 'bad_range':
      return `${error.demand.by} asks for version "${error.range}", allowed: a semver range such as "^1.2.0", or a version`
    case 'not_started': {
      const what = `"${error.name}" is "${error.type}" but ${error.demand.by} needs it started`
      return `${what}; the release would fail to boot; make it "permanent", or leave the type out`
    }
    case 'mandatory_app':
      return `"${error.name}" is "${error.type}", allowed: "permanent"; nothing runs without it`
    case 'no_vsn':
      return `release "${error.release}" has no version: ${error.why}`
    case 'upgrade_from_itself':
      return `release "${error.release}" is version "${error.vsn}" itself; "upgrade_from" lists versions built before`
    case 'bad_file':
      return error.fault.message
  }
}

const wish = ({ by, range }: Demand, name: string) => `${by} needs "${name}" ${range ?? '(any version)'}`

const versions = (found: readonly { readonly vsn: string; readonly dir: string }[], show: Show) =>
  found.map(({ vsn, dir }) => `${vsn} (${show(dir)})`).join(', ')

const placeText = ({ file, line }: Place, show: Show) =>
  [file === undefined ? undefined : show(file), line].filter((part) => part !== undefined).join(':')
