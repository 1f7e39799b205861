/**
 * Loading: an application's resource becomes an entry of the controller's table, its parameters are worked out from
 * all sources, and the applications it includes are loaded with it. Runs in the controller; nothing is changed when
 * something is refused. OTP: `do_load_application`, `load` and `do_change_appl` of kernel's application_controller.erl.
 */
import { readFileSync } from 'node:fs'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { SysConfigSection } from '../../../schemas/types.js'
import { type ApplData, type Env, makeAppl } from './application_data.js'
import { mergeEnv } from './application_env.js'
import { acTab } from './application_table.js'
import { appFile } from './code_path.js'

/** Where parameters come from besides `env` of app.json. */
export interface Sources {
  /** The configuration files, merged. */
  readonly config: SysConfigSection
  /** The command line, `--APPLICATION key=value`, by application. */
  readonly commandLine: Readonly<Record<string, Env>>
}

/**
 * Loads an application given by name (looked for in the code path) or by its resource, and those it includes.
 *
 * @returns the names now loaded, or OTP's error term
 */
export function loadApplication(what: unknown, sources: Sources): Result<readonly string[], unknown> {
  const name = typeof what === 'string' ? what : nameOf(what)
  if (name !== undefined && acTab().loaded.has(name)) return err(['already_loaded', what])
  const ready = new Map<string, { data: ApplData; env: Map<string, unknown> }>()
  const failed = prepare(what, sources, ready)
  if (failed !== undefined) return err(failed.reason)
  const table = acTab()
  for (const [app, { data, env }] of ready) {
    // What was set before the load stays only where no source has the parameter.
    for (const key of env.keys()) table.changes.get(app)?.delete(key)
    table.loaded.set(app, data)
    table.env.set(app, new Map([...(table.env.get(app) ?? []), ...env]))
  }
  return ok([...ready.keys()])
}

function prepare(
  what: unknown,
  sources: Sources,
  ready: Map<string, { data: ApplData; env: Map<string, unknown> }>,
): { readonly reason: unknown } | undefined {
  const resource = typeof what === 'string' ? readAppFile(what) : ok(what)
  if (!resource.ok) return { reason: resource.error }
  const appl = makeAppl(resource.value)
  if (!appl.ok) return { reason: appl.error }
  ready.set(appl.value.name, { data: appl.value, env: environment(appl.value, sources) })
  for (const included of appl.value.includedApplications) {
    if (acTab().loaded.has(included) || ready.has(included)) continue
    const failed = prepare(included, sources, ready)
    if (failed !== undefined) return failed
  }
  return undefined
}

/** Parameters of one application from all sources but what was changed while the node ran. */
export function environment(data: ApplData, { config, commandLine }: Sources): Map<string, unknown> {
  const of = (source: Readonly<Record<string, Env>>): Env =>
    Object.hasOwn(source, data.name) ? (source[data.name] ?? {}) : {}
  return mergeEnv(data.env, of(config), of(commandLine))
}

/** Unloads an application and those it includes. What was set persistently stays for the next load. */
export function unloadApplication(name: string): void {
  const data = acTab().loaded.get(name)
  for (const app of [name, ...(data?.includedApplications ?? [])]) {
    acTab().loaded.delete(app)
    acTab().env.delete(app)
    acTab().changes.delete(app)
  }
}

/** Reads app.json of an application from the code path. */
function readAppFile(name: string): Result<unknown, unknown> {
  const absent = ['no such file or directory', `${name}.app`]
  const file = appFile(name)
  if (file === undefined) return err(absent)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return err(absent)
  }
  try {
    return ok(JSON.parse(text))
  } catch (fault) {
    return err([`${file}: ${fault instanceof Error ? fault.message : String(fault)}`, `${name}.app`])
  }
}

function nameOf(resource: unknown): string | undefined {
  if (typeof resource !== 'object' || resource === null || !('name' in resource)) return undefined
  return typeof resource.name === 'string' ? resource.name : undefined
}
