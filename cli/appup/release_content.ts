/**
 * A release as files: what lies in each place, its sum, its size, whether it is on disk, in a package, or was just made
 * by a build and is not written yet. OTP has no counterpart; releases are compared by hand there.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readChecksums } from '../../runtime/sasl/src/checksums.js'
import { formatReleaseError } from '../../runtime/sasl/src/release_error.js'
import { readReleaseFiles } from '../../runtime/sasl/src/release_files.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Rel } from '../../schemas/types.js'
import type { FileAction, ReleasePlan } from '../release/plan.js'

/** The files of a release. Paths are relative to its root, with `/`. */
export interface ReleaseContent {
  readonly rel: Rel
  /** Path to SHA-256 in hex, or `-> TARGET` for a link. */
  readonly sums: ReadonlyMap<string, string>
  /** The text of one of its files. Rejects where it cannot be read. */
  text(path: string): Promise<string>
  /** Bytes of one of its files; 0 for a link or what is not there. */
  size(path: string): Promise<number>
}

/** The release of a version in a root. @returns why it cannot be read, in words, otherwise */
export async function contentInRoot(root: string, vsn: string): Promise<Result<ReleaseContent, string>> {
  const files = await readReleaseFiles(root, vsn)
  if (!files.ok) return err(formatReleaseError(files.error))
  const sums = await readChecksums(root, vsn)
  if (!sums.ok) return err(formatReleaseError(sums.error))
  return ok({
    rel: files.value.rel,
    sums: sums.value,
    text: (path) => readFile(join(root, path), 'utf8'),
    size: async (path) => {
      if (sums.value.get(path)?.startsWith('-> ') === true) return 0
      return (await stat(join(root, path)).catch(() => undefined))?.size ?? 0
    },
  })
}

/** The release that a build has planned. */
export function contentOfPlan(rel: Rel, { groups }: Pick<ReleasePlan, 'groups'>): ReleaseContent {
  const actions = groups.flatMap((group) =>
    group.kind === 'state' ? [] : group.actions.filter((action) => action.op !== 'mkdir'),
  )
  const byPath = new Map<string, FileAction>(actions.map((action) => [action.path, action]))
  return {
    rel,
    sums: new Map(actions.map((one) => [one.path, one.op === 'link' ? `-> ${one.target}` : one.sha256])),
    async text(path) {
      const action = byPath.get(path)
      if (action?.op === 'write') return action.text
      if (action?.op === 'copy') return readFile(action.from, 'utf8')
      throw new Error(`${path} is no file of ${rel.name} ${rel.vsn}`)
    },
    async size(path) {
      const action = byPath.get(path)
      if (action?.op === 'write') return Buffer.byteLength(action.text)
      return action?.op === 'copy' ? (await stat(action.from)).size : 0
    },
  }
}

/**
 * The release in a package, unpacked into a folder of its own for as long as `use` runs.
 *
 * @returns what `use` returns, or why the package cannot be read, in words
 */
export async function withPackage<T>(
  file: string,
  use: (content: ReleaseContent) => Promise<T>,
): Promise<Result<T, string>> {
  const { extract } = await import('tar')
  const { versionsIn } = await import('../../runtime/sasl/src/upgrade_plan_read.js')
  const dir = await mkdtemp(join(tmpdir(), 'otp-rel-diff-'))
  try {
    try {
      await extract({ file, cwd: dir, strict: true })
    } catch (cause) {
      return err(`${file} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
    const [vsn] = await versionsIn(dir)
    if (vsn === undefined) return err(`${basename(file)} holds no release`)
    const content = await contentInRoot(dir, vsn)
    return content.ok ? ok(await use(content.value)) : content
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
