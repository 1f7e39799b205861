/**
 * `vm.args`: flags of node and of V8, one a line, a value after `=`. Lines that are blank or begin with `#` do not
 * count. The start script reads the file and puts environment variables in, `--max-old-space-size=${HEAP_MB:-512}`;
 * here its form is checked. OTP: vm.args; the start script of relx.
 */
import type { Fault } from '../../schemas/fault.js'
import type { TextFile } from './config.js'

/** What a line may hold of variables: `${NAME}` and `${NAME:-default}`. */
const VARIABLE = /\$\{[A-Za-z_]\w*(?::-[^{}]*)?\}/g

/** Flags that make another program of node, which would not run the release. */
const NOT_OURS = /^-(?:-?(?:eval|print|check|interactive|test|version|help|run|watch|build-sea)|[epcivh])(?:=|$)/

/** The lines that are no flags, each with its place. */
export function vmArgsFaults({ file, text }: TextFile): readonly Fault[] {
  return text.split(/\r?\n/).flatMap((line, index): Fault[] => {
    const flag = line.trim()
    if (flag === '' || flag.startsWith('#')) return []
    const why = whyNot(flag)
    if (why === undefined) return []
    const place = { file, line: index + 1, column: line.indexOf(flag) + 1, path: '' }
    return [{ tag: 'bad_vm_args', severity: 'error', message: why, ...place }]
  })
}

function whyNot(flag: string): string | undefined {
  if (!flag.startsWith('-')) return `"${flag}" is no flag of node; a line is one flag, its value after "="`
  if (NOT_OURS.test(flag)) return `"${flag}" makes node do something else than run the release`
  const [, name, value] = /^(--?[\w-]+)\s+([^=\s].*)$/.exec(flag) ?? []
  if (name !== undefined) return `"${flag}" is one argument to node; write ${name}=${value}`
  if (flag.replaceAll(VARIABLE, '').includes('${')) {
    return `"${flag}" holds no environment variable in its braces; allowed are "\${NAME}" and "\${NAME:-default}"`
  }
  return undefined
}
