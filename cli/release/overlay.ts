/**
 * Files of the project's own in a release: `overlay` of otp.config.json as file actions.
 *
 * Everything is looked at and rendered here, so that a plan says what will be written. What lies in `releases/VSN`
 * belongs to that version and is upgraded with it; anything else is of the installation as a whole: it comes with the
 * first package and later ones leave it as it is. OTP: the overlays of relx; the `rel/overlays` of mix.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, posix, resolve } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { formatPath, type JsonPath, parseJsonTree, positionOf } from '../../schemas/position.js'
import { jsonValue } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Overlay } from '../../schemas/types.js'
import type { TextFile } from './config.js'
import { type FoundFile, findFiles, type Sums } from './files.js'
import type { FileAction } from './plan.js'
import { renderText } from './template.js'
import type { TemplateFault } from './template_faults.js'

/** Variables by name: those of the project, and beside them `release`, `erts`, `profile`, `application`, `applications`. */
export type OverlayVariables = Readonly<Record<string, unknown>>

/** What overlays are made of. */
export interface OverlayInput {
  readonly overlay: readonly { readonly item: Overlay; readonly path: JsonPath }[]
  readonly variables: OverlayVariables
  /** The project's folder, absolute. */
  readonly root: string
  /** The configuration, for places. */
  readonly source: TextFile
  readonly sums: Sums
  /** Links to the project instead of copies. */
  readonly dev: boolean
}

/** Names that the project's own variables cannot have. */
const RESERVED = ['release', 'erts', 'profile', 'application', 'applications']

/** What is known of a release, for templates. */
export interface OverlayFacts {
  readonly name: string
  readonly vsn: string
  readonly erts: string
  readonly profiles: readonly string[]
  readonly applications: readonly { readonly name: string; readonly vsn: string; readonly description: string }[]
}

/** All variables, or what is wrong with the project's own. @param own an object, or the path of a JSON file */
export async function overlayVariables(
  own: OverlayVariables | string,
  facts: OverlayFacts,
): Promise<Result<OverlayVariables, Fault>> {
  const read = typeof own === 'string' ? await readVariables(own) : ok(own)
  if (!read.ok) return read
  const taken = RESERVED.find((name) => Object.hasOwn(read.value, name))
  if (taken !== undefined) {
    const message = `"${taken}" is a variable of otp-rel; give yours another name than ${RESERVED.join(', ')}`
    return err({
      tag: 'reserved_variable',
      severity: 'error',
      message,
      ...(typeof own === 'string' ? { file: own } : {}),
    })
  }
  const applications = facts.applications.map((one) => ({ ...one, dir: `lib/${one.name}-${one.vsn}` }))
  return ok({
    ...read.value,
    release: { name: facts.name, vsn: facts.vsn },
    erts: { vsn: facts.erts },
    profile: facts.profiles.join('+'),
    applications,
    application: Object.fromEntries(applications.map((one) => [one.name, one])),
  })
}

async function readVariables(file: string): Promise<Result<OverlayVariables, Fault>> {
  const text = await readFile(file, 'utf8')
  const { root, errors } = parseJsonTree(text)
  if (root?.type === 'object' && errors.length === 0) {
    // the value of an object's tree
    return ok(jsonValue(root) as OverlayVariables)
  }
  return err({ tag: 'bad_variables', severity: 'error', message: 'must be a JSON object of variables', file })
}

/** The file actions of overlays, in order, each path once; or every fault. */
export async function overlayActions(input: OverlayInput): Promise<Result<readonly FileAction[], readonly Fault[]>> {
  const actions = new Map<string, FileAction>()
  const faults: Fault[] = []
  /** Paths that would be there without a fault. */
  const unmade: string[] = []
  for (const { item, path } of input.overlay) {
    const place = { file: input.source.file, ...positionOf(input.source.text, path), path: formatPath(path) }
    const fail = (message: string, at: Partial<Fault> = place) =>
      faults.push({ tag: 'bad_overlay', severity: 'error', message, ...at })
    /** A path of the release with its variables; undefined where it is none. */
    const target = async (written: string): Promise<string | undefined> => {
      const rendered = await renderText(written, input.variables)
      const why = rendered.ok ? refusal(rendered.value) : rendered.error.map(({ message }) => message).join('; ')
      if (why !== undefined) fail(`"${written}" ${why}`)
      return rendered.ok && why === undefined ? rendered.value : undefined
    }
    if ('mkdir' in item) {
      const to = await target(item.mkdir)
      if (to !== undefined) put({ op: 'mkdir', path: clean(to), mode: 0o755 })
    } else if ('link' in item) {
      const [from, to] = [await target(item.link), await target(item.to)]
      if (from === undefined || to === undefined) continue
      put({ op: 'link', path: clean(to), target: posix.relative(posix.dirname(clean(to)), clean(from)) })
    } else if ('chmod' in item) {
      const at = await target(item.path)
      if (at === undefined) continue
      const meant = [...actions.values()].filter(
        ({ path: one }) => one === clean(at) || one.startsWith(`${clean(at)}/`),
      )
      // A fault of the one that was to make it is told already.
      if (meant.length === 0 && !unmade.some((one) => `${one}/`.startsWith(`${clean(at)}/`)))
        fail(`"${clean(at)}" is made by no overlay before this one`)
      for (const one of meant) if (one.op !== 'link') put({ ...one, mode: Number.parseInt(item.chmod, 8) })
    } else {
      const to = await target(item.to)
      if (to === undefined) continue
      const written = 'copy' in item ? item.copy : item.template
      const found = await filesOf(resolve(input.root, written), input.sums)
      const into = to.endsWith('/') ? posix.join(to, basename(written)) : to
      if (found === undefined) {
        fail(`"${written}" is not there`)
        unmade.push(clean(into))
      }
      for (const file of found ?? []) {
        const at = clean(file.path === '' ? into : posix.join(into, file.path))
        const made = await ('copy' in item ? copied(file, at, input.dev) : rendered(file, at, input.variables))
        if (!made.ok) {
          for (const { message, ...at } of made.error) fail(message, { ...at, file: file.from, path: '' })
          unmade.push(at)
        } else
          put(
            item.mode === undefined || made.value.op === 'link'
              ? made.value
              : { ...made.value, mode: Number.parseInt(item.mode, 8) },
          )
      }
    }
  }
  return faults.length > 0 ? err(faults) : ok([...actions.values()])

  /** A later one for the same path counts. */
  function put(action: FileAction): void {
    actions.delete(action.path)
    actions.set(action.path, action)
  }
}

const clean = (path: string): string => posix.normalize(path).replace(/\/+$/, '')

/** Why a path of the release is none that an overlay may have. */
function refusal(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\\') || path.split('/').includes('..')) return 'leads out of the release'
  const at = clean(path)
  if (at === '.' || at === '') return 'names no file'
  if (/^(run|erts-[^/]*)(\/|$)|^releases(\/[^/]*)?$|^lib(\/[^/]*)?$|^lib\/\.npm\//.test(at)) {
    return 'belongs to the release itself; overlays go beside, or into releases/VSN/ and lib/APPLICATION-VSN/'
  }
  return undefined
}

/** The file, its path empty, or the files of the folder; undefined: there is none. */
async function filesOf(from: string, sums: Sums): Promise<readonly FoundFile[] | undefined> {
  const found = await stat(from).catch(() => undefined)
  if (found?.isDirectory()) return findFiles(from, sums)
  const file = found === undefined ? undefined : await sums.of(from, '')
  return file === undefined ? undefined : [file]
}

type Made = Result<FileAction, readonly TemplateFault[]>

const copied = async ({ from, sha256, mode }: FoundFile, path: string, dev: boolean): Promise<Made> =>
  ok(dev ? { op: 'link', path, target: from } : { op: 'copy', path, from, sha256, mode })

async function rendered({ from, mode }: FoundFile, path: string, variables: OverlayVariables): Promise<Made> {
  const text = await renderText(await readFile(from, 'utf8'), variables)
  if (!text.ok) return text
  return ok({
    op: 'write',
    path,
    text: text.value,
    mode,
    sha256: createHash('sha256').update(text.value).digest('hex'),
  })
}
