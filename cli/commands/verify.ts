/**
 * `verify`: whether a package is whole and by whom it is signed, with the checks that a node makes before it takes one.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sumOf } from '../../runtime/sasl/src/checksums.js'
import { formatReleaseError, type ReleaseError } from '../../runtime/sasl/src/release_error.js'
import { readKeys, verifySignature } from '../../runtime/sasl/src/signature.js'
import { stagePackage } from '../../runtime/sasl/src/unpack.js'
import { err, ok } from '../../schemas/result.js'
import { type Arguments, list, text } from '../node/command.js'
import { exitOfTag } from '../node/node_failure.js'
import type { Outcome } from '../render/failure.js'
import { count } from '../render/steps.js'
import { type CliContext, shown } from './project.js'

/** Verifies a package. */
export async function verify(args: Arguments, context: CliContext): Promise<Outcome> {
  const file = resolve(context.cwd, text(args, 'package') ?? '')
  const named = shown(file, context)
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) {
    return refuse({ tag: 'no_such_file', file: named, why: 'is not there, or is not a file' }, 'bad_input')
  }
  const keys = await readKeys(context.cwd, list(args, 'key'))
  if (!keys.ok) return refuse(keys.error, 'bad_input')
  const staging = await mkdtemp(join(tmpdir(), 'otp-rel-verify-'))
  try {
    const staged = await stagePackage(file, staging, { admit: () => undefined })
    if (!staged.ok) return refuse(inWords(staged.error, file, named))
    const { name, vsn, applications } = staged.value.rel
    const isSigned = (await stat(join(staging, `releases/${vsn}/checksums.sig`)).catch(() => undefined)) !== undefined
    const by = keys.value.length === 0 ? undefined : await verifySignature(staging, vsn, keys.value)
    if (by?.ok === false) return refuse(by.error)
    const signer = by?.value.name
    const sha256 = await sumOf(file)
    return ok({
      data: { file, name, vsn, applications: applications.length, sha256, signed: isSigned, signed_by: signer ?? null },
      lines: (style) => [
        `${style.green(`${name} ${vsn}`)} is whole: ${count(applications.length, 'application')}, every file and link as listed`,
        `SHA-256    ${sha256}`,
        `signature  ${signer !== undefined ? `by ${signer}` : isSigned ? 'there; say whose it has to be with --key FILE' : 'none'}`,
      ],
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

function refuse(error: ReleaseError, exit = exitOfTag(error.tag)): Outcome {
  const { tag, ...facts } = error
  return err({ exit, tag, message: formatReleaseError(error), facts })
}

/** The package as the user named it. */
const inWords = (error: ReleaseError, file: string, named: string): ReleaseError =>
  'file' in error && error.file === file ? { ...error, file: named } : error
