/** `keygen`: a pair of keys for signing packages. */
import { resolve } from 'node:path'
import { err, ok } from '../../schemas/result.js'
import { type Arguments, text } from '../node/command.js'
import { type KeyFault, keyFault, makeKeys } from '../release/sign.js'
import type { Failure, Outcome } from '../render/failure.js'
import { type CliContext, shown } from './project.js'

/** Makes `FILE` and `FILE.pub`. */
export async function keygen(args: Arguments, context: CliContext): Promise<Outcome> {
  const made = await makeKeys(resolve(context.cwd, text(args, 'file') ?? ''))
  if (!made.ok) return err({ ...keyFailure(made.error), message: 'no key was made' })
  const secret = shown(made.value.private, context)
  const known = shown(made.value.public, context)
  return ok({
    data: made.value,
    lines: (style) => [
      `${style.bold(secret)}  keep it secret, out of the repository`,
      `${style.bold(known)}  for those who verify`,
      `Sign with it:    otp-rel tar --sign ${secret}`,
      `Verify with it:  otp-rel verify PACKAGE --key ${known}`,
      'Ask for it:      "sasl": { "release_keys": ["PATH"] } in sys.config.json; PATH from the release\'s folder, or the text of the key',
    ],
  })
}

/** What a wrong key ends a command with. */
export function keyFailure(fault: KeyFault): Failure {
  const { tag } = fault
  return { exit: 'bad_input', tag, message: 'the key cannot be used', faults: [keyFault(fault)] }
}
