/** The command line of a node: what the start script says. OTP: `init:get_arguments/0`. */

/** What a node is started with. */
export interface NodeArguments {
  /** Folder of the installation, absolute: `bin`, `lib` and `releases` are in it. */
  readonly root: string
  /** Boot script, absolute. */
  readonly boot: string
  /** Configuration files, absolute, in the order given: later ones win. */
  readonly configs: readonly string[]
  /** Name of the node: that of the release unless told otherwise. */
  readonly name: string
  /** Where the node keeps its socket and what is of this run only, absolute. Default: `run` below the root. */
  readonly runDir?: string
  /** Where its logs go, absolute. Default: `log` below the root. */
  readonly logDir?: string
  /** `--APPLICATION key=value`: parameters that win over every file. Values are JSON, or the text itself. */
  readonly env: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Why a command line cannot be used. */
export type ArgumentsError =
  | { readonly tag: 'missing_argument'; readonly name: string }
  | { readonly tag: 'missing_value'; readonly name: string }
  | { readonly tag: 'not_key_value'; readonly name: string; readonly found: string }
  | { readonly tag: 'not_an_option'; readonly found: string }

/** The words for it. */
export function formatArgumentsError(error: ArgumentsError): string {
  switch (error.tag) {
    case 'missing_argument':
      return `the node needs "--${error.name}"; start it through bin/NAME of the release`
    case 'missing_value':
      return `"--${error.name}" needs a value`
    case 'not_key_value':
      return `"--${error.name}" takes a parameter as key=value; got "${error.found}"`
    case 'not_an_option':
      return `"${error.found}" is no option; parameters of an application are given as --APPLICATION key=value`
  }
}

/** A value on the command line: JSON where it is JSON, else the text. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Reads a command line. Pure: paths are resolved by `absolute`. */
export function parseArguments(
  argv: readonly string[],
  absolute: (path: string) => string,
): { readonly value: NodeArguments } | { readonly error: ArgumentsError } {
  const own: Record<string, string> = {}
  const configs: string[] = []
  const env: Record<string, Record<string, unknown>> = {}
  for (let i = 0; i < argv.length; i += 2) {
    const option = argv[i] ?? ''
    const value = argv[i + 1]
    if (!option.startsWith('--')) return { error: { tag: 'not_an_option', found: option } }
    const name = option.slice(2)
    if (value === undefined) return { error: { tag: 'missing_value', name } }
    if (name === 'config') configs.push(absolute(value))
    else if (name === 'root' || name === 'boot' || name === 'run-dir' || name === 'log-dir') own[name] = absolute(value)
    else if (name === 'name') own[name] = value
    else {
      const split = value.indexOf('=')
      if (split < 1) return { error: { tag: 'not_key_value', name, found: value } }
      env[name] = { ...env[name], [value.slice(0, split)]: parseValue(value.slice(split + 1)) }
    }
  }
  const { root, boot, name } = own
  if (root === undefined) return { error: { tag: 'missing_argument', name: 'root' } }
  if (boot === undefined) return { error: { tag: 'missing_argument', name: 'boot' } }
  if (name === undefined) return { error: { tag: 'missing_argument', name: 'name' } }
  const { 'run-dir': runDir, 'log-dir': logDir } = own
  const dirs = { ...(runDir === undefined ? {} : { runDir }), ...(logDir === undefined ? {} : { logDir }) }
  return { value: { root, boot, configs, name, ...dirs, env } }
}

let nodeArguments_: NodeArguments | undefined

/** What this node was started with; undefined in a program that runs without a release. */
export const nodeArguments = (): NodeArguments | undefined => nodeArguments_

/** Remembers what this node was started with: init's part. Undefined, as without a release, for tests. */
export function setNodeArguments(value: NodeArguments | undefined): void {
  nodeArguments_ = value
}
