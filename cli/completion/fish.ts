/** Completion for fish, with a description beside each word. */
import type { CompletedCommand, Values } from './words.js'

/** A text in single quotes; fish escapes within them. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** What says where the words of a value come from. */
function argument(values: Values): string {
  switch (values) {
    case 'files':
      return '-F'
    case 'dirs':
      return "-f -a '(__fish_complete_directories)'"
    case 'none':
      return '-f'
    case 'versions':
    case 'releases':
    case 'applications':
      return `-f -a '(__otp_rel_words ${values})'`
    default:
      return `-f -a ${quoted(values.join(' '))}`
  }
}

/** The script. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap((command) => command.names)
  return `# otp-rel for fish: ~/.config/fish/completions/otp-rel.fish
function __otp_rel_words
  set -l dir $PWD
  while test $dir != / -a ! -e $dir/otp.config.json -a ! -e $dir/otp.config.ts -a ! -d $dir/_build
    set dir (dirname $dir)
  end
  set -l found
  switch $argv[1]
    case versions
      set found $dir/_build/rel/*/releases/*/ $dir/releases/*/
    case releases
      set found $dir/_build/rel/*/
    case applications
      set found $dir/apps/*/
  end
  for one in $found
    basename $one
  end | sort -u
end

complete -c otp-rel -f
complete -c otp-rel -n __fish_use_subcommand -a help -d 'Show all commands, or the help of one'
complete -c otp-rel -n '__fish_seen_subcommand_from help' -f -a ${quoted([...names, 'exit-codes'].join(' '))}
${commands.flatMap(linesOf).join('\n')}
`
}

function linesOf({ names, summary, options, values }: CompletedCommand): string[] {
  const seen = `complete -c otp-rel -n ${quoted(`__fish_seen_subcommand_from ${names.join(' ')}`)}`
  return [
    ...names.map((name) => `complete -c otp-rel -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`),
    `${seen} ${argument(values)}`,
    ...options.map(({ name, describe, values: of }) => {
      const value = of === undefined ? '' : ` -r ${argument(of)}`
      return `${seen} -l ${name}${value} -d ${quoted(describe)}`
    }),
  ]
}
