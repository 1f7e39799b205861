// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of vm.args
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { vmArgsFaults } from '../../../cli/release/vm_args.js'
import { formatFault } from '../../../schemas/fault.js'

const test = suite('release/vm_args')

const told = (text: string) => vmArgsFaults({ file: 'vm.args', text }).map(formatFault)

test('flags of node and V8, comments, blank lines and variables are good', () => {
  const lines = [
    '# heap',
    '',
    '  --max-old-space-size=${HEAP_MB:-512}',
    '--enable-source-maps',
    '--stack-size=2000\r',
    '--title=a b',
  ]
  assert.equal(told(lines.join('\n')), [])
})

// a line, what is said
const REFUSED = [
  ['max', '"max" is no flag of node; a line is one flag, its value after "="'],
  ['--max-old-space-size 512', '"--max-old-space-size 512" is one argument to node; write --max-old-space-size=512'],
  ['--eval=1', '"--eval=1" makes node do something else than run the release'],
  ['-i', '"-i" makes node do something else than run the release'],
  [
    '--title=${a-b}',
    '"--title=${a-b}" holds no environment variable in its braces; allowed are "${NAME}" and "${NAME:-default}"',
  ],
] as const

for (const [line, words] of REFUSED) {
  test(`${line} is refused with its place`, () => assert.equal(told(`# one\n  ${line}\n`), [`vm.args:2:3: ${words}`]))
}

test.run()
