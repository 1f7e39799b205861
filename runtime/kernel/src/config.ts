/**
 * Configuration files: `sys.config.json` read, checked, and merged with the files it names.
 *
 * A file is one object `{ APPLICATION: { key: value } }`, or a list of such objects and of names of further files
 * (relative to the file that names them), merged in order: a later value replaces an earlier one, parameter by
 * parameter. Anything wrong anywhere makes the whole configuration invalid, with every fault and its place; a broken
 * file never counts as an empty one. OTP: `check_conf/0` of kernel's application_controller.erl.
 */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Fault, formatFault } from '../../../schemas/fault.js'
import { formatPath, positionOf } from '../../../schemas/position.js'
import { read } from '../../../schemas/read.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { SysConfig, SysConfigSection } from '../../../schemas/types.js'
import { nodeArguments } from '../../erts/arguments.js'
import { type Environment, expandVariables, formatVariableProblem, hasReferences } from './config_variables.js'

/** Reads one file's text. @throws as `readFileSync` does */
export type ReadText = (file: string) => string

const fromDisk: ReadText = (file) => readFileSync(file, 'utf8')

/**
 * Names of the variables of the environment that this process was started with: a boot finds these again, and not those
 * that were set in the process since.
 */
export const VARIABLES_AT_START: ReadonlySet<string> = new Set(Object.keys(process.env))

/** Merges sections in order: later parameters replace earlier ones, whole values. */
export function mergeConfig(...sections: readonly SysConfigSection[]): SysConfigSection {
  const merged: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const section of sections) {
    for (const [application, params] of Object.entries(section)) {
      if (application !== '$schema') merged[application] = { ...merged[application], ...params }
    }
  }
  return merged
}

/**
 * Reads configuration files and everything they name, merged in order.
 *
 * @param files  the first one first; the last has the last word
 * @param environment where variables are looked up; {@link AS_WRITTEN}: references stay as they stand
 * @returns the configuration, or all faults
 */
export function readSysConfig(
  files: readonly string[],
  readText: ReadText = fromDisk,
  environment: Environment | typeof AS_WRITTEN = process.env,
): Result<SysConfigSection, Fault[]> {
  const faults: Fault[] = []
  const sections = files.flatMap((file) => readOne(file, [], { readText, environment, faults }))
  return faults.length > 0 ? err(faults) : ok(mergeConfig(...sections))
}

/** Configuration is read to be looked at, not to be used: what the environment holds is not for it. */
export const AS_WRITTEN = Symbol('as written')

interface Reading {
  readonly readText: ReadText
  readonly environment: Environment | typeof AS_WRITTEN
  readonly faults: Fault[]
}

function readOne(file: string, from: readonly string[], reading: Reading): SysConfigSection[] {
  const { readText, faults } = reading
  const place = { file: from.at(-1) ?? file }
  const walk = [...from, file]
  if (from.includes(file)) {
    const message = `the config files name each other in a circle: ${walk.join(' -> ')}`
    faults.push({ tag: 'circular_config', severity: 'error', message, ...place })
    return []
  }
  let text: string
  try {
    text = readText(file)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    faults.push({
      tag: 'unreadable',
      severity: 'error',
      message: `cannot read config file "${file}": ${why}`,
      ...place,
    })
    return []
  }
  const value = read('sys.config', text, file)
  if (!value.ok) {
    faults.push(...value.error)
    return []
  }
  return elements(expanded(value.value, text, file, reading)).flatMap((element) =>
    typeof element === 'string' ? readOne(resolve(dirname(file), element), walk, reading) : [element],
  )
}

/** With environment variables put in; what is missing stands in the faults, and its text as it was. */
function expanded(config: SysConfig, text: string, file: string, { environment, faults }: Reading): SysConfig {
  if (environment === AS_WRITTEN || !hasReferences(text)) return config
  const { value, problems } = expandVariables(config, environment)
  if (problems.length === 0) return value
  for (const problem of problems) {
    const { tag, path } = problem
    const place = { file, ...positionOf(text, path), path: formatPath(path) }
    faults.push({ ...problem, tag, severity: 'error', message: formatVariableProblem(problem), ...place })
  }
  // a list may name a file whose name cannot be made: one fault is enough
  return isList(value) ? value.filter((element) => typeof element !== 'string' || !hasReferences(element)) : value
}

const isList = (config: SysConfig): config is Exclude<SysConfig, SysConfigSection> => Array.isArray(config)

const elements = (config: SysConfig): readonly (SysConfigSection | string)[] => (isList(config) ? config : [config])

/**
 * Reads the configuration that the command line names (`--config FILE`, several allowed).
 *
 * @returns the configuration (empty for a program without a release), or every fault, one a line
 */
export function readBootConfig(): Result<SysConfigSection, string> {
  const config = readSysConfig(nodeArguments()?.configs ?? [])
  return config.ok ? config : err(config.error.map((fault) => `error in config file ${formatFault(fault)}`).join('\n'))
}
