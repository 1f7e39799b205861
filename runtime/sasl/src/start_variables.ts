/**
 * Environment variables that a release needs to boot and that a node would not find at its next start: they are set in the
 * running process only. An upgrade reads the environment as it is now, a boot reads what the node is started with. OTP has
 * no variables in configuration.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSysConfig, VARIABLES_AT_START } from '../../kernel/src/config.js'
import { configFiles } from './install_config.js'

/** How long env.sh may take, in ms. */
const ENV_SH_MS = 10_000

/**
 * What sys.config.json and vm.args of a release refer to without a default, and neither the environment of this start nor
 * the release's env.sh sets.
 *
 * @param atStart names of the variables that the node was started with
 * @returns names, sorted
 */
export async function unsetAtStart(
  root: string,
  vsn: string,
  atStart: ReadonlySet<string> = VARIABLES_AT_START,
): Promise<readonly string[]> {
  const lacking = neededBeside(root, vsn, atStart)
  if (lacking.length === 0) return lacking
  // bin/NAME runs env.sh before each start; most releases need not be asked.
  const set = await setByEnvSh(root, vsn, atStart)
  return lacking.filter((name) => !set.has(name))
}

function neededBeside(root: string, vsn: string, atStart: ReadonlySet<string>): readonly string[] {
  // What they hold does not count: it may differ by then.
  const config = readSysConfig(
    configFiles(root, vsn),
    undefined,
    Object.fromEntries([...atStart].map((one) => [one, '-'])),
  )
  const inConfig = config.ok
    ? []
    : config.error.flatMap(({ tag, name }) => (tag === 'unset_variable' ? [String(name)] : []))
  const flags = textOf(join(root, 'releases', vsn, 'vm.args')).replaceAll(/^\s*#.*$/gm, '')
  const inFlags = [...flags.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name = '']) => name)
  return [...new Set([...inConfig, ...inFlags.filter((name) => !atStart.has(name))])].sort()
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Names of the variables that are there when a release's env.sh has run; none where it cannot be run. */
function setByEnvSh(root: string, vsn: string, atStart: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const started = Object.entries(process.env).filter(([name]) => atStart.has(name))
  const env = { ...Object.fromEntries(started), RELEASE_ROOT: root, RELEASE_VSN: vsn }
  const file = join(root, 'releases', vsn, 'env.sh')
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', '. "$0" >/dev/null && env', file], { env, timeout: ENV_SH_MS }, (_failure, stdout) =>
      resolve(new Set([...stdout.matchAll(/^(\w+)=/gm)].map(([, name = '']) => name))),
    )
  })
}
