/**
 * `--set PATH=VALUE`: single settings from the command line, which count more than any file.
 *
 * `releases.NAME.KEY` is a setting of the releases of that name, `defaults.KEY` of every release; `output` and
 * `lib_dirs` are the project's. Further steps lead into objects. A value is JSON where it is a list, an object, a
 * quoted text, true or false; anything else is a text, so that `1.10` stays a version.
 */
import type { Fault } from '../../schemas/fault.js'
import { check } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { ProfileConfig } from '../../schemas/types.js'

/** How faults name the place of such a setting. */
const PLACE = '--set'

/**
 * Reads the settings of a command line, the first one first.
 *
 * @returns them as a profile; or every fault, its path as it was written
 */
export function readSettings(settings: readonly string[]): Result<ProfileConfig, Fault[]> {
  const faults: Fault[] = []
  const profile: Record<string, unknown> = {}
  for (const setting of settings) {
    const split = setting.indexOf('=')
    const [path, text] = split < 1 ? ['', ''] : [setting.slice(0, split), setting.slice(split + 1)]
    const steps = path.split('.')
    if (steps.some((step) => step === '')) {
      faults.push(faultOf(setting, 'write it as PATH=VALUE: --set releases.shop.vsn=1.2.0, --set output=build'))
      continue
    }
    const why = put(profile, steps, valueOfText(text))
    if (why !== undefined) faults.push(faultOf(path, why))
  }
  if (faults.length > 0) return err(faults)
  // A profile is checked where it stands: inside a configuration.
  const checked = check('otp.config', { releases: [], profiles: { set: profile } })
  if (checked.ok) return ok(checked.value.profiles?.set ?? {})
  return err(checked.error.map((fault) => ({ ...fault, file: PLACE, path: written(fault.path ?? '', profile) })))
}

const faultOf = (path: string, message: string): Fault => {
  return { tag: 'bad_setting', severity: 'error', message, file: PLACE, path }
}

/** @returns why not, in words */
function put(profile: Record<string, unknown>, steps: readonly string[], value: unknown): string | undefined {
  const [first = '', ...rest] = steps
  if (first !== 'releases') return putInto(profile, steps, value)
  const [name = '', ...more] = rest
  if (more.length === 0) return 'name a release and a setting of it: releases.NAME.KEY'
  const releases = Array.isArray(profile.releases) ? profile.releases : []
  profile.releases = releases
  const known = releases.find((one) => one.name === name)
  const release = known ?? { name }
  if (known === undefined) releases.push(release)
  return putInto(release, more, value)
}

function putInto(
  object: Record<string, unknown>,
  [step = '', ...rest]: readonly string[],
  value: unknown,
): string | undefined {
  const there = Object.hasOwn(object, step) ? object[step] : undefined
  if (rest.length === 0) {
    Object.defineProperty(object, step, { value, enumerable: true, configurable: true, writable: true })
    return undefined
  }
  if (there !== undefined && (typeof there !== 'object' || there === null || Array.isArray(there))) {
    return `"${step}" was set to a value that has no "${rest[0]}"`
  }
  // what is there is an object of ours
  const inner = (there ?? {}) as Record<string, unknown>
  Object.defineProperty(object, step, { value: inner, enumerable: true, configurable: true, writable: true })
  return putInto(inner, rest, value)
}

function valueOfText(text: string): unknown {
  if (!/^(?:[[{"]|(?:true|false)$)/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** `profiles.set.releases[0].vsn` as it was written: `releases.shop.vsn`. */
function written(path: string, profile: Readonly<Record<string, unknown>>): string {
  const inside = path.replace(/^profiles\.set\.?/, '')
  return inside.replace(/^releases\[(\d+)\]/, (_match, index: string) => {
    // made above
    const releases = (profile.releases ?? []) as readonly { readonly name: string }[]
    return `releases.${releases[Number(index)]?.name}`
  })
}
