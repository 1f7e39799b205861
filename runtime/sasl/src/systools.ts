/**
 * systools: from release files to boot scripts and upgrade scripts. A compiler of pure functions: what it looks at is
 * handed in, what it makes is handed back, and nothing is read or written.
 *
 * makeScript: checkRelease -> findApplication -> checks -> orderApplications -> generateScript
 * makeRelup:  the same for each release -> makeUpgrades
 * makeTar:    the same as makeScript -> tarEntries
 *
 * OTP: systools(3); systools.erl, systools_make.erl, systools_relup.erl, systools_rc.erl.
 *
 * @module otp-rel/systools
 */
import type { Fault } from '../../../schemas/fault.js'
import { read } from '../../../schemas/read.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { BootScript, Relup } from '../../../schemas/types.js'
import type { SystoolsError } from './systools_error.js'
import { indexApps, resolveRelease } from './systools_make.js'
import { type BaseRelease, makeUpgrades, type RelupOptions, type RelupReleases } from './systools_relup.js'
import { generateScript, type ScriptOptions } from './systools_script.js'
import { type TarEntry, tarEntries } from './systools_tar.js'
import type { TarFiles, TarOptions } from './systools_tar_types.js'
import type { World } from './systools_types.js'
import type { SystoolsWarning } from './systools_warning.js'

export { formatSystoolsError, type SystoolsError } from './systools_error.js'
export { inRange, parseRange, type VersionRange } from './systools_range.js'
export type { TarEntry } from './systools_tar.js'
export type { FoundContent, TarFiles, TarOptions } from './systools_tar_types.js'
export type { FoundApp, FoundAppup, ModuleFiles, ResolvedRelease, World } from './systools_types.js'
export { formatSystoolsWarning, type SystoolsWarning } from './systools_warning.js'
export type { BaseRelease, RelupOptions, RelupReleases }

/** Options of {@link makeScript}, by OTP's names. */
export interface MakeScriptOptions extends ScriptOptions {
  /** Do not warn about a release without sasl; default false. */
  readonly no_warn_sasl?: boolean
  /** Any warning that remains is an error; default false. */
  readonly warnings_as_errors?: boolean
  /** Check the module files of the world; default false. */
  readonly src_tests?: boolean
}

/**
 * Checks a release and makes its boot script.
 *
 * @param rel   content of a NAME.rel.json, unchecked
 * @param world where its applications are
 * @returns the script and the warnings, or every fault of the release, in the order of the checks
 */
export function makeScript(
  rel: unknown,
  world: World,
  options: MakeScriptOptions = {},
): Result<{ script: BootScript; warnings: readonly SystoolsWarning[] }, readonly SystoolsError[]> {
  const resolved = resolveRelease(rel, world, indexApps(world.apps), options)
  const warnings =
    options.no_warn_sasl === true ? resolved.warnings.filter(({ tag }) => tag !== 'missing_sasl') : resolved.warnings
  if (resolved.value === undefined) return err(resolved.errors)
  const treated = asErrors(warnings, options)
  return treated.length > 0 ? err(treated) : ok({ script: generateScript(resolved.value, options), warnings })
}

/**
 * Makes the upgrade script of a release: how to come to it from each of `upFrom`, and go back to each of `downTo`.
 *
 * @returns the relup, its entries in reverse of the order given as in OTP, and the warnings; or every fault
 */
export function makeRelup(
  releases: RelupReleases,
  world: World,
  options: RelupOptions = {},
): Result<{ relup: Relup; warnings: readonly SystoolsWarning[] }, readonly SystoolsError[]> {
  const { value: relup, errors, warnings } = makeUpgrades(releases, world, options)
  if (relup === undefined) return err(errors)
  const treated = asErrors(warnings, options)
  return treated.length > 0 ? err(treated) : ok({ relup, warnings })
}

/** Options of {@link makeTar}: those of makeScript, and {@link TarOptions}. */
export type MakeTarOptions = Omit<MakeScriptOptions, 'local' | 'preLoaded' | 'primLoad'> & TarOptions

/**
 * Lists what belongs into the package of a release.
 *
 * @param rel   content of a NAME.rel.json, unchecked
 * @param files what lies where; the boot script has to be there
 * @returns the files in the order of the package and the warnings, or every fault
 */
export function makeTar(
  rel: unknown,
  world: World,
  files: TarFiles,
  options: MakeTarOptions = {},
): Result<{ entries: readonly TarEntry[]; warnings: readonly SystoolsWarning[] }, readonly SystoolsError[]> {
  const resolved = resolveRelease(rel, world, indexApps(world.apps), options)
  const warnings =
    options.no_warn_sasl === true ? resolved.warnings.filter(({ tag }) => tag !== 'missing_sasl') : resolved.warnings
  if (resolved.value === undefined) return err(resolved.errors)
  const { entries, errors } = tarEntries(resolved.value, files, options)
  const treated = [...errors, ...asErrors(warnings, options)]
  return treated.length > 0 ? err(treated) : ok({ entries, warnings })
}

/**
 * Checks a boot script and makes it compact. OTP: script2boot, whose result is what a node boots; here a node boots
 * either form.
 *
 * @returns the text of the `.boot.json`, or what is wrong with the script, with its place
 */
export function scriptToBoot(text: string, file: string): Result<string, readonly Fault[]> {
  const script = read('script', text, file)
  return script.ok ? ok(`${JSON.stringify(script.value)}\n`) : script
}

function asErrors(
  warnings: readonly SystoolsWarning[],
  options: { readonly warnings_as_errors?: boolean },
): SystoolsError[] {
  return options.warnings_as_errors === true && warnings.length > 0
    ? [{ tag: 'warnings_treated_as_errors', warnings }]
    : []
}
