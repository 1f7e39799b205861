/**
 * Which folders of an assembled release may be replaced by others of the same name: those that no release lists which
 * is not being built again, and none that a running node has ever loaded from. A version stands for its bytes as soon as
 * somebody relies on them; what a node only knows, or does not know at all, can still be built anew beside it.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { read } from '../../schemas/read.js'
import { readNodeFile } from '../node/node_file.js'

/** Whether a folder, such as `lib/shop-1.0.0`, may get other content. */
export type MayReplace = (folder: string) => boolean

/**
 * @param root    where releases are assembled
 * @param rebuilt versions that this build makes anew
 * @param force   whether files that only other releases list may be replaced as well; those of a running node never
 */
export async function replaceable(root: string, rebuilt: ReadonlySet<string>, force = false): Promise<MayReplace> {
  const versions = await readdir(join(root, 'releases'), { withFileTypes: true }).catch(() => [])
  const built = versions.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const ran = readNodeFile({ root }).ok ? await versionsThatRan(root) : new Set<string>()
  // a node runs and nobody knows what
  if (ran === undefined) return () => false
  const kept = built.filter((vsn) => ran.has(vsn) || !(force || rebuilt.has(vsn)))
  const files = (await Promise.all(kept.map((vsn) => filesOf(join(root, 'releases', vsn, 'checksums.json'))))).flat()
  return (folder) => !files.some((file) => file.startsWith(`${folder}/`))
}

/** Versions of which the node may have code or files in use; undefined where its list cannot be read. */
async function versionsThatRan(root: string): Promise<ReadonlySet<string> | undefined> {
  const file = join(root, 'releases', 'RELEASES.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const releases = text === undefined ? undefined : read('releases', text, file)
  if (releases === undefined || !releases.ok) return undefined
  // On disk the current release is "unpacked"; run/node.json says which one it is.
  const running = readNodeFile({ root })
  const current = running.ok ? [running.value.vsn] : []
  return new Set([...current, ...releases.value.flatMap(({ vsn, status }) => (status === 'unpacked' ? [] : [vsn]))])
}

/** The files a release lists; one without a list relies on nothing. */
async function filesOf(checksums: string): Promise<readonly string[]> {
  try {
    return Object.keys(JSON.parse(await readFile(checksums, 'utf8')))
  } catch {
    return []
  }
}
