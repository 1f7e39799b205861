/** Completion for bash: one function, without the package bash-completion; also what zsh and it share. */
import { type CompletedCommand, type Values, valuedOptions } from './words.js'

/** Finds the project from the working directory upwards, and lists what a kind names. In bash and zsh alike. */
export const PROJECT_WORDS = `# the words of a kind: versions, releases, applications of the nearest project
_otp_rel_words() {
  local dir=$PWD
  while [ "$dir" != / ] && [ ! -e "$dir/otp.config.json" ] && [ ! -e "$dir/otp.config.ts" ] && [ ! -d "$dir/_build" ]; do
    dir=$(dirname "$dir")
  done
  case $1 in
    versions) (cd "$dir" 2>/dev/null && ls -d _build/rel/*/releases/*/ releases/*/ 2>/dev/null) ;;
    releases) (cd "$dir" 2>/dev/null && ls -d _build/rel/*/ 2>/dev/null) ;;
    applications) (cd "$dir" 2>/dev/null && ls -d apps/*/ 2>/dev/null) ;;
  esac | sed 's|/$||; s|.*/||' | sort -u
}`

/** `name) VALUES ;;` as words of the variable `kind`. */
const kindOf = (values: Values): string => (typeof values === 'string' ? values : `words:${values.join(' ')}`)

/** The script. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap((command) => command.names)
  const valued = [...valuedOptions(commands)]
  return `# otp-rel for bash: source this file, or put it into /etc/bash_completion.d
${PROJECT_WORDS}

_otp_rel() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= kind= options= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
    '') COMPREPLY=($(compgen -W "${[...names, 'help'].join(' ')}" -- "$cur")); return ;;
    help) kind='words:${[...names, 'exit-codes'].join(' ')}' ;;
${commands
  .map(
    ({ names: own, options, values }) =>
      `    ${own.join('|')}) kind='${kindOf(values)}'; options='${options.map(({ name }) => `--${name}`).join(' ')}' ;;`,
  )
  .join('\n')}
  esac
  case $prev in
${valued.map(([name, values]) => `    --${name}) kind='${kindOf(values)}'; options= ;;`).join('\n')}
  esac
  if [[ $cur == -* && -n $options ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    return
  fi
  case $kind in
    files) COMPREPLY=($(compgen -f -- "$cur")) ;;
    dirs) COMPREPLY=($(compgen -d -- "$cur")) ;;
    words:*) COMPREPLY=($(compgen -W "\${kind#words:}" -- "$cur")) ;;
    none) ;;
    *) COMPREPLY=($(compgen -W "$(_otp_rel_words "$kind")" -- "$cur")) ;;
  esac
}
complete -F _otp_rel otp-rel
`
}
