/**
 * The files of `releases/VSN`, read and checked: rel, boot script, configuration, relup, and the applications' own.
 * OTP: release_handler.erl, `check_rel/4`, `get_rh_script/5`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { formatFault } from '../../../schemas/fault.js'
import { type Format, read } from '../../../schemas/read.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { BootScript, Formats, Rel, Relup } from '../../../schemas/types.js'
import type { ReleaseError } from './release_error.js'
import type { ReleaseLib } from './releases_file.js'

/** A release as its rel file describes it. */
export interface ReleaseFiles {
  readonly rel: Rel
  /** Its applications with the folders they have in the standard layout. */
  readonly libs: readonly ReleaseLib[]
}

/** Where an application of a release is. */
export const libDir = (root: string, lib: Pick<ReleaseLib, 'dir'>): string =>
  isAbsolute(lib.dir) ? lib.dir : join(root, lib.dir)

/** Reads a file in one of our formats; `file` is relative to the root, as messages show it. */
export async function readFormat<F extends Format>(
  root: string,
  format: F,
  file: string,
): Promise<Result<Formats[F], ReleaseError>> {
  let text: string
  try {
    text = readFileSync(join(root, file), 'utf8')
  } catch (failure) {
    const code = failure instanceof Error && 'code' in failure ? String(failure.code) : ''
    const why = code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`
    return err({ tag: 'no_such_file', file, why })
  }
  const checked = read(format, text, file)
  if (checked.ok) return checked
  return err({ tag: 'bad_file', file, why: checked.error.map(formatFault).join('; ') })
}

/** Finds and reads `releases/VSN/NAME.rel.json`, which must say VSN. */
export async function readReleaseFiles(root: string, vsn: string): Promise<Result<ReleaseFiles, ReleaseError>> {
  const dir = `releases/${vsn}`
  const names = namesIn(join(root, dir)).filter((name) => name.endsWith('.rel.json'))
  const [name] = names
  if (name === undefined) return err({ tag: 'no_such_file', file: `${dir}/NAME.rel.json`, why: 'is missing' })
  const file = await readFormat(root, 'rel', `${dir}/${name}`)
  if (!file.ok) return file
  const rel = file.value
  if (rel.vsn !== vsn) {
    return err({ tag: 'bad_file', file: `${dir}/${name}`, why: `is of version "${rel.vsn}", not "${vsn}"` })
  }
  const libs = rel.applications.map((app) => ({
    application: app.name,
    vsn: app.vsn,
    dir: `lib/${app.name}-${app.vsn}`,
  }))
  return ok({ rel, libs })
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

/** Reads the boot script of a release. */
export const readScript = (root: string, vsn: string): Promise<Result<BootScript, ReleaseError>> =>
  readFormat(root, 'script', `releases/${vsn}/start.script.json`)

/** Reads the relup of a release; undefined when it has none. */
export async function readRelup(root: string, vsn: string): Promise<Result<Relup | undefined, ReleaseError>> {
  const relup = await readFormat(root, 'relup', `releases/${vsn}/relup.json`)
  return !relup.ok && relup.error.tag === 'no_such_file' && relup.error.why === 'is missing' ? ok(undefined) : relup
}
