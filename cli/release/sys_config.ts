/**
 * The configuration that travels in a release: sys.config.json as it is written, and the files that it names.
 *
 * A name is relative to the file that names it and stays so, hence the files travel with it; an absolute name, and one
 * that holds an environment variable, is the target's own file. Variables are put in by the node that reads them; here
 * only their form is checked. OTP: systools takes sys.config alone.
 */
import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { badReferences, formatVariableProblem, hasReferences } from '../../runtime/kernel/src/config_variables.js'
import type { Fault } from '../../schemas/fault.js'
import { formatPath, positionOf } from '../../schemas/position.js'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'

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
