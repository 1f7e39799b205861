/**
 * The content of a release package, as a list. Pure: what lies where is handed in; who calls reads, sums and packs.
 *
 * Order: for each application, in the order of the boot script, `priv`, other folders that are asked for, `ebin` with
 * app.json, appup.json, its modules, their archive and anchor; then the rel file, the boot script, relup and configuration; the node binary;
 * extra files. OTP: `make_tar/2` of systools(3), `mk_tar/7` of systools_make.erl.
 *
 * Departures: the appup.json travels (D42); `extra_files` says what is what by name (D40); there is one rel file, in
 * `releases/VSN`, where this release handler looks; the boot script is `start.script.json`; `variables` has no packages
 * of its own (`var_tar`): what is below one is packed as all others are, or with `omit` left out.
 */

import { archiveName } from '../../erts/linker/archive.js'
import type { SystoolsError } from './systools_error.js'
import { isRecord } from './systools_shape.js'
import { appFolderOf, type TarFiles, type TarOptions } from './systools_tar_types.js'
import { type Application, nameVsn, type ResolvedRelease } from './systools_types.js'

/** One file of a package. */
export interface TarEntry {
  /** Its path in the package, with `/`. */
  readonly name: string
  /** The file it is a copy of, as the caller named it. */
  readonly from: string
}

/** The file of a built module; one of JSON is named after it. */
const moduleFile = (module: string): string => `ebin/${module}${module.endsWith('.json') ? '' : '.js'}`

/** What travels with a module: itself, and its source map where there is one. */
const moduleFiles = (module: string): readonly string[] => [moduleFile(module), `${moduleFile(module)}.map`]

/** @returns the entries in order, or every file that is missing or of no use */
export function tarEntries(
  { release, sorted }: ResolvedRelease,
  files: TarFiles,
  options: TarOptions,
): { readonly entries: readonly TarEntry[]; readonly errors: readonly SystoolsError[] } {
  const entries: TarEntry[] = []
  const errors: SystoolsError[] = []
  for (const app of sorted) {
    if (options.var_tar === 'omit' && isBelowVariable(app, options)) continue
    const made = applicationEntries(app, files, options)
    for (const entry of made.entries) entries.push(entry)
    for (const error of made.errors) errors.push(error)
  }
  const at = (name: string) => `releases/${release.vsn}/${name}`
  entries.push({ name: at(`${release.name}.rel.json`), from: files.rel })
  if (files.boot === undefined) errors.push({ tag: 'tar_error', what: 'boot', why: 'enoent', file: `${files.rel}` })
  else entries.push({ name: at('start.script.json'), from: files.boot.file })
  if (files.relup !== undefined) {
    const found = files.relup
    if (isRelup(found.content)) entries.push({ name: at('relup.json'), from: found.file })
    else errors.push({ tag: 'tar_error', what: 'relup', why: 'invalid_format', file: found.file })
  }
  if (files.sys_config !== undefined) {
    const found = files.sys_config
    if (isSysConfig(found.content)) entries.push({ name: at('sys.config.json'), from: found.file })
    else errors.push({ tag: 'tar_error', what: 'sys.config', why: 'invalid_format', file: found.file })
  }
  for (const file of options.erts?.files ?? []) {
    entries.push({ name: `erts-${release.erts}/bin/${file}`, from: `${options.erts?.dir}/${file}` })
  }
  for (const { from, to } of options.extra_files ?? []) entries.push({ name: to, from })
  return { entries, errors }
}

function applicationEntries(app: Application, files: TarFiles, { dirs = [] }: TarOptions) {
  const unit = `lib/${nameVsn(app)}`
  const tree = files.trees[nameVsn(app)] ?? { dir: appFolderOf(app), files: [] }
  const there = new Set(tree.files)
  const entries: TarEntry[] = []
  const errors: SystoolsError[] = []
  const pack = (file: string) => entries.push({ name: `${unit}/${file}`, from: `${tree.dir}/${file}` })
  for (const dir of new Set(['priv', ...dirs]))
    for (const file of [...tree.files].filter((one) => one.startsWith(`${dir}/`)).sort()) pack(file)
  // a resource file and modules may lie in the application's folder itself, as in a project
  const needed = ['ebin/app.json', ...app.modules.map(moduleFile)]
  for (const file of needed) {
    if (there.has(file)) continue
    errors.push({ tag: 'error_add_appl', application: app.name, file: `${tree.dir}/${file}`, why: 'enoent' })
  }
  for (const file of [
    'ebin/app.json',
    'ebin/appup.json',
    ...app.modules.flatMap(moduleFiles),
    archiveName(app.name),
    'ebin/anchor.mjs',
  ])
    if (there.has(file)) pack(file)
  return { entries, errors }
}

const isBelowVariable = ({ dir }: Application, { variables = {} }: TarOptions): boolean =>
  dir !== undefined && Object.values(variables).some((prefix) => dir.startsWith(prefix))

/** As far as OTP looks: that it is a relup at all. */
const isRelup = (content: unknown): boolean =>
  isRecord(content) &&
  typeof content.vsn === 'string' &&
  content.vsn !== '' &&
  Array.isArray(content.up) &&
  Array.isArray(content.down)

const isSysConfig = (content: unknown): boolean =>
  Array.isArray(content) ? content.every((one) => typeof one === 'string' || isSection(one)) : isSection(content)

const isSection = (content: unknown): boolean => isRecord(content) && Object.values(content).every(isRecord)
