/**
 * A project without configuration: one application needs none. The release has its name and version, everything it
 * needs and sasl, and `config/sys.config.json` and `config/vm.args` where they are there.
 *
 * As mix does it for a project without `releases`.
 */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, type Result } from '../../schemas/result.js'
import type { OtpConfig } from '../../schemas/types.js'
import { type Config, type ConfigOptions, configOf, readConfig } from './config.js'
import { CONFIG_FILE, findConfig } from './config_file.js'

/** Where the applications of a project are: those that are no packages of others. */
const OWN = new Set(['.', 'apps/*', 'workspaces'])

/**
 * The configuration of a project that has none.
 *
 * @param dir a folder of the project; the folders above it follow
 * @returns undefined where there is no application; a fault where there are several, for nobody knows what is wanted
 */
export async function impliedConfig(
  dir: string,
  options: ConfigOptions = {},
): Promise<Result<Config, Fault[]> | undefined> {
  const root = projectRoot(resolve(dir))
  if (root === undefined) return undefined
  const source = { file: join(root, CONFIG_FILE), text: '' }
  const empty: OtpConfig = { lib_dirs: existsSync(join(root, 'app.json')) ? ['.', 'apps/*'] : ['apps/*'], releases: [] }
  const base = configOf(empty, source, options)
  if (!base.ok) return base
  const { discover } = await import('./discover.js')
  const { apps, broken } = await discover(base.value)
  const faults = broken.filter(({ origin }) => OWN.has(origin)).flatMap((one) => one.faults)
  if (faults.length > 0) return err(faults)
  const own = [...apps.values()].flatMap(([newest]) => (newest !== undefined && OWN.has(newest.origin) ? [newest] : []))
  const [app, ...more] = own
  if (app === undefined) return undefined
  if (more.length > 0) {
    const names = own.map(({ name }) => `"${name}"`).join(', ')
    const example = `{ "releases": [{ "name": "${app.name}", "vsn": "${app.vsn}", "applications": ["${app.name}"] }] }`
    const message = `there are several applications, ${names}; say what the release is in ${CONFIG_FILE}: ${example}`
    return err([{ tag: 'several_applications', severity: 'error', message, file: root }])
  }
  const there = (path: string) => (existsSync(join(root, path)) ? path : undefined)
  const [sysConfig, vmArgs] = [there('config/sys.config.json'), there('config/vm.args')]
  const release = {
    name: app.name,
    vsn: app.vsn,
    applications: [...new Set(['sasl', app.name])],
    ...(sysConfig === undefined ? {} : { sys_config: sysConfig }),
    ...(vmArgs === undefined ? {} : { vm_args: vmArgs }),
  }
  return configOf({ ...empty, releases: [release] }, source, options)
}

/** The nearest folder with an app.json, an `apps` or a package.json; the application's own is not that of its project. */
function projectRoot(dir: string): string | undefined {
  if (existsSync(join(dir, 'app.json')) && !existsSync(join(dir, '..', '..', 'apps'))) return dir
  if (existsSync(join(dir, 'apps')) || existsSync(join(dir, 'package.json'))) return dir
  const above = dirname(dir)
  return above === dir ? undefined : projectRoot(above)
}

/**
 * The configuration of a project, its files looked for: that of a file, of a folder or one above it, or of the one
 * application there.
 *
 * @param project a file or a folder
 */
export async function projectConfig(project: string, options: ConfigOptions): Promise<Result<Config, Fault[]>> {
  const isFolder = await stat(project).then(
    (found) => found.isDirectory(),
    () => true,
  )
  const file = isFolder ? findConfig(project) : project
  if (file !== undefined) return readConfig(file, options)
  return (await impliedConfig(project, options)) ?? readConfig(join(project, CONFIG_FILE), options)
}
