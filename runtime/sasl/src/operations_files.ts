/**
 * Operations on the files of releases: unpacked, made known, forgotten, removed. What runs and what boots stays. OTP:
 * `do_unpack_release`, `do_set_unpacked`, `do_set_removed`, `do_install_file` and `do_remove_release` of release_handler.erl.
 */
import { copyFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { err, ok } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import { equal } from '../../erts/process.js'
import { readChecksums, verifyInPlace } from './checksums.js'
import { type HandlerState, noteDone, type OperationContext, type Outcome, refuse, save } from './operation_state.js'
import { ioError, type ReleaseError } from './release_error.js'
import { libDir, readReleaseFiles } from './release_files.js'
import { addRelease, findRelease, type ReleaseLib, transition } from './releases_file.js'
import { writeReleases } from './releases_store.js'
import { noteRemoval, removableUnits, removeUnits } from './remove_release.js'
import { trustedKeys, verifySignature } from './signature.js'
import { findPackage, type UnpackHooks, unpack } from './unpack.js'

/**
 * Unpacks `releases/NAME.tar.gz`, or the package at a path.
 *
 * @param replace whether it may take the place of another build of its version, which neither runs nor boots
 * @returns the version
 */
export async function unpackRelease(
  state: HandlerState,
  name: string,
  replace: boolean,
  context: OperationContext,
): Promise<Outcome<string>> {
  const since = clock.monotonicMs()
  const file = await findPackage(state.store.dir, name)
  if (!file.ok) return refuse(file.error)
  const admit = ({ rel }: { readonly rel: { readonly vsn: string } }): ReleaseError | undefined => {
    const known = state.releases.find((one) => one.vsn === rel.vsn)
    if (known === undefined || (replace && (known.status === 'unpacked' || known.status === 'old'))) return undefined
    return { tag: 'existing_release', vsn: known.vsn, status: known.status }
  }
  let now = state
  const replaces: UnpackHooks['replaces'] = async ({ rel }, staging) => {
    const known = state.releases.find((one) => one.vsn === rel.vsn)
    if (known === undefined) return undefined
    const [old, fresh] = [await readChecksums(state.root, rel.vsn), await readChecksums(staging, rel.vsn)]
    if (old.ok && fresh.ok && equal([...old.value].sort(), [...fresh.value].sort())) return undefined
    const others = state.releases.filter((one) => one !== known)
    const units = await removableUnits(state.root, known, others)
    const remove = async (): Promise<void> => {
      await noteRemoval(state.root, rel.vsn, units)
      await writeReleases(state.store, others)
      now = { ...state, releases: others }
      await removeUnits(state.root, rel.vsn, units)
    }
    return { units, remove }
  }
  const keys = await trustedKeys(state.root)
  if (!keys.ok) return refuse(keys.error)
  const unpacked = await unpack(state.root, file.value, { admit, replaces, keys: keys.value })
  // An earlier build may be gone already, which must not be forgotten.
  if (!unpacked.ok) return now === state ? refuse(unpacked.error) : { answer: err(unpacked.error), state: now }
  const { rel, libs } = unpacked.value
  // The same build again.
  if (now.releases.some((one) => one.vsn === rel.vsn)) return { answer: ok(rel.vsn) }
  const added = addRelease(now.releases, { name: rel.name, vsn: rel.vsn, erts: rel.erts, libs })
  if (!added.ok) return refuse(added.error)
  const saved = await save(now, added.value)
  if (!saved.ok) return { answer: err(saved.error), state: now }
  return { answer: ok(rel.vsn), state: await noteDone(saved.value, 'unpack', rel.vsn, since, context) }
}

/**
 * Makes a release known whose files lie in place: built there, or copied by other means.
 *
 * @param name    its version, or the path of its rel file below the root
 * @param appDirs applications that are elsewhere than `lib/APPLICATION-VSN`: `dir` is the folder above
 */
export async function setUnpacked(
  state: HandlerState,
  name: string,
  appDirs: readonly ReleaseLib[],
  context: OperationContext,
): Promise<Outcome<string>> {
  const since = clock.monotonicMs()
  const parts = name.split(/[/\\]/)
  const vsn = name.endsWith('.rel.json') ? (parts.at(-2) ?? '') : name
  if (vsn === '' || vsn === '.' || vsn === '..' || (parts.length > 1 && !name.endsWith('.rel.json'))) {
    return refuse({
      tag: 'illegal_option',
      option: 'release',
      value: name,
      allowed: 'a version, or releases/VSN/NAME.rel.json',
    })
  }
  const known = state.releases.find((one) => one.vsn === vsn)
  if (known !== undefined) return refuse({ tag: 'existing_release', vsn, status: known.status })
  const files = await readReleaseFiles(state.root, vsn)
  if (!files.ok) return refuse(files.error)
  const { rel } = files.value
  const libs = files.value.libs.map((lib) => {
    const other = appDirs.find((one) => one.application === lib.application)
    return other === undefined ? lib : { ...lib, dir: join(other.dir, `${lib.application}-${lib.vsn}`) }
  })
  for (const lib of libs) {
    const dir = join(libDir(state.root, lib), 'ebin')
    const found = await stat(dir).catch(() => undefined)
    if (!found?.isDirectory()) return refuse({ tag: 'no_such_file', file: dir, why: 'is not there, or is no folder' })
  }
  const damaged = await verifyInPlace(state.root, vsn)
  if (damaged !== undefined) return refuse(damaged)
  const keys = await trustedKeys(state.root)
  if (!keys.ok) return refuse(keys.error)
  const signed = keys.value.length === 0 ? undefined : await verifySignature(state.root, vsn, keys.value)
  if (signed?.ok === false) return refuse(signed.error)
  const added = addRelease(state.releases, { name: rel.name, vsn, erts: rel.erts, libs })
  if (!added.ok) return refuse(added.error)
  const saved = await save(state, added.value)
  if (!saved.ok) return refuse(saved.error)
  return { answer: ok(vsn), state: await noteDone(saved.value, 'unpack', vsn, since, context) }
}

/** Makes the node forget a release whose files were removed by other means. */
export async function setRemoved(state: HandlerState, vsn: string): Promise<Outcome<'ok'>> {
  const removed = transition(state.releases, 'remove', vsn)
  if (!removed.ok) return refuse(removed.error)
  const saved = await save(state, removed.value)
  return saved.ok ? { answer: ok('ok'), state: saved.value } : refuse(saved.error)
}

/** Copies a file into `releases/VSN`. */
export async function installFile(state: HandlerState, vsn: string, file: string): Promise<Outcome<'ok'>> {
  const found = findRelease(state.releases, vsn)
  if (!found.ok) return refuse(found.error)
  try {
    await copyFile(file, join(state.store.dir, vsn, basename(file)))
    return { answer: ok('ok') }
  } catch (failure) {
    return refuse(ioError(file, failure))
  }
}

/** Removes a release and those of its files that no other release needs. */
export async function removeRelease(
  state: HandlerState,
  vsn: string,
  context: OperationContext,
): Promise<Outcome<'ok'>> {
  const since = clock.monotonicMs()
  const found = findRelease(state.releases, vsn)
  if (!found.ok) return refuse(found.error)
  const next = transition(state.releases, 'remove', vsn)
  if (!next.ok) return refuse(next.error)
  try {
    const units = await removableUnits(state.root, found.value, next.value)
    // The list before the files: what is no longer listed may be incomplete, what is listed never is.
    await noteRemoval(state.root, vsn, units)
    await writeReleases(state.store, next.value)
    await removeUnits(state.root, vsn, units)
  } catch (failure) {
    return refuse(ioError(`releases/${vsn}`, failure))
  }
  return { answer: ok('ok'), state: await noteDone({ ...state, releases: next.value }, 'remove', vsn, since, context) }
}
