/**
 * The signature of a release, `releases/VSN/checksums.sig`: Ed25519 over the bytes of `releases/VSN/checksums.json`, in
 * base64. That list has the sum of every file and link, so that a signature of the list is one of the release, in its
 * package and wherever it was unpacked. What openssl knows as `pkeyutl -verify -rawin`.
 *
 * A node with keys in sasl's parameter `release_keys` takes only releases that one of them signed. OTP has no counterpart.
 */
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { lookup } from '../../kernel/src/application_env.js'
import type { ReleaseError } from './release_error.js'

/** A public key that is trusted, with the name it was given by. */
export interface TrustedKey {
  readonly name: string
  readonly key: KeyObject
}

const PEM = /-----BEGIN [A-Z ]+-----/

/**
 * Reads public keys.
 *
 * @param given PEM texts, or paths of files with one, relative to `base`
 */
export async function readKeys(base: string, given: readonly string[]): Promise<Result<TrustedKey[], ReleaseError>> {
  const { createPublicKey } = await import('node:crypto')
  const keys: TrustedKey[] = []
  for (const one of given) {
    const isText = PEM.test(one)
    const name = isText ? `key ${keys.length + 1} of release_keys` : one
    try {
      const text = isText ? one : await readFile(resolve(base, one), 'utf8')
      if (/PRIVATE KEY/.test(text)) throw new Error('is a private key; trusted are public ones')
      const key = createPublicKey(text)
      if (key.asymmetricKeyType !== 'ed25519') throw new Error(`is a key of type ${key.asymmetricKeyType}, not Ed25519`)
      keys.push({ name, key })
    } catch (failure) {
      return err({ tag: 'bad_file', file: name, why: whyUnusable(failure) })
    }
  }
  return ok(keys)
}

/** What is wrong with a key; what OpenSSL says of a text that is none helps nobody. */
function whyUnusable(failure: unknown): string {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : ''
  if (code === 'ENOENT') return 'is not there'
  const isNone = code.startsWith('ERR_OSSL')
  const why = isNone ? 'its text is none in PEM' : failure instanceof Error ? failure.message : String(failure)
  return `is no Ed25519 public key: ${why}`
}

/** The keys that this node trusts: sasl's `release_keys`, files relative to the root. None: signatures are not asked for. */
export async function trustedKeys(root: string): Promise<Result<TrustedKey[], ReleaseError>> {
  const value = lookup('sasl', 'release_keys')?.[1] ?? []
  if (Array.isArray(value) && value.every((one): one is string => typeof one === 'string')) return readKeys(root, value)
  const allowed = 'a list of public keys: PEM texts, or paths of files'
  return err({ tag: 'illegal_option', option: 'sasl release_keys', value, allowed })
}

/**
 * Verifies the signature of a release.
 *
 * @param root the folder with `releases/VSN`
 * @param keys of which one must have signed; not empty
 * @returns the key that did
 */
export async function verifySignature(
  root: string,
  vsn: string,
  keys: readonly TrustedKey[],
): Promise<Result<TrustedKey, ReleaseError>> {
  const { verify } = await import('node:crypto')
  const list = await readFile(resolve(root, `releases/${vsn}/checksums.json`))
  const file = `releases/${vsn}/checksums.sig`
  const bad = (why: string): Result<never, ReleaseError> => err({ tag: 'bad_signature', vsn, file, why })
  const text = await readFile(resolve(root, file), 'utf8').catch(() => undefined)
  if (text === undefined) return bad('is missing: the release is not signed')
  const signature = Buffer.from(text.trim(), 'base64')
  const by = keys.find(({ key }) => verify(null, list, key, signature))
  return by === undefined ? bad(`is by none of the trusted keys (${keys.map(({ name }) => name).join(', ')})`) : ok(by)
}
