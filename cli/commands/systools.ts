/**
 * `systools make-script | make-relup | make-tar | script2boot`: the release tools for those who write rel and appup
 * files by hand. Reads and writes; the rules are those of otp-rel/systools. OTP: systools(3).
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { copy, ensureDir } from 'fs-extra/esm'
import {
  makeRelup,
  makeScript,
  makeTar,
  type SystoolsError,
  type SystoolsWarning,
  scriptToBoot,
  type TarEntry,
} from '../../runtime/sasl/src/systools.js'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Arguments, flag, text } from '../node/command.js'
import { systoolsErrors, systoolsWarnings } from '../release/systools_fault.js'
import { type FoundWorld, readJson, readWorld } from '../release/systools_world.js'
import { formatTarFault, writeTar } from '../release/tar.js'
import { type Failure, type Outcome, report } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'
import { count } from '../render/steps.js'
import { type CliContext, shown } from './project.js'

/** Where applications are looked for, when nothing is said. */
const PATH = 'lib/*/ebin,apps/*'

/** One of the four. */
type Action = (job: Job) => Promise<Outcome>

/** What all of them are given. */
interface Job {
  readonly args: Arguments
  readonly context: CliContext
  /** The file given, absolute. */
  readonly file: string
  /** NAME of NAME.rel.json or NAME.script.json. */
  readonly stem: string
  /** Where results go, absolute. */
  readonly outdir: string
}

const ACTIONS: Readonly<Record<string, Action>> = {
  'make-script': makeScriptFile,
  'make-relup': makeRelupFile,
  'make-tar': makePackage,
  script2boot,
}

/** Runs one of the tools. */
export async function systools(args: Arguments, context: CliContext): Promise<Outcome> {
  const name = text(args, 'tool') ?? ''
  const action = ACTIONS[name]
  if (action === undefined) {
    const names = Object.keys(ACTIONS)
    const message = `there is no tool "${name}", only ${names.join(', ')}${didYouMean(name, names)}`
    return err({ exit: 'usage', tag: 'unknown_tool', message, facts: { name, names } })
  }
  const ending = name === 'script2boot' ? '.script.json' : '.rel.json'
  const given = text(args, 'name') ?? ''
  const file = resolve(context.cwd, given.endsWith('.json') ? given : `${given}${ending}`)
  const outdir = resolve(context.cwd, text(args, 'outdir') ?? dirname(file))
  return action({ args, context, file, stem: basename(file).replace(/(\.(rel|script))?\.json$/, ''), outdir })
}

// ---- the tools

async function makeScriptFile(job: Job): Promise<Outcome> {
  const { args, context } = job
  const rel = await readInput(job.file, context)
  if (!rel.ok) return rel
  const { world } = await worldOf(job)
  const made = makeScript(rel.value, world, { ...shared(args), local: flag(args, 'local') })
  if (!made.ok) return refused(made.error, `no boot script was made of ${shown(job.file, context)}`)
  const name = text(args, 'script-name') ?? job.stem
  return written(join(job.outdir, `${name}.script.json`), made.value.script, made.value.warnings, job)
}

async function makeRelupFile(job: Job): Promise<Outcome> {
  const { args, context } = job
  const top = await readInput(job.file, context)
  if (!top.ok) return top
  const bases = async (option: string) => {
    const found = []
    for (const one of listed(text(args, option))) {
      const base = await readInput(resolve(context.cwd, one.endsWith('.json') ? one : `${one}.rel.json`), context)
      if (!base.ok) return base
      found.push({ rel: base.value })
    }
    return ok(found)
  }
  const [upFrom, downTo] = [await bases('from'), await bases('to')]
  if (!upFrom.ok) return upFrom
  if (!downTo.ok) return downTo
  if (upFrom.value.length + downTo.value.length === 0) {
    const message = 'a relup leads from and to other releases: name them with --from and --to'
    return err({ exit: 'usage', tag: 'missing_argument', message })
  }
  const { world } = await worldOf(job)
  const options = {
    restart_emulator: flag(args, 'restart-emulator'),
    warnings_as_errors: flag(args, 'warnings-as-errors'),
  }
  const made = makeRelup({ top: top.value, upFrom: upFrom.value, downTo: downTo.value }, world, options)
  if (!made.ok) return refused(made.error, `no relup was made of ${shown(job.file, context)}`)
  return written(join(job.outdir, 'relup.json'), made.value.relup, made.value.warnings, job)
}

async function makePackage(job: Job): Promise<Outcome> {
  const { args, context, file, stem } = job
  const rel = await readInput(file, context)
  if (!rel.ok) return rel
  const { world, trees } = await worldOf(job)
  const beside = async (...names: string[]) => {
    for (const name of names) {
      const at = join(dirname(file), name)
      const found = await readJson(at)
      if (found !== undefined) return { file: at, content: 'content' in found ? found.content : undefined }
    }
    return undefined
  }
  const boot = await beside('start.script.json', `${stem}.script.json`)
  const relup = await beside('relup.json')
  const config = await beside('sys.config.json')
  const erts = text(args, 'erts')
  const made = makeTar(
    rel.value,
    world,
    {
      rel: file,
      trees,
      ...(boot === undefined ? {} : { boot }),
      ...(relup === undefined ? {} : { relup }),
      ...(config === undefined ? {} : { sys_config: config }),
    },
    {
      ...shared(args),
      dirs: listed(text(args, 'dirs')),
      ...(erts === undefined ? {} : { erts: { dir: resolve(context.cwd, erts, 'bin'), files: ['node'] } }),
      extra_files: listed(text(args, 'extra')).map((pair) => {
        const [from = '', to = basename(from)] = pair.split('=')
        return { from: resolve(context.cwd, from), to }
      }),
    },
  )
  if (!made.ok) return refused(made.error, `no package was made of ${shown(file, context)}`)
  const vsn = String((rel.value as { readonly vsn: unknown }).vsn) // makeTar has checked the rel file
  return pack(made.value.entries, vsn, made.value.warnings, job)
}

async function script2boot(job: Job): Promise<Outcome> {
  const { context, file, stem, outdir } = job
  const source = await readFile(file, 'utf8').catch(() => undefined)
  if (source === undefined) return err(notThere(file, context))
  const boot = scriptToBoot(source, file)
  if (!boot.ok) return err(failure('bad_input', boot.error, `${shown(file, context)} is no boot script`))
  const to = join(outdir, `${stem}.boot.json`)
  await ensureDir(outdir)
  await replace(to, boot.value)
  return ok(report({ file: to }, [`${shown(to, context)} is what a node can boot: --boot ${shown(to, context)}`]))
}

// ---- reading and writing

const listed = (given: string | undefined): readonly string[] =>
  (given ?? '').split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()]))

const worldOf = ({ args, context }: Job): Promise<FoundWorld> =>
  readWorld(listed(text(args, 'path') ?? PATH), context.cwd)

const shared = (args: Arguments) => ({
  no_warn_sasl: flag(args, 'no-warn-sasl'),
  warnings_as_errors: flag(args, 'warnings-as-errors'),
})

async function readInput(file: string, context: CliContext): Promise<Result<unknown, Failure>> {
  const read = await readJson(file)
  if (read === undefined) return err(notThere(file, context))
  if ('content' in read) return ok(read.content)
  const fault: Fault = { tag: 'parse_error', severity: 'error', message: read.why, file }
  return err(failure('bad_input', [fault], `${shown(file, context)} cannot be read`))
}

const notThere = (file: string, context: CliContext): Failure => ({
  exit: 'bad_input',
  tag: 'no_such_file',
  message: `${shown(file, context)} is not there`,
  hints: ['name the file, or its name without .rel.json or .script.json'],
})

const failure = (exit: Failure['exit'], faults: readonly Fault[], message: string): Failure => ({
  exit,
  tag: faults.length === 1 ? (faults[0]?.tag ?? 'systools') : 'systools',
  message,
  faults,
})

const refused = (errors: readonly SystoolsError[], message: string): Outcome =>
  err(failure('build_fault', systoolsErrors(errors), message))

/** Beside, then in place: nobody sees half a file. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.${process.pid}`, content)
  await rename(`${file}.${process.pid}`, file)
}

async function written(
  file: string,
  value: object,
  warnings: readonly SystoolsWarning[],
  { context, outdir }: Job,
): Promise<Outcome> {
  await ensureDir(outdir)
  await replace(file, `${JSON.stringify(value, null, 2)}\n`)
  return ok({
    data: { file, warnings },
    warnings: systoolsWarnings(warnings),
    lines: (style) => [`${style.bold(shown(file, context))} is made`],
  })
}

/** Packs the files with their checksums, as a release handler takes them. */
async function pack(
  entries: readonly TarEntry[],
  vsn: string,
  warnings: readonly SystoolsWarning[],
  { args, context, stem, outdir }: Job,
): Promise<Outcome> {
  await ensureDir(outdir)
  const staging = await mkdtemp(join(outdir, '.make-tar-'))
  try {
    const sums: Record<string, string> = {}
    for (const { name, from } of entries) {
      const at = join(staging, name)
      await copy(from, at, { dereference: true })
      sums[name] = createHash('sha256')
        .update(await readFile(at))
        .digest('hex')
    }
    const list = `releases/${vsn}/checksums.json`
    const sorted = Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)))
    await writeFile(join(staging, list), `${JSON.stringify(sorted, null, 2)}\n`)
    const file = join(outdir, `${stem}.tar.gz`)
    const packed = await writeTar([...entries.map(({ name }) => name), list], staging, file, {
      force: flag(args, 'force'),
    })
    if (!packed.ok) {
      return err({ exit: 'system', tag: packed.error.tag, message: formatTarFault(packed.error), facts: { file } })
    }
    const { sizeBytes, sha256 } = packed.value
    return ok({
      data: { file, sizeBytes, sha256, entries: entries.map(({ name }) => name) },
      warnings: systoolsWarnings(warnings),
      lines: (style) => [
        `${style.bold(shown(file, context))}  ${(sizeBytes / 1_048_576).toFixed(1)} MB, ${count(entries.length, 'file')}`,
      ],
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}
