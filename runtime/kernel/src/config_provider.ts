/**
 * Config providers: functions of the release that give more configuration, when the node boots and again when it is
 * upgraded. They read what no file of the release can hold: a vault, a file of the machine, an instance's metadata.
 *
 * The parameter `config_providers` of `kernel` lists them, `[[MODULE, FUNCTION, ARGS], ...]`. Each is called with the
 * configuration so far and ARGS; what it returns is merged over it, parameter by parameter. At a boot all modules are
 * loaded and no application runs yet. At an upgrade the functions are those of the new release, called before anything
 * is changed. A provider that fails, or gives what is no configuration, ends the boot or refuses the upgrade.
 *
 * OTP has none; the idea and the name are Elixir's `Config.Provider`.
 */
import { read } from '../../../schemas/read.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { SysConfigSection } from '../../../schemas/types.js'
import { ErlangError } from '../../erts/exit.js'
import type { Mfa } from '../../erts/modules.js'
import { mergeConfig } from './config.js'

/** How a provider is called. `applyMfa` at a boot. @throws whatever keeps it from answering */
export type CallProvider = (mfa: Mfa) => unknown

/** A provider by name, and its further arguments. */
type Provider = readonly [module: string, fun: string, args: readonly unknown[]]

/**
 * Lets the providers that a configuration names complete it, one after the other.
 *
 * @returns the configuration, itself where it names none; or why there is none, in words
 */
export async function provideConfig(
  config: SysConfigSection,
  call: CallProvider,
): Promise<Result<SysConfigSection, string>> {
  const providers = providersOf(config)
  if (!providers.ok) return providers
  let merged = config
  for (const [module, fun, args] of providers.value) {
    const name = `config provider ${module}.${fun}`
    try {
      const given = sectionOf(await call([module, fun, [merged, ...args]]), name)
      if (!given.ok) return given
      merged = mergeConfig(merged, given.value)
    } catch (thrown) {
      if (isUndef(thrown)) return err(`${name} is not there: the release has no such function`)
      return err(`${name} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
  return ok(merged)
}

const isUndef = (thrown: unknown): boolean =>
  thrown instanceof ErlangError && Array.isArray(thrown.reason) && thrown.reason[0] === 'undef'

/** The providers that a configuration names, in order; or what is wrong with the list. */
export function providersOf(config: SysConfigSection): Result<readonly Provider[], string> {
  const written: unknown = config.kernel?.config_providers ?? []
  const wanted = 'kernel.config_providers must be a list of ["APPLICATION/MODULE", "FUNCTION", [ARGUMENT, ...]]'
  if (!Array.isArray(written)) return err(wanted)
  const providers: Provider[] = []
  for (const [index, one] of written.entries()) {
    const [module, fun, args]: readonly unknown[] = Array.isArray(one) && one.length === 3 ? one : []
    if (typeof module !== 'string' || !module.includes('/') || typeof fun !== 'string' || !Array.isArray(args)) {
      return err(`${wanted}; entry ${index + 1} is ${JSON.stringify(one)}`)
    }
    providers.push([module, fun, args])
  }
  return ok(providers)
}

/** What a provider returned, checked as a configuration file is. */
function sectionOf(value: unknown, name: string): Result<SysConfigSection, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return err(`${name} must return { "APPLICATION": { "key": value } }`)
  }
  // As text: only plain data may come in, as from any configuration file.
  const checked = read('sys.config', JSON.stringify(value), name)
  if (!checked.ok)
    return err(checked.error.map(({ path, message }) => `${name} returned ${path}: ${message}`).join('; '))
  // An object that is a configuration is a section.
  return ok(checked.value as SysConfigSection)
}
