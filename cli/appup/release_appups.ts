/**
 * The appups of a release that is being built: for each of its applications that changed since an older release, what
 * its appup.json says, what it leaves out, and what is generated for that.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Appup } from '../../schemas/types.js'
import type { ResolvedApplication } from '../release/resolve.js'
import { compareVsn } from '../release/vsn.js'
import { editedText, newText } from './appup_text.js'
import { type GeneratedAppup, generateAppup } from './generate.js'
import { current, type MergedEntry, mergeAppup, withEntries } from './merge.js'
import { contentInRoot, type ReleaseContent, withPackage } from './release_content.js'
import { diffApplication } from './release_diff.js'
import { type AppSide, readSides } from './release_side.js'

/** One application from one older version. */
export interface AppupStep {
  readonly generated: GeneratedAppup
  /** Up, then down. */
  readonly entries: readonly MergedEntry[]
}

/** The appup of one application. */
export interface AppupReport {
  readonly application: string
  readonly vsn: string
  /** Its appup.json, absolute, whether it is there or not. */
  readonly file: string
  /** Whether it is the project's own, to be written in. */
  readonly own: boolean
  /** What it says now; undefined: it is not there. */
  readonly written: { readonly text: string; readonly value: Appup } | undefined
  /** The version that it is for, where that is not the application's. */
  readonly outdated: string | undefined
  /** With everything filled in. */
  readonly merged: Appup
  /** The same as a file, comments kept. */
  readonly text: string
  /** By older version, newest first. */
  readonly steps: readonly AppupStep[]
}

/** What was found. */
export interface ReleaseAppups {
  /** Older releases that were compared with, newest first. */
  readonly from: readonly string[]
  /** In the order of the release. */
  readonly reports: readonly AppupReport[]
  /** Applications whose content changed under the same version. */
  readonly unversioned: readonly Fault[]
}

/** Applications that come with otp-rel: their versions have appups of their own or restart the node. */
const RUNTIME = new Set(['kernel', 'stdlib', 'sasl'])

/**
 * Compares a release with older ones.
 *
 * @param from versions in `root`, or packages (absolute paths that end in `.tar.gz`)
 * @returns what was found; or why an older release cannot be read
 */
export async function releaseAppups(
  next: ReleaseContent,
  applications: readonly ResolvedApplication[],
  root: string,
  from: readonly string[],
): Promise<Result<ReleaseAppups, readonly Fault[]>> {
  const faults: Fault[] = []
  const compared: { vsn: string; steps: GeneratedAppup[]; unversioned: Fault[] }[] = []
  for (const one of from) {
    const compare = (old: ReleaseContent) => compareWith(old, next, applications)
    const found = one.endsWith('.gz') ? await withPackage(one, compare) : await inRoot(root, one, compare)
    if (found.ok) compared.push(found.value)
    else faults.push({ tag: 'bad_release', severity: 'error', message: found.error })
  }
  if (faults.length > 0) return err(faults)
  compared.sort((a, b) => compareVsn(b.vsn, a.vsn))
  const reports = applications.flatMap((application) => {
    const steps = new Map<string, GeneratedAppup>()
    for (const step of compared.flatMap((each) => each.steps)) {
      if (step.application === application.name && !steps.has(step.from)) steps.set(step.from, step)
    }
    return steps.size === 0 ? [] : [reportOf(application, [...steps.values()])]
  })
  const unversioned = compared.flatMap((one) => one.unversioned)
  return ok({
    from: compared.map(({ vsn }) => vsn),
    reports,
    unversioned: unversioned.filter(
      ({ message }, index) => unversioned.findIndex((one) => one.message === message) === index,
    ),
  })
}

async function inRoot<T>(
  root: string,
  vsn: string,
  use: (content: ReleaseContent) => Promise<T>,
): Promise<Result<T, string>> {
  const content = await contentInRoot(root, vsn)
  if (content.ok) return ok(await use(content.value))
  const built = await readdir(join(root, 'releases'), { withFileTypes: true }).then(
    (entries) => entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    (): string[] => [],
  )
  if (built.includes(vsn)) return content
  const known = built.map((one) => `"${one}"`).join(', ') || 'none'
  return err(`no version "${vsn}" is built; there are: ${known}; a package is named by its file, NAME-VSN.tar.gz`)
}

async function compareWith(old: ReleaseContent, next: ReleaseContent, applications: readonly ResolvedApplication[]) {
  const sides = await readSides(old, next)
  const steps: GeneratedAppup[] = []
  const unversioned: Fault[] = []
  for (const { name, appFile } of applications) {
    if (RUNTIME.has(name)) continue
    const find = (apps: readonly AppSide[]) => apps.find((one) => one.name === name)
    const [before, after] = [find(sides.old.apps), find(sides.next.apps)]
    if (before === undefined || after === undefined) continue
    if (before.vsn !== after.vsn) steps.push(generateAppup(before, after))
    else unversioned.push(...unversionedFault(before, after, appFile, old))
  }
  return { vsn: old.rel.vsn, steps, unversioned }
}

function unversionedFault(old: AppSide, next: AppSide, file: string, { rel }: ReleaseContent): Fault[] {
  const [diff] = diffApplication(old, next)
  if (diff === undefined) return []
  const what = [
    ...diff.modules.map(({ module }) => module),
    ...diff.fields.map(({ field }) => `"${field}" of app.json`),
    ...diff.packages.map(({ name }) => `npm package ${name}`),
    ...diff.priv.map((one) => `priv/${one.file}`),
  ]
  const more = what.length > 5 ? ` and ${what.length - 5} more` : ''
  const message = `${next.name} ${next.vsn} is in release ${rel.vsn} with other content (${what.slice(0, 5).join(', ')}${more}): a node cannot tell them apart; give it a new "vsn"`
  return [{ tag: 'unversioned_change', severity: 'error', message, file, application: next.name }]
}

function reportOf(application: ResolvedApplication, generated: readonly GeneratedAppup[]): AppupReport {
  const { name, vsn, dir, appup, origin } = application
  const written = appup === undefined ? undefined : { text: appup.text, value: appup.value }
  const base = current(written?.value ?? { vsn, up: [], down: [] }, vsn)
  const steps = generated.map((one): AppupStep => ({ generated: one, entries: mergeAppup(base, one) }))
  const entries = steps.flatMap((step) => step.entries)
  const merged = withEntries(base, entries)
  return {
    application: name,
    vsn,
    file: appup?.file ?? join(dir, 'appup.json'),
    own: origin !== 'node_modules' && origin !== 'otp-rel',
    written,
    outdated: written === undefined || written.value.vsn === vsn ? undefined : written.value.vsn,
    merged,
    text: written === undefined ? newText(merged) : editedText(written.text, written.value, vsn, entries),
    steps,
  }
}

/** What the appups that people wrote do not cover: a fault for each change, in the order of the applications. */
export function uncovered({ reports, unversioned }: ReleaseAppups): readonly Fault[] {
  const gaps = reports.flatMap(({ application, vsn, file, outdated, steps }) =>
    steps.flatMap(({ generated, entries }) =>
      entries.flatMap(({ direction, index, missing }): Fault[] => {
        const way = direction === 'up' ? `${generated.from} -> ${vsn}` : `${vsn} -> ${generated.from}`
        const base = { severity: 'error', file, application, direction } as const
        if (index === undefined) {
          const stale = outdated === undefined ? '' : `; the file is for ${outdated}`
          const changes = missing.length === 0 ? 'no module changed' : `changed: ${missing.join(', ')}`
          const message = `${application} ${way} has no entry in "${direction}" (${changes})${stale}`
          return [{ ...base, tag: 'no_appup_entry', message }]
        }
        return missing.map((change) => {
          const reason = generated.pieces.find(({ module }) => module === change)?.reason
          const message = `${application} ${way}: nothing is said of ${change}${reason === undefined ? '' : ` (${reason})`}`
          return { ...base, tag: 'change_not_covered', message, change }
        })
      }),
    ),
  )
  return [...unversioned, ...gaps]
}
