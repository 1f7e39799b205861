/**
 * The configuration of the release that is installed, as a boot of it would make it: its own sys.config.json in place
 * of the old one's, whatever other files the node was started with, environment variables as they are now, and its
 * config providers. OTP reads sys.config as it lies there; release reference, defect D10.
 */
import { join, relative, sep } from 'node:path'
import { formatFault } from '../../../schemas/fault.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { SysConfigSection } from '../../../schemas/types.js'
import { nodeArguments } from '../../erts/arguments.js'
import type { Namespace } from '../../erts/linker/linker.js'
import { applyMfa } from '../../erts/modules.js'
import { readSysConfig } from '../../kernel/src/config.js'
import { provideConfig } from '../../kernel/src/config_provider.js'
import type { ReleaseError } from './release_error.js'

/** The files of its configuration: its own, in place of that of whatever release the node was booted with, and the others. */
export function configFiles(root: string, vsn: string): readonly string[] {
  const own = join(root, 'releases', vsn, 'sys.config.json')
  const booted = nodeArguments()?.configs ?? []
  const isOfRelease = (file: string): boolean => /[/\\]releases[/\\][^/\\]+[/\\]sys\.config\.json$/.test(file)
  const files = booted.some(isOfRelease) ? booted.map((file) => (isOfRelease(file) ? own : file)) : [own, ...booted]
  return [...new Set(files)]
}

/** Reads the files. */
export function readConfig(root: string, newVsn: string): Result<SysConfigSection, ReleaseError> {
  const own = join(root, 'releases', newVsn, 'sys.config.json')
  const config = readSysConfig(configFiles(root, newVsn))
  if (config.ok) return config
  const faults = config.error.map((fault) => formatFault({ ...fault, file: inRelease(root, fault.file ?? own) }))
  // What only this node lacks is no fault of the release.
  if (config.error.every(({ tag }) => tag === 'unset_variable' || tag === 'bad_variable')) {
    return err({ tag: 'bad_config', vsn: newVsn, faults })
  }
  return err({ tag: 'bad_file', file: inRelease(root, own), why: faults.join('; ') })
}

/** A file of the installation by its name in there. */
const inRelease = (root: string, file: string): string =>
  file.startsWith(root + sep) ? relative(root, file).split(sep).join('/') : file

/**
 * Asks the config providers.
 *
 * @param trial the new release's modules that were evaluated aside; all others are as they run
 */
export async function completeConfig(
  config: SysConfigSection,
  vsn: string,
  trial: (id: string) => Namespace | undefined,
): Promise<Result<SysConfigSection, ReleaseError>> {
  const provided = await provideConfig(config, ([module, fun, args]) => {
    const aside = typeof module === 'string' ? trial(module) : undefined
    return applyMfa([aside ?? module, fun, args])
  })
  return provided.ok ? ok(provided.value) : err({ tag: 'bad_config', vsn, faults: [provided.error] })
}
