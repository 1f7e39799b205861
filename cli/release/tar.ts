/**
 * Packs an assembled release into `NAME-VSN.tar.gz`, the same input giving the same bytes: entries sorted by path, no
 * times, owners or umask, and a gzip header without time and operating system.
 *
 * The package is one to upgrade with (`otp-rel upgrade`) and one to install first: unpacked into an empty folder,
 * `bin/NAME start` boots it. It therefore carries neither RELEASES.json nor start_otp.json: these belong to the node,
 * which makes them at its first start, and unpacking over an existing node must not change what that boots.
 *
 * Beside it: `NAME-VSN.tar.gz.sha256`, its sum as `sha256sum -c` reads it, and `NAME-VSN.cdx.json`, the bill of
 * materials that is also in it. A package that was made before is replaced only by the same bytes: somebody may have
 * deployed it.
 * OTP: `systools:make_tar/2`, and target_system of the documentation for first installations.
 */
import { createWriteStream } from 'node:fs'
import { copyFile, open, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { sumsOf } from '../../runtime/sasl/src/checksums.js'
import { type Fault, formatFault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { ensureDir, remove } from './files.js'
import type { ReleasePlan } from './plan.js'

/** A package that was written. */
export interface Packed {
  /** Absolute. */
  readonly file: string
  readonly sizeBytes: number
  /** Files and links in it. */
  readonly entries: number
  /** SHA-256 of the file, in hex. */
  readonly sha256: string
}

/** Settings of packing. */
export interface TarOptions {
  /** Replace a package of the same name with other content. Default false. */
  readonly force?: boolean
  /** The bill of materials to put beside, relative to the root. Default: none. */
  readonly sbom?: string
}

/** Why there is no package. */
export type TarFault =
  /** A file of the release is not where it was assembled. */
  | { readonly tag: 'not_assembled'; readonly root: string; readonly path: string }
  /** A package of this version is there, with other content. */
  | { readonly tag: 'package_reused'; readonly file: string; readonly found: string; readonly made: string }
  /** The package cannot be written. */
  | { readonly tag: 'tar_error'; readonly file: string; readonly cause: Error }

/** What goes into the package of a release, sorted by path: files and links, nothing of the node's own state. */
export function packageEntries(plan: ReleasePlan): string[] {
  const packed = plan.groups.filter(({ kind }) => kind !== 'state')
  return packed.flatMap(({ actions }) => actions.map(({ path }) => path)).sort()
}

/**
 * Writes the package of a release that was assembled below `root`.
 *
 * @param file where to; it appears, or is replaced, at the end, in one step
 */
export async function writeTar(
  entries: readonly string[],
  root: string,
  file: string,
  options: TarOptions = {},
): Promise<Result<Packed, TarFault>> {
  const { create } = await import('tar')
  const half = `${file}.${process.pid}`
  try {
    await ensureDir(dirname(file))
    const pack = create(
      {
        cwd: root,
        portable: true,
        mtime: new Date(0),
        noDirRecurse: true,
        preservePaths: false,
        strict: true,
        // two names of one file are two files: what is a hard link here says nothing about the release
        linkCache: new NoLinks(),
      },
      [...entries].sort(),
    )
    await pipeline(Readable.from(pack), createGzip({ level: 6 }), fixedHeader(), createWriteStream(half))
    const written = await open(half, 'r')
    await written.sync().finally(() => written.close())
    const [sha256 = '', found] = await sumsOf(dirname(file), [basename(half), basename(file)])
    if (found !== undefined && found !== sha256 && options.force !== true) {
      await remove(half)
      return err({ tag: 'package_reused', file, found, made: sha256 })
    }
    await rename(half, file)
    await writeFile(`${file}.sha256`, `${sha256}  ${basename(file)}\n`)
    if (options.sbom !== undefined) await copyFile(join(root, options.sbom), file.replace(/\.tar\.gz$/, '.cdx.json'))
    return ok({ file, sizeBytes: (await stat(file)).size, entries: entries.length, sha256 })
  } catch (failure) {
    await remove(half)
    if (!(failure instanceof Error)) throw failure
    const missing =
      'code' in failure && failure.code === 'ENOENT' && 'path' in failure ? String(failure.path) : undefined
    if (missing?.startsWith(root)) return err({ tag: 'not_assembled', root, path: missing })
    return err({ tag: 'tar_error', file, cause: failure })
  }
}

class NoLinks extends Map<`${number}:${number}`, string> {
  override get(): undefined {
    return undefined
  }
}

/** Byte 9 of a gzip file names the operating system that made it; 255 is "unknown". Bytes 4 to 7, the time, are 0. */
const OS_BYTE = 9

function fixedHeader(): Transform {
  let atByte = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const [index, value] of [
        [4, 0],
        [5, 0],
        [6, 0],
        [7, 0],
        [OS_BYTE, 255],
      ] as const) {
        if (index >= atByte && index < atByte + chunk.length) chunk[index - atByte] = value
      }
      atByte += chunk.length
      done(null, chunk)
    },
  })
}

/** The fault with its place and words. */
export function tarFault(fault: TarFault): Fault {
  switch (fault.tag) {
    case 'not_assembled': {
      const message = 'is missing; the release was changed after it was assembled, build it again'
      return { ...fault, severity: 'error', message, file: fault.path, path: '' }
    }
    case 'package_reused': {
      const short = (sum: string) => sum.slice(0, 12)
      const message = `is there with other content (SHA-256 ${short(fault.found)}..., now ${short(fault.made)}...) and may have been deployed; give the release a new "vsn", or replace it with --force`
      return { ...fault, severity: 'error', message }
    }
    case 'tar_error':
      return { ...fault, severity: 'error', message: `cannot be written: ${fault.cause.message}` }
  }
}

/** The fault as one sentence, place first. */
export const formatTarFault = (fault: TarFault): string => formatFault(tarFault(fault))
