/** The options that documents give to commands are options of those commands; that the commands exist is in guides. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS, SHARED_OPTIONS } from '../../cli/commands/table.js'
import { NODE_OPTIONS } from '../../cli/node/commands/table.js'
import { DOCUMENTS, textOf } from './documents.js'

const test = suite('docs/commands')

/** Names of the options of each command, by the command's name and aliases. */
const options = new Map(
  COMMANDS.flatMap((command) => {
    const own = new Set([...command.options, ...SHARED_OPTIONS, ...NODE_OPTIONS].map(({ name }) => name).concat('help'))
    return [command.name, ...(command.aliases ?? [])].map((name) => [name, own] as const)
  }),
)

/** Calls with options, in code: fenced, indented, or within a line. */
const calls = DOCUMENTS.flatMap((document) =>
  [...textOf(document).matchAll(/(?:otp-rel|bin\/\w+) ([a-z]+)((?: +[^\s`#]+)*)/g)].map(
    ([, command = '', rest = '']) => ({ document, command, given: [...rest.matchAll(/ --([a-z-]+)/g)] }),
  ),
)

test('every option that a document gives to a command is one of it', () => {
  // What follows start is the node's: --APPLICATION key=value.
  const checked = calls.filter(({ command, given }) => command !== 'start' && options.has(command) && given.length > 0)
  assert.ok(checked.length > 3)
  const unknown = checked.flatMap(({ document, command, given }) =>
    given.filter(([, name = '']) => !options.get(command)?.has(name)).map(([name]) => `${document}: ${command}${name}`),
  )
  assert.equal(unknown, [])
})

test.run()
