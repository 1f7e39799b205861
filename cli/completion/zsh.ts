/** Completion for zsh, with a description beside each word. */
import { PROJECT_WORDS } from './bash.js'
import { type CompletedCommand, quoted, type Values, valuedOptions } from './words.js'

const kindOf = (values: Values): string =>
  typeof values === 'string' ? `kind=${values}` : `kind=words list=(${values.map(quoted).join(' ')})`

/** `'word:description'`. */
const described = (word: string, describe: string): string => quoted(`${word.replaceAll(':', '\\:')}:${describe}`)

/** The script. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const all = commands.flatMap(({ names, summary }) => names.map((name) => described(name, summary)))
  return `#compdef otp-rel
# otp-rel for zsh: as _otp-rel in a folder of $fpath, or source it after compinit
${PROJECT_WORDS}

_otp_rel() {
  local kind=none
  local -a commands options list
  commands=(
    ${[...all, described('help', 'Show all commands, or the help of one')].join('\n    ')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
    help) kind=words list=(\${commands%%:*} exit-codes) ;;
${commands
  .map(
    ({ names, options, values }) =>
      `    ${names.join('|')}) ${kindOf(values)}
      options=(${options.map(({ name, describe }) => described(`--${name}`, describe)).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  case $words[CURRENT-1] in
${[...valuedOptions(commands)].map(([name, values]) => `    --${name}) ${kindOf(values)} options=() ;;`).join('\n')}
  esac
  if [[ $PREFIX == -* ]] && (( $#options )); then
    _describe option options
    return
  fi
  case $kind in
    files) _files ;;
    dirs) _files -/ ;;
    words) compadd -a list ;;
    none) ;;
    *) list=(\${(f)"$(_otp_rel_words $kind)"}); compadd -a list ;;
  esac
}
if [ "$funcstack[1]" = _otp-rel ]; then _otp_rel "$@"; else compdef _otp_rel otp-rel; fi
`
}
