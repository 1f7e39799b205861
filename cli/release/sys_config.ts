/**
 * The configuration that travels in a release: sys.config.json as it is written, and the files that it names.
 *
 * A name is relative to the file that names it and stays so, hence the files travel with it; an absolute name, and one
 * that holds an environment variable, is the target's own file. Variables are put in by the node that reads them; here
 * only their form is checked. OTP: systools takes sys.config alone.
 */
import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { providersOf } from '../../runtime/kernel/src/config_provider.js'
import { badReferences, formatVariableProblem, hasReferences } from '../../runtime/kernel/src/config_variables.js'
import type { Fault } from '../../schemas/fault.js'
import { didYouMean } from '../../schemas/nearest.js'
import { formatPath, type JsonPath, positionOf } from '../../schemas/position.js'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { SysConfigSection } from '../../schemas/types.js'
import type { CompiledApplication } from './compiled.js'

/**
 * @param file sys.config.json of the project, absolute; undefined: an empty configuration
 * @returns texts by file name below `releases/VSN`, the first one `sys.config.json`; or every fault
 */
export async function readSysConfig(
  file: string | undefined,
): Promise<Result<ReadonlyMap<string, string>, readonly Fault[]>> {
  const texts = new Map<string, string>()
  if (file === undefined) return ok(texts.set('sys.config.json', '{}\n'))
  const faults: Fault[] = []
  const take = async (path: string, name: string, namedBy: string): Promise<void> => {
    if (texts.has(name)) return
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      faults.push({
        tag: 'missing_config',
        severity: 'error',
        message: `names "${name}", which cannot be read: ${why}`,
        file: namedBy,
      })
      return
    }
    texts.set(name, text)
    const parsed = read('sys.config', text, path)
    if (!parsed.ok) {
      faults.push(...parsed.error)
      return
    }
    for (const problem of badReferences(parsed.value)) {
      const { tag, path: at } = problem
      const place = { file: path, ...positionOf(text, at), path: formatPath(at) }
      faults.push({ ...problem, tag, severity: 'error', message: formatVariableProblem(problem), ...place })
    }
    const elements: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : []
    for (const other of elements) {
      if (typeof other !== 'string' || isAbsolute(other) || hasReferences(other)) continue
      const below = normalize(join(dirname(name), other))
        .split(sep)
        .join('/')
      if (below.startsWith('../')) {
        const message = `names "${other}", which is outside of its own folder and cannot travel; move it beside`
        faults.push({ tag: 'config_outside', severity: 'error', message, file: path })
      } else await take(join(dirname(path), other), below, path)
    }
  }
  await take(file, 'sys.config.json', file)
  return faults.length > 0 ? err(faults) : ok(texts)
}

/**
 * What is wrong with the config providers that the files name: each must be an exported function of the release.
 *
 * @param texts  as {@link readSysConfig} gives them, each a configuration
 * @param folder the folder that the names of the texts start from, for messages
 */
export function providerFaults(
  texts: ReadonlyMap<string, string>,
  applications: readonly CompiledApplication[],
  folder: string,
): readonly Fault[] {
  const modules = new Map(applications.flatMap((one) => one.modules.map((module) => [module.id, module] as const)))
  return [...texts].flatMap(([name, text]) => {
    const parsed = read('sys.config', text, name)
    if (!parsed.ok) return []
    const isList = Array.isArray(parsed.value)
    const elements: readonly unknown[] = isList ? parsed.value : [parsed.value]
    return elements.flatMap((element, index): Fault[] => {
      if (typeof element === 'string') return []
      const path = [...(isList ? [index] : []), 'kernel', 'config_providers']
      const fault = (message: string, more: JsonPath = []): Fault => {
        const at = [...path, ...more]
        const place = { file: join(folder, name), ...positionOf(text, at), path: formatPath(at) }
        return { tag: 'bad_provider', severity: 'error', message, ...place }
      }
      // an element that is no name is a section, says the format
      const providers = providersOf(element as SysConfigSection)
      if (!providers.ok) return [fault(providers.error)]
      return providers.value.flatMap(([module, fun], which): Fault[] => {
        const exported = modules.get(module)?.meta?.exports
        if (exported === undefined) {
          const why = `no application of the release has a module "${module}"${didYouMean(module, [...modules.keys()])}`
          return [fault(why, [which, 0])]
        }
        if (exported.includes(fun)) return []
        return [fault(`"${module}" exports no "${fun}"${didYouMean(fun, exported)}`, [which, 1])]
      })
    })
  })
}
