import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readCommandLine } from '../../../cli/commands/command_line.js'
import { readArguments } from '../../../cli/node/arguments.js'
import type { CommandSpec } from '../../../cli/node/command.js'

const test = suite('cli/node/arguments')

const SPEC: CommandSpec = {
  name: 'upgrade',
  group: 'Upgrade',
  summary: '',
  positionals: [
    { name: 'vsn', required: true, describe: '' },
    { name: 'rest', required: false, variadic: true, describe: '' },
  ],
  options: [
    { name: 'tar', type: 'string', value: 'FILE', describe: '' },
    { name: 'dry-run', type: 'boolean', describe: '' },
    { name: 'wait', type: 'number', describe: '' },
  ],
  examples: [],
}
const SHARED = [{ name: 'json', type: 'boolean', describe: '' }] as const

// The two readers, one with yargs and one without, answer alike.
const READERS = {
  'otp-rel': (argv: readonly string[]) => readCommandLine(argv, SPEC, SHARED),
  'bin/NAME': (argv: readonly string[]) => readArguments(argv, SPEC, SHARED, 'otp-rel'),
}

// command line, arguments, why
const READ = [
  [['1.10'], { vsn: '1.10' }, 'a version that looks like a number stays a text'],
  [['1', '--tar', 'a b.tgz'], { vsn: '1', tar: 'a b.tgz' }, 'an option takes the next word'],
  [['--tar=x=y', '1'], { vsn: '1', tar: 'x=y' }, 'or what follows the first "="'],
  [['--dry-run', '1', '--json'], { vsn: '1', 'dry-run': true, json: true }, 'a switch takes no word'],
  [['1', '--wait', '2.5'], { vsn: '1', wait: 2.5 }, 'a number is one'],
  [['1', 'a', 'b'], { vsn: '1', rest: ['a', 'b'] }, 'the last argument may be several'],
  [['--', '--json'], { vsn: '--json' }, 'after "--" nothing is an option'],
] as const

// command line, tag, message, why
const REFUSED = [
  [[], 'missing_argument', '"upgrade" needs VSN', 'a missing argument is named'],
  [
    ['1', '--dryrun'],
    'unknown_option',
    'unknown option "--dryrun"; did you mean "--dry-run"?',
    'an unknown option has a nearest one',
  ],
  [['1', '--xyzzy'], 'unknown_option', 'unknown option "--xyzzy"', 'or none'],
  [['1', '--wait', 'soon'], 'bad_option', '"--wait" must be a number, 0 or more; got "soon"', 'a number must be one'],
] as const

for (const [program, reader] of Object.entries(READERS)) {
  for (const [argv, expected, why] of READ) {
    test(`${program}: ${why}`, () => {
      const read = reader(argv)
      assert.ok(read.ok)
      assert.equal(read.value, expected)
    })
  }
  for (const [argv, tag, message, why] of REFUSED) {
    test(`${program}: ${why}`, () => {
      const read = reader(argv)
      assert.not.ok(read.ok)
      if (!read.ok) assert.equal([read.error.exit, read.error.tag, read.error.message], ['usage', tag, message])
    })
  }
  test(`${program}: an option without its value is refused`, () => {
    const read = reader(['1', '--tar'])
    assert.not.ok(read.ok)
    if (!read.ok) assert.equal([read.error.exit, read.error.tag], ['usage', 'bad_option'])
  })
}

test('a command that passes through keeps what it does not know, in order', () => {
  const spec: CommandSpec = { ...SPEC, positionals: [], passThrough: true }
  const read = readCommandLine(['--shop', 'port=1', '--json', '--', '--tar', 'x'], spec, SHARED)
  assert.ok(read.ok)
  assert.equal(read.value, { json: true, rest: ['--shop', 'port=1', '--tar', 'x'] })
})

test('one argument too many is refused', () => {
  const spec: CommandSpec = { ...SPEC, positionals: [] }
  const read = readCommandLine(['x'], spec, SHARED)
  assert.not.ok(read.ok)
  if (!read.ok) assert.is(read.error.message, '"upgrade" does not take "x"')
})

test.run()
