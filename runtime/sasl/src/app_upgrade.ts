/**
 * Upgrading one application of a running node, from its appup alone: a testing aid. Nothing is written; a restart boots
 * what the release has. Checks, undo and notification are those of a release.
 *
 * OTP: `upgrade_app/2`, `downgrade_app/2,3`, `upgrade_script/2`, `downgrade_script/3`, `eval_appup_script/4` of
 * release_handler.erl.
 *
 * Departure: the script is carried out by the handler; parameters of sys.config.json and those set since stay; a failure
 * behind the point of no return is undone.
 */
import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import type { Linker } from '../../erts/linker/linker.js'
import * as application from '../../kernel/src/application.js'
import * as controller from '../../kernel/src/application_controller.js'
import { type CheckedInstall, tryCode } from './install_check.js'
import { currentDir } from './node_world.js'
import type { ReleaseError } from './release_error.js'
import { readFormat } from './release_files.js'
import type { Release } from './releases_file.js'
import { findApplication, indexApps } from './systools_app.js'
import { findEntry, readAppup } from './systools_appup.js'
import { formatSystoolsError } from './systools_error.js'
import { expandScript } from './systools_expand.js'
import { translateScripts } from './systools_translate.js'
import type { Application, ResolvedRelease } from './systools_types.js'
import { touchedBy } from './upgrade_plan.js'

/** A change of one application. */
export interface AppScript {
  readonly application: string
  /** The version afterwards. */
  readonly vsn: string
  /** Its folder then: the one with `ebin`. */
  readonly dir: string
  readonly instructions: readonly LowLevelInstruction[]
}

/** From the version that runs to the one in a folder, by the appup there. @param dir with `ebin` in it */
export function upgradeScript(name: string, dir: string): Promise<Result<AppScript, ReleaseError>> {
  return scriptOf('up', name, undefined, resolve(dir))
}

/** From the version that runs back to the one in a folder, by the appup of the one that runs. */
export function downgradeScript(name: string, vsn: string, dir: string): Promise<Result<AppScript, ReleaseError>> {
  return scriptOf('down', name, vsn, resolve(dir))
}

/** The version that the name of a folder gives, `NAME-VSN`. */
export function versionOfDir(name: string, dir: string): Result<string, ReleaseError> {
  const base = basename(resolve(dir))
  if (base.startsWith(`${name}-`)) return ok(base.slice(name.length + 1))
  return err({ tag: 'unknown_version', application: name, dir })
}

async function scriptOf(
  mode: 'up' | 'down',
  name: string,
  wanted: string | undefined,
  dir: string,
): Promise<Result<AppScript, ReleaseError>> {
  const here = await runningDir(name)
  if (!here.ok) return here
  const [now, then] = [await readApp(name, here.value), await readApp(name, dir)]
  if (!now.ok) return now
  if (!then.ok) return then
  if (wanted !== undefined && then.value.vsn !== wanted) {
    const file = join(dir, 'ebin/app.json')
    return err({ tag: 'bad_file', file, why: `is of version "${then.value.vsn}", not "${wanted}"` })
  }
  const [newer, older] = mode === 'up' ? [then.value, now.value] : [now.value, then.value]
  const bad = (faults: readonly string[]): Result<never, ReleaseError> =>
    err({ tag: 'bad_appup', application: name, faults })
  const file = join(mode === 'up' ? dir : here.value, 'ebin/appup.json')
  const text = textOf(file)
  if (text === undefined) return err({ tag: 'no_such_file', file, why: 'is missing' })
  const read = readAppup(newer, parsed(text, file))
  if ('errors' in read) return bad(read.errors.map(formatSystoolsError))
  const found = findEntry(read.appup[mode], older.vsn)
  if (found === undefined) {
    const entries = read.appup[mode].map(({ written }) => written)
    return err({ tag: 'version_not_in_appup', application: name, vsn: older.vsn, file, entries })
  }
  const at = `${file} ${mode}[${found.index}].instructions`
  const modules = new Set([...newer.modules, ...older.modules])
  const { steps, errors } = expandScript(found.entry.instructions, { application: name, modules, at })
  if (errors.length > 0) return bad(errors.map(formatSystoolsError))
  const made = translateScripts([steps], mode, { from: alone(now.value), to: alone(then.value) }, at)
  if (made.errors.length > 0) {
    return bad(made.errors.map((fault) => `${at}: ${fault.tag}`))
  }
  return ok({ application: name, vsn: then.value.vsn, dir, instructions: made.instructions })
}

const alone = (app: Application): ResolvedRelease => ({
  release: { name: app.name, vsn: app.vsn, erts: '', applications: [{ name: app.name, vsn: app.vsn, type: app.type }] },
  sorted: [app],
  byName: new Map([[app.name, app]]),
})

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parsed(text: string, file: string): { file: string; appup: unknown } | { file: string; unreadable: string } {
  try {
    return { file, appup: JSON.parse(text) }
  } catch (failure) {
    return { file, unreadable: failure instanceof Error ? failure.message : String(failure) }
  }
}

async function runningDir(name: string): Promise<Result<string, ReleaseError>> {
  const runs = (await application.whichApplications('infinity')).some(([one]) => one === name)
  const dir = currentDir(name)
  return runs && dir !== undefined ? ok(dir) : err({ tag: 'app_not_running', application: name })
}

async function readApp(name: string, dir: string): Promise<Result<Application, ReleaseError>> {
  const content = await readFormat(dir, 'app', 'ebin/app.json')
  if (!content.ok) return content
  const found = { name, file: join(dir, 'ebin/app.json'), app: content.value }
  const app = findApplication({ name, vsn: String(content.value.vsn), type: 'permanent' }, indexApps([found]))
  if (app.value !== undefined) return ok(app.value)
  return err({ tag: 'bad_appup', application: name, faults: app.errors.map(formatSystoolsError) })
}

/** Checks a change of one application, as an installation. Changes nothing. */
export async function checkAppScript(
  { application: name, vsn, dir, instructions }: AppScript,
  linker: Linker,
): Promise<Result<CheckedInstall, ReleaseError>> {
  const restart = instructions.find(({ op }) => op === 'restart_emulator' || op === 'restart_new_emulator')
  const here = await runningDir(name)
  if (!here.ok) return here
  const [before, after] = [await readApp(name, here.value), await readFormat(dir, 'app', 'ebin/app.json')]
  if (!before.ok) return before
  if (!after.ok) return after
  const from = releaseOf(name, before.value.vsn, here.value)
  const to = releaseOf(name, vsn, dir)
  if (restart !== undefined) return err({ tag: 'needs_restart', from: from.vsn, to: vsn, instruction: restart.op })
  const touched = touchedBy(instructions)
  const code = await tryCode(
    linker,
    touched.loaded.map((id) => ({ id, dir })),
    { [name]: dir },
  )
  if (!code.ok) {
    const [first] = code.error
    return err(
      first !== undefined && code.error.length === 1 ? first : { tag: 'check_failed', vsn, faults: code.error },
    )
  }
  return ok({
    from,
    to,
    script: {
      direction: 'up',
      file: join(dir, 'ebin/appup.json'),
      otherVsn: from.vsn,
      description: null,
      instructions,
    },
    program: {
      instructions,
      paths: [{ application: name, dir }],
      oldVsn: () => from.vsn,
      newVsn: () => vsn,
    },
    resources: [{ ...after.value }],
    config: (await controller.snapshot()).config,
    prepared: code.value.prepared,
    irreversible: touched.irreversible.map(([module, fun]) => `${module}.${fun}`),
    gone: [],
  })
}

const releaseOf = (name: string, vsn: string, dir: string): Release => ({
  name,
  vsn,
  erts: process.versions.node,
  libs: [{ application: name, vsn, dir }],
  status: 'unpacked',
})
