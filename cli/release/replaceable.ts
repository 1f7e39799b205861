/**
 * Which folders of an assembled release may be replaced by others of the same name: those that no node runs and that
 * no release lists which is not being built again. A version stands for its bytes as soon as somebody relies on them.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readNodeFile } from '../node/node_file.js'

/**
 * @param root    where releases are assembled
 * @param rebuilt versions that this build makes anew
 * @returns whether a folder, such as `lib/shop-1.0.0`, may get other content
 */
export async function replaceable(root: string, rebuilt: ReadonlySet<string>): Promise<(folder: string) => boolean> {
  if (readNodeFile({ root }).ok) return () => false
  const versions = await readdir(join(root, 'releases'), { withFileTypes: true }).catch(() => [])
  const others = versions.filter((entry) => entry.isDirectory() && !rebuilt.has(entry.name))
  const listed = await Promise.all(others.map(({ name }) => filesOf(join(root, 'releases', name, 'checksums.json'))))
  const files = listed.flat()
  return (folder) => !files.some((file) => file.startsWith(`${folder}/`))
}

/** The files a release lists; one without a list relies on nothing. */
async function filesOf(checksums: string): Promise<readonly string[]> {
  try {
    return Object.keys(JSON.parse(await readFile(checksums, 'utf8')))
  } catch {
    return []
  }
}
