import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatArgumentsError, parseArguments } from '../../../runtime/erts/arguments.js'

const test = suite('erts/arguments')
const absolute = (path: string) => `/abs/${path}`
const NEEDED = ['--root', 'r', '--boot', 'b', '--name', 'shop']

test('the start script says root, boot script, configuration and name', () => {
  assert.equal(parseArguments([...NEEDED, '--config', 'c1', '--config', 'c2'], absolute), {
    value: { root: '/abs/r', boot: '/abs/b', name: 'shop', configs: ['/abs/c1', '/abs/c2'], env: {} },
  })
})

// option, value, what the application sees
const VALUES = [
  ['port=8080', 8080, 'a number is a number'],
  ['name="8080"', '8080', 'a string in quotes stays one'],
  ['name=tom', 'tom', 'a word that is no JSON is a string'],
  ['list=[1,2]', [1, 2], 'a list is a list'],
  ['url=a=b', 'a=b', 'the first = separates'],
  ['on=true', true, 'a boolean is a boolean'],
] as const

for (const [text, expected, why] of VALUES) {
  test(`parameters: ${why}`, () => {
    const parsed = parseArguments([...NEEDED, '--web', text], absolute)
    assert.ok('value' in parsed)
    if ('value' in parsed) assert.equal(Object.values(parsed.value.env.web ?? {}), [expected])
  })
}

// arguments, the words
const FAULTS = [
  [['--root', 'r', '--boot', 'b'], 'the node needs "--name"; start it through bin/NAME of the release'],
  [['root'], '"root" is no option; parameters of an application are given as --APPLICATION key=value'],
  [['--web'], '"--web" needs a value'],
  [['--web', 'port'], '"--web" takes a parameter as key=value; got "port"'],
] as const

for (const [argv, words] of FAULTS) {
  test(`refused: ${argv.join(' ')}`, () => {
    const parsed = parseArguments(argv, absolute)
    assert.ok('error' in parsed)
    if ('error' in parsed) assert.is(formatArgumentsError(parsed.error), words)
  })
}

test.run()
