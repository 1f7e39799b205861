import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatFault } from '../../schemas/fault.js'
import { check, type Format, read } from '../../schemas/read.js'

const test = suite('schemas/read')

/** The faults as they are printed; an empty list for a good text. */
function faults(format: Format, text: string): string[] {
  const result = read(format, text, 'f.json')
  return result.ok ? [] : result.error.map(formatFault)
}

const app = (more: string) => `{"name":"a","vsn":"1",${more}}`
const up = (instruction: string) => `{"vsn":"2","down":[],"up":[{"from":"1","instructions":[${instruction}]}]}`
const goal = (text: string) => `{"releases":[{"name":"r","vsn":"1","applications":[${text}]}]}`

// format, text, faults, why
const CASES: readonly (readonly [Format, string, readonly string[], string])[] = [
  ['app', '', ['f.json:1:1: the file is empty, a JSON value is needed'], 'an empty file says so'],
  [
    'app',
    '{"name" "a"}',
    ['f.json:1:9: expected ":"; found "\\"a\\""'],
    'a syntax fault says what was expected and found',
  ],
  ['app', '[]', ['f.json:1:1: found [], allowed: an object'], 'the wrong kind of value as a whole'],
  ['app', '{}', ['f.json:1:1: missing key "name"', 'f.json:1:1: missing key "vsn"'], 'every missing key is named'],
  [
    'app',
    '{\n  "name": "a",\n  "vsn": "1",\n  "moduls": []\n}',
    ['f.json:4:3 moduls: unknown key "moduls"; did you mean "modules"?'],
    'an unknown key names the nearest',
  ],
  [
    'app',
    '{"name":"a","version":"1"}',
    ['f.json:1:13 version: unknown key "version"; did you mean "vsn"?'],
    "npm's word is understood, and not missing as well",
  ],
  [
    'rel',
    '{"name":"r","vsn":"1","erts":"1","applications":[],"zzz":1}',
    ['f.json:1:52 zzz: unknown key "zzz"; known here: "name", "vsn", "erts", "applications"'],
    'an unknown key near none lists the known ones',
  ],
  [
    'app',
    '{"name":"a","vsn":"1","name":"b"}',
    ['f.json:1:23 name: key "name" is written twice; keep one of the two'],
    'a key written twice is refused',
  ],
  [
    'app',
    app('"maxT":0'),
    ['f.json:1:30 maxT: found 0, allowed: a whole number of milliseconds above 0 or "infinity"'],
    'a number out of bounds names the bounds',
  ],
  [
    'app',
    app('"maxT":"infinite"'),
    ['f.json:1:30 maxT: found "infinite", allowed: a whole number of milliseconds above 0 or "infinity"'],
    'a choice is said once',
  ],
  [
    'app',
    app('"mod":["m"]'),
    ['f.json:1:29 mod: found ["m"], allowed: [module, argument]'],
    'a tuple that is too short',
  ],
  [
    'app',
    app('"mod":["m",[],1]'),
    ['f.json:1:29 mod: found ["m",[],1], allowed: [module, argument]'],
    'a tuple that is too long',
  ],
  [
    'app',
    app('"start_phases":[["init"]]'),
    ['f.json:1:39 start_phases[0]: found ["init"], allowed: [phase, argument]'],
    'a tuple in a list has its index',
  ],
  [
    'app',
    app('"applications":["b",5,{"nam":"c"}]'),
    [
      'f.json:1:43 applications[1]: found 5, allowed: the name of an application or { "name", "vsn" }',
      'f.json:1:46 applications[2].nam: unknown key "nam"; did you mean "name"?',
    ],
    'of a choice only the branch that was meant complains',
  ],
  [
    'app',
    '{"name":"Ab","vsn":"1"}',
    ['f.json:1:9 name: found "Ab", allowed: a lower-case letter, then lower-case letters, digits, "_" or "-"'],
    'a name that breaks the rule quotes the rule',
  ],
  [
    'app',
    '{"name":"a","vsn":".."}',
    [
      'f.json:1:19 vsn: found "..", allowed: a non-empty version without path separators, white space or control characters',
    ],
    'a version cannot lead out of its folder',
  ],
  [
    'app',
    '{"name":"a","vsn":{"from":"gitt"}}',
    ['f.json:1:27 vsn.from: found "gitt", allowed: "package.json", "git"; did you mean "git"?'],
    'a value near an allowed one',
  ],
  ['app', app('"env":{"a":1,"b":{"c":[null]}}'), [], 'env holds any JSON'],
  ['app', '\uFEFF{"name":"a", /* c */ "vsn":"1",}', [], 'comments, a trailing comma and a byte order mark are fine'],
  [
    'appup',
    up('{"op":"load_modul","module":"m"}'),
    ['f.json:1:62 up[0].instructions[0].op: unknown instruction "load_modul"; did you mean "load_module"?'],
    'an unknown instruction names the nearest',
  ],
  ['appup', up('{"module":"m"}'), ['f.json:1:56 up[0].instructions[0]: missing key "op"'], 'an instruction without op'],
  [
    'appup',
    up('"point_of_no_return"'),
    [
      'f.json:1:56 up[0].instructions[0]: found "point_of_no_return", allowed: an instruction such as { "op": "point_of_no_return" }',
    ],
    'an instruction that is no object',
  ],
  [
    'appup',
    up('{"op":"update","module":"m","change":{"advancd":1}}'),
    ['f.json:1:94 up[0].instructions[0].change.advancd: unknown key "advancd"; did you mean "advanced"?'],
    'a fault inside an instruction is that of its op',
  ],
  [
    'appup',
    up('{"op":"code_change","modules":[{"module":"m","extra":[]}]}'),
    [],
    'in an appup code_change may come without mode',
  ],
  [
    'relup',
    up('{"op":"code_change","modules":[{"module":"a/m","extra":[]}]}'),
    ['f.json:1:56 up[0].instructions[0]: missing key "mode"'],
    'in a relup it may not',
  ],
  [
    'relup',
    up('{"op":"load_module","module":"a/m"}'),
    ['f.json:1:62 up[0].instructions[0].op: unknown instruction "load_module"; did you mean "load"?'],
    'a relup has no high-level instruction',
  ],
  [
    'relup',
    up('{"op":"sync_nodes","id":1}'),
    ['f.json:1:56 up[0].instructions[0]: missing key "nodes" or "mfa"'],
    'sync_nodes needs nodes or mfa',
  ],
  ['relup', up('{"op":"sync_nodes","id":{},"nodes":["n"]}'), [], 'sync_nodes takes any id'],
  [
    'appup',
    '{"vsn":"2","up":[],"down":[{"to":{"regex":5},"instructions":[]}]}',
    ['f.json:1:43 down[0].to.regex: found 5, allowed: a regular expression'],
    'of two objects in a choice the one whose key is known complains',
  ],
  [
    'appup',
    '{"vsn":"2","up":[],"down":[{"to":{"regx":"1"},"instructions":[]}]}',
    [
      'f.json:1:34 down[0].to: found {"regx":"1"}, allowed: a version, { "range": "^1.0.0" } or { "regex": "1\\\\.0\\\\.[0-9]+" }',
    ],
    'where none is nearer the choice is said',
  ],
  [
    'appup',
    '{"vsn":"2","up":[],"down":[{"to":{"regex":"("},"instructions":[]}]}',
    [
      'f.json:1:43 down[0].to.regex: "(" is not a regular expression: Invalid regular expression: /^(?:()$/u: Unterminated group',
    ],
    'a regular expression has to be one',
  ],
  [
    'otp.config',
    goal('{"name":"a","type":"permanant"}'),
    [
      'f.json:1:71 releases[0].applications[0].type: found "permanant", allowed: "permanent", "transient", "temporary", "load", "none"; did you mean "permanent"?',
    ],
    'a start type near a known one',
  ],
  [
    'sys.config',
    '{"Kernel":{}}',
    [
      'f.json:1:2 Kernel: found the name "Kernel", allowed: a lower-case letter, then lower-case letters, digits, "_" or "-"',
    ],
    'a section is named as an application',
  ],
  [
    'sys.config',
    '{"kernel":5}',
    ['f.json:1:11 kernel: found 5, allowed: the application\'s keys and values, { "key": value }'],
    'a section is an object',
  ],
  ['sys.config', '[{"kernel":{"a":1}},"other.config.json"]', [], 'sections and names of files may be listed'],
  [
    'sys.config',
    '[5]',
    ['f.json:1:2 [0]: found 5, allowed: { "APPLICATION": { "key": value } } or the name of a config file'],
    'nothing else may be listed',
  ],
  [
    'sys.config',
    '{"__proto__":{"a":1}}',
    [
      'f.json:1:2 __proto__: found the name "__proto__", allowed: a lower-case letter, then lower-case letters, digits, "_" or "-"',
    ],
    'a key that JavaScript treats specially is seen',
  ],
  [
    'releases',
    '[{"name":"r","vsn":"1","erts":"1","libs":[],"status":"running"}]',
    ['f.json:1:54 [0].status: found "running", allowed: "unpacked", "current", "permanent", "tmp_current", "old"'],
    'a status is one of five',
  ],
  ['start_otp', '{"erts":"1","vsn":"1"}', [], 'start_otp.json'],
  [
    'script',
    '{"name":"r","vsn":"1","instructions":[{"op":"progres","id":"x"}]}',
    ['f.json:1:45 instructions[0].op: unknown instruction "progres"; did you mean "progress"?'],
    'a boot instruction is chosen by op',
  ],
]

for (const [format, text, expected, why] of CASES) {
  test(`${format}: ${why}`, () => assert.equal(faults(format, text), expected))
}

test('a good value comes without its $schema, and equal from strict JSON and from JSONC', () => {
  const value = { name: 'r', vsn: '1', erts: '20.0.0', applications: [{ name: 'kernel', vsn: '1.0.0' }] }
  const text = JSON.stringify({ $schema: 'x', ...value })
  assert.equal(read('rel', text, 'f'), { ok: true, value })
  assert.equal(read('rel', `// hand-written\n${text}`, 'f'), { ok: true, value })
})

test('faults carry their facts for programs', () => {
  const result = read('app', '{"name":"a","vsn":"1","moduls":[]}', 'f.json')
  assert.not(result.ok)
  if (result.ok) return
  const [fault] = result.error
  assert.is(fault?.tag, 'unknown_key')
  assert.is(fault?.nearest, 'modules')
  assert.is(fault?.key, 'moduls')
})

test('faults stand in the order of the text', () => {
  const text = '{"modules":[1],\n"name":"A",\n"vsn":2}'
  const result = read('app', text, 'f')
  assert.equal(result.ok ? [] : result.error.map(({ line }) => line), [1, 2, 3])
})

test('a value without text is checked with paths only', () => {
  const result = check('rel', { name: 'r', vsn: '1', erts: '1', applications: [{ name: 'a' }] })
  assert.equal(result.ok ? [] : result.error.map(formatFault), ['applications[0]: missing key "vsn"'])
})

test('of a syntax fault and what follows from it the first is told', () => {
  const result = read('otp.config', '{\n  releases: [\n    { "name": "x" }\n  ]\n}', 'f')
  assert.equal(result.ok ? [] : result.error.map(formatFault), [
    'f:2:3: a word that is not JSON (keys and strings stand in double quotes); found "releases"',
  ])
})

test.run()
