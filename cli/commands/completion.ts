/** `completion`: the script with which a shell completes command lines of otp-rel, made from the table of commands. */
import { err, ok } from '../../schemas/result.js'
import { bashScript } from '../completion/bash.js'
import { fishScript } from '../completion/fish.js'
import { type CompletedCommand, completed } from '../completion/words.js'
import { zshScript } from '../completion/zsh.js'
import { codes } from '../explain/pages.js'
import { type Arguments, type CommandSpec, type Option, text } from '../node/command.js'
import { type Outcome, report, usage } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'

const SCRIPTS: Readonly<Record<string, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** Prints the script for a shell with which it completes these commands. */
export async function completion(
  commands: readonly CommandSpec[],
  shared: readonly Option[],
  args: Arguments,
): Promise<Outcome> {
  const shell = text(args, 'shell') ?? ''
  const shells = Object.keys(SCRIPTS)
  const make = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (make === undefined) {
    const message = `there is completion for ${shells.join(', ')}; got "${shell}"${didYouMean(shell, shells)}`
    return err(usage('unknown_shell', message, ['see "otp-rel help completion"']))
  }
  const words = {
    completion: shells,
    explain: codes(),
    why: 'applications',
    systools: ['make-script', 'make-relup', 'make-tar', 'script2boot'],
  } as const
  const script = make(completed(commands, shared, words))
  return ok(report({ shell, script }, [script.trimEnd()]))
}
