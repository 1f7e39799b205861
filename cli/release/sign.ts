/**
 * Signs a release: Ed25519 over the list of its checksums, the other side of runtime/sasl/src/signature.ts. Signing is
 * pure and deterministic, so a signed package is the same bytes wherever it is built. OTP has no counterpart.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { type Fault, formatFault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'

/** The signature of a text, in base64 with a line end. */
export type Signer = (text: string) => string

/** Why there is no key. */
export type KeyFault =
  /** The file cannot be read, or not be written. */
  | { readonly tag: 'no_key'; readonly file: string; readonly why: string }
  /** What was read is not an Ed25519 private key without a passphrase. */
  | { readonly tag: 'bad_key'; readonly file: string; readonly why: string }
  /** A key of that name is there; keys are never overwritten. */
  | { readonly tag: 'key_exists'; readonly file: string }

/**
 * Reads a private key.
 *
 * @param given a file, or a PEM text as build servers keep secrets
 */
export async function readSigner(given: string): Promise<Result<Signer, KeyFault>> {
  const isText = given.includes('-----BEGIN')
  const file = isText ? 'OTP_REL_SIGN_KEY' : given
  let text = given
  if (!isText) {
    try {
      text = await readFile(given, 'utf8')
    } catch (failure) {
      return err({ tag: 'no_key', file, why: unusable(failure, 'read', 'is not there') })
    }
  }
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch (failure) {
    return err({ tag: 'bad_key', file, why: failure instanceof Error ? failure.message : String(failure) })
  }
  if (key.asymmetricKeyType !== 'ed25519')
    return err({ tag: 'bad_key', file, why: `it is of type ${key.asymmetricKeyType}` })
  return ok((list) => `${sign(null, Buffer.from(list), key).toString('base64')}\n`)
}

/** Makes a pair of keys: `FILE`, readable by its owner alone, and `FILE.pub`. */
export async function makeKeys(file: string): Promise<Result<{ private: string; public: string }, KeyFault>> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const made: string[] = []
  const put = async (path: string, text: string | Buffer, mode: number): Promise<void> => {
    await writeFile(path, text, { mode, flag: 'wx' })
    made.push(path)
  }
  try {
    await put(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600)
    await put(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), 0o644)
    return ok({ private: file, public: `${file}.pub` })
  } catch (failure) {
    for (const path of made) await rm(path, { force: true })
    if (!(failure instanceof Error)) throw failure
    if ('code' in failure && failure.code === 'EEXIST') {
      return err({ tag: 'key_exists', file: 'path' in failure ? String(failure.path) : file })
    }
    return err({ tag: 'no_key', file, why: unusable(failure, 'written', 'cannot be written: its folder is not there') })
  }
}

/** Words for a file that could not be read or written. */
function unusable(failure: unknown, done: 'read' | 'written', gone: string): string {
  if (failure instanceof Error && 'code' in failure && failure.code === 'ENOENT') return gone
  return `cannot be ${done}: ${failure instanceof Error ? failure.message : String(failure)}`
}

/** The fault with its place and words. */
export function keyFault(fault: KeyFault): Fault {
  return { ...fault, severity: 'error', message: words(fault) }
}

function words(fault: KeyFault): string {
  switch (fault.tag) {
    case 'no_key':
      return fault.why
    case 'bad_key':
      return `is no Ed25519 private key in PEM without a passphrase: ${fault.why}; make one with "otp-rel keygen FILE"`
    case 'key_exists':
      return 'is there already; keys are not overwritten'
  }
}

/** The fault as one sentence, place first. */
export const formatKeyFault = (fault: KeyFault): string => formatFault(keyFault(fault))
