/**
 * Finds files of a release that look like secrets: a package is copied to many places and kept for years, so nothing
 * secret may be in one by accident. Looked at is what the project itself brings (priv, configuration, overlays), not
 * npm packages, whose tests are full of such files. OTP has no counterpart.
 */
import { readFile, stat } from 'node:fs/promises'
import { basename, relative } from 'node:path'
import { type Fault, formatFault } from '../../schemas/fault.js'
import type { FileAction, ReleasePlan } from './plan.js'

/** A file that may not travel. */
export interface SecretFault {
  readonly tag: 'secret_in_release'
  /** As `allow_secrets` would name it: below the project, or below the release where it was made by the build. */
  readonly file: string
  readonly why: string
}

/** Files that hold secrets by what they are called. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^\.env(\..+)?$/, 'an environment file'],
  [/^\.(npmrc|netrc|pgpass|htpasswd)$/, 'a file of credentials'],
  [/^id_(rsa|dsa|ecdsa|ed25519)$/, 'a private key'],
]
/** Examples without values are meant to be copied. */
const EXAMPLE = /\.(example|sample|template|dist)$/
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/
/** Keys are small; a large file is not read for one. */
const MOST_BYTES = 256 * 1024

/**
 * The secrets among the files of a release, in the order of the plan.
 *
 * @param project folder that shown paths are relative to
 * @param allowed paths as shown, `*` standing for any part of a name
 */
export async function findSecrets(
  plan: ReleasePlan,
  project: string,
  allowed: readonly string[],
): Promise<readonly SecretFault[]> {
  const own = plan.groups.filter(({ kind }) => kind !== 'package' && kind !== 'erts' && kind !== 'state')
  const isAllowed = allowed.map((one) => new RegExp(`^${one.split('*').map(escaped).join('[^/]*')}$`))
  const faults: SecretFault[] = []
  for (const action of own.flatMap(({ actions }) => actions)) {
    const why = await secretOf(action)
    const file = action.op === 'copy' ? relative(project, action.from).replaceAll('\\', '/') : action.path
    if (why !== undefined && !isAllowed.some((pattern) => pattern.test(file)))
      faults.push({ tag: 'secret_in_release', file, why })
  }
  return faults
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

async function secretOf(action: FileAction): Promise<string | undefined> {
  if (action.op === 'link' || action.op === 'mkdir') return undefined
  const name = basename(action.path)
  const named = EXAMPLE.test(name) ? undefined : NAMES.find(([pattern]) => pattern.test(name))
  if (named !== undefined) return named[1]
  return PRIVATE_KEY.test(await textOf(action)) ? 'a private key' : undefined
}

async function textOf(action: Exclude<FileAction, { op: 'link' }>): Promise<string> {
  // code that was built here is code; what it says about keys is about keys
  if (action.op === 'write') return action.path.startsWith('releases/') ? action.text : ''
  if (action.op === 'mkdir') return ''
  const { size } = await stat(action.from)
  return size > MOST_BYTES ? '' : readFile(action.from, 'latin1')
}

/** The fault with its place and words. */
export function secretFault(fault: SecretFault): Fault {
  const message = `looks like ${fault.why}, and would travel in every package; give secrets to the node when it starts ("\${VAR}" in sys.config.json), or list the file in "allow_secrets" of the release`
  return { ...fault, severity: 'error', message }
}

/** The fault as one sentence, place first. */
export const formatSecretFault = (fault: SecretFault): string => formatFault(secretFault(fault))
