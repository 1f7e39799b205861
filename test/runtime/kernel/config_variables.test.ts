// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { badReferences, expandVariables, formatVariableProblem } from '../../../runtime/kernel/src/config_variables.js'

const test = suite('kernel/config_variables')

const ENVIRONMENT = { A: 'a', EMPTY: '', PORT: '8080', ON: 'true', LIST: '["x",1]', NULL: 'null' }

// a value, the value with variables put in, why
const VALUES: readonly (readonly [unknown, unknown, string])[] = [
  ['no reference', 'no reference', 'other texts stay'],
  ['${A}', 'a', 'a reference'],
  ['<${A}-${A}>', '<a-a>', 'several inside a text'],
  ['${PORT}', '8080', 'a variable is a text'],
  ['${PORT|number}', 8080, 'or a number where one is asked for'],
  ['${ON|boolean}', true, 'or a truth value'],
  ['${LIST|json}', ['x', 1], 'or any JSON'],
  ['${NULL|json}', null, 'null too'],
  ['${EMPTY}', '', 'an empty variable is set'],
  ['${EMPTY:-d}', 'd', 'a default stands for an empty one'],
  ['${NONE:-d}', 'd', 'and for one that is not set'],
  ['${NONE:-}', '', 'a default may be empty'],
  ['${NONE:-http://x:1/|y}', 'http://x:1/|y', 'a default may hold nearly everything'],
  ['${NONE:-80|number}', 80, 'a default is read as what is asked for'],
  ['$${A}', '${A}', 'two dollars are one'],
  [{ '${A}': { b: ['${A}', 1, null] } }, { '${A}': { b: ['a', 1, null] } }, 'inside lists and objects, not in keys'],
]

for (const [value, expected, why] of VALUES) {
  test(`${JSON.stringify(value)}: ${why}`, () => {
    assert.equal(expandVariables(value, ENVIRONMENT), { value: expected, problems: [] })
  })
}

// a value, tag and words of the problem
const PROBLEMS: readonly (readonly [unknown, string, RegExp])[] = [
  [{ x: ['${NONE}'] }, 'unset_variable', /^environment variable "NONE" is not set; .*"\$\{NONE:-\.\.\.\}"$/],
  ['${A|number}', 'bad_variable', /^environment variable "A" must be a number, and is not$/],
  ['${EMPTY|number}', 'bad_variable', /must be a number/],
  ['${A|boolean}', 'bad_variable', /must be true or false/],
  ['${A|json}', 'bad_variable', /must be JSON/],
  ['x ${A', 'bad_reference', /^"\$\{A" is no reference/],
  ['${a-b}', 'bad_reference', /^"\$\{a-b\}" is no reference/],
  ['port ${PORT|number}', 'bad_reference', /for a whole value/],
]

for (const [value, tag, words] of PROBLEMS) {
  test(`${JSON.stringify(value)} is told`, () => {
    const [problem, ...more] = expandVariables(value, ENVIRONMENT).problems
    assert.equal([problem?.tag, more], [tag, []])
    assert.match(problem === undefined ? '' : formatVariableProblem(problem), words)
  })
}

test('all problems are told, each with its path', () => {
  const { problems } = expandVariables({ a: '${X} ${Y}', b: ['${Z}'] }, {})
  assert.equal(
    problems.map(({ path }) => path),
    [['a'], ['a'], ['b', 0]],
  )
})

test('what a variable holds is never told', () => {
  const { problems } = expandVariables('${SECRET|json}', { SECRET: 'hunter2' })
  assert.not.match(problems.map(formatVariableProblem).join(), /hunter2/)
})

test('the build finds what is no reference, and nothing else', () => {
  assert.is(badReferences({ a: '${X}', b: '${Y|number}', c: '${Z:-1}' }).length, 0)
  assert.is(badReferences({ a: '${X', b: 'x${Y|number}' }).length, 2)
})

test.run()
