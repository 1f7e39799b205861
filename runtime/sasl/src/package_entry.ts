/**
 * What may stand in a release package, judged by the list of its entries before anything is written.
 *
 * A package comes from elsewhere and is unpacked with the node's rights, so nothing in it is trusted: every path must
 * stay below the root, no entry may be written through a link, no link may lead out, and nothing but files, folders
 * and links is taken. OTP: systools, erl_tar (which keeps whatever it finds).
 */
import { posix } from 'node:path'

/** An entry as the archive has it. */
export interface PackageEntry {
  readonly path: string
  /** As node-tar names them: `File`, `Directory`, `SymbolicLink`, `Link`, ... */
  readonly type: string
  /** Where a link leads. */
  readonly linkpath?: string | undefined
  /** Permission bits. */
  readonly mode?: number | undefined
  readonly size?: number | undefined
}

/** An entry that is refused, and why: the second half of the sentence `entry "..." ...`. */
export interface EntryFault {
  readonly entry: string
  readonly why: string
}

const KINDS: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link'])
/** Files of a release root that belong to the node, not to a package. */
const OWN = /^(run|log)\/.|^releases\/(RELEASES\.json|start_otp\.json|history\.json|bad_builds\.json|\.)/

/** A path as two file systems that fold case or accents would see it. */
const folded = (path: string): string => path.normalize('NFC').toLowerCase()

/** `a/./b//c/` as `a/b/c`. */
export const cleanPath = (path: string): string => posix.normalize(path).replace(/\/+$/, '')

/** The first rule that one entry breaks by itself; undefined: none. */
function faultOf(entry: PackageEntry): string | undefined {
  const { path } = entry
  if (path === '' || path.includes('\0')) return 'has no usable name'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is an absolute path'
  if (path.includes('\\')) return 'holds a backslash'
  if (path.split('/').includes('..')) return 'leads out of the release with ".."'
  if (!KINDS.has(entry.type)) return `is a ${entry.type}; only files, folders and links may be in a package`
  if (((entry.mode ?? 0) & 0o6000) !== 0) return 'would run with the rights of its owner or group'
  if (OWN.test(cleanPath(path))) return 'belongs to the node, not to a package'
  if (entry.type === 'SymbolicLink' || entry.type === 'Link') return linkFault(entry)
  return undefined
}

function linkFault(entry: PackageEntry): string | undefined {
  const target = entry.linkpath ?? ''
  if (target === '' || target.includes('\0')) return 'is a link to nothing'
  if (target.startsWith('/') || /^[A-Za-z]:/.test(target) || target.includes('\\')) {
    return `is a link out of the release, to "${target}"`
  }
  // A symbolic link is relative to its folder, a hard link to the root of the archive.
  const base = entry.type === 'SymbolicLink' ? posix.dirname(cleanPath(entry.path)) : '.'
  const reached = posix.normalize(posix.join(base, target))
  return reached === '..' || reached.startsWith('../') ? `is a link out of the release, to "${target}"` : undefined
}

/**
 * The faults of a package's entries, in their order.
 *
 * Departure: OTP takes any archive. A link counts wherever it stands in the archive: an entry below it is refused also
 * when it comes first.
 */
export function checkEntries(entries: readonly PackageEntry[]): readonly EntryFault[] {
  const links = new Map(
    entries
      .filter((entry) => entry.type === 'SymbolicLink')
      .map((entry) => [folded(cleanPath(entry.path)), entry.path] as const),
  )
  const seen = new Set<string>()
  const faults: EntryFault[] = []
  for (const entry of entries) {
    const path = cleanPath(entry.path)
    const why =
      faultOf(entry) ??
      throughLink(path, links) ??
      (seen.has(path) && entry.type !== 'Directory' ? 'is there twice' : undefined)
    if (why !== undefined) faults.push({ entry: entry.path, why })
    seen.add(path)
    const target = entry.type === 'Link' ? throughLink(cleanPath(entry.linkpath ?? ''), links) : undefined
    if (target !== undefined) faults.push({ entry: entry.path, why: `is a link that ${target}` })
  }
  return faults
}

function throughLink(path: string, links: ReadonlyMap<string, string>): string | undefined {
  const parts = folded(path).split('/')
  for (let length = 1; length < parts.length; length++) {
    const link = links.get(parts.slice(0, length).join('/'))
    if (link !== undefined) return `leads through the link "${link}"`
  }
  return undefined
}
