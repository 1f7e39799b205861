/**
 * Writing the first RELEASES.json of an installation that was not made by our tools. The handler makes one itself at its
 * first start. OTP: `create_RELEASES/1,2,3,4` of release_handler.erl.
 */
import { stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { ioError, type ReleaseError } from './release_error.js'
import { readFormat } from './release_files.js'
import { releasesStore, writeReleases } from './releases_store.js'

/** `[application, vsn, folder above]` of an application that is not in `lib`; the version is not looked at. */
export type AppDir = readonly [application: string, vsn: string, dir: string]

/**
 * Writes `RELDIR/RELEASES.json` with one release, permanent.
 *
 * @param root    folder of the installation; empty: folders of applications are written relative to it
 * @param relDir  where the file goes; the installation is the folder above
 * @param relFile the rel file; its name alone is looked for in `relDir`
 */
export async function createReleases(
  root: string,
  relDir: string,
  relFile: string,
  appDirs: readonly AppDir[],
): Promise<Result<'ok', ReleaseError>> {
  const path = isAbsolute(relFile) || relFile.includes('/') ? relFile : join(relDir, relFile)
  const read = await readFormat(dirname(path), 'rel', basename(path))
  if (!read.ok) return read
  const { name, vsn, erts, applications } = read.value
  const libs = applications.map((app) => {
    const above = appDirs.find(([one]) => one === app.name)?.[2] ?? (root === '' ? 'lib' : join(root, 'lib'))
    return { application: app.name, vsn: app.vsn, dir: join(above, `${app.name}-${app.vsn}`) }
  })
  for (const { dir } of libs) {
    const file = join(isAbsolute(dir) ? dir : join(root === '' ? dirname(relDir) : root, dir), 'ebin')
    const found = await stat(file).catch(() => undefined)
    if (!found?.isDirectory()) return err({ tag: 'no_such_file', file, why: 'is not there, or is no folder' })
  }
  try {
    await writeReleases(releasesStore(relDir), [{ name, vsn, erts, libs, status: 'permanent' }])
    return ok('ok')
  } catch (failure) {
    return err(ioError(join(relDir, 'RELEASES.json'), failure))
  }
}
