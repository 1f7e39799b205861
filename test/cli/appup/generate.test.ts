/** From two versions of an application to instructions, and with what a person wrote. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { editedText, newText } from '../../../cli/appup/appup_text.js'
import { generateAppup } from '../../../cli/appup/generate.js'
import { mergeAppup, withEntries } from '../../../cli/appup/merge.js'
import { readSides } from '../../../cli/appup/release_side.js'
import { read } from '../../../schemas/read.js'
import type { Appup } from '../../../schemas/types.js'
import { type BuiltOf, built, contentOf } from '../../support/release_content.js'

const test = suite('cli/appup/generate')

const EMPTY: Appup = { vsn: '1.1.0', up: [], down: [] }

type Modules = Readonly<Record<string, string>>

async function generate(old: Modules, next: Modules) {
  const { old: before, next: after } = await readSides(
    contentOf('1', { shop: { vsn: '1.0.0', modules: old } }),
    contentOf('2', { shop: { vsn: '1.1.0', modules: next } }),
  )
  const [a, b] = [before.apps[0], after.apps[0]]
  if (a === undefined || b === undefined) throw new Error('no application')
  return generateAppup(a, b)
}

const own = (...names: string[]): NonNullable<BuiltOf['imports']> =>
  Object.fromEntries(names.map((name) => [`./${name}.js`, { m: `shop/${name}` }]))

const SERVER = ['init', 'handleCall']
const CONVERTING = [...SERVER, 'codeChange']

/** What becomes of one changed module `m`. */
const RULES: readonly (readonly [rule: string, old: string, next: string, instruction: object])[] = [
  ['functions are loaded', built('const a = 1'), built('const a = 2'), { op: 'load_module', module: 'm' }],
  [
    'a codeChange that is new converts',
    built('const init = () => 1', { exports: SERVER }),
    built('const init = () => 1; const codeChange = () => 2', { exports: CONVERTING }),
    { op: 'update', module: 'm', change: { advanced: [] } },
  ],
  [
    'a codeChange that reaches something else converts',
    built('const to = 1; const codeChange = () => to', { exports: CONVERTING }),
    built('const to = 2; const codeChange = () => to', { exports: CONVERTING }),
    { op: 'update', module: 'm', change: { advanced: [] } },
  ],
  [
    'a codeChange that is the same does not',
    built('const codeChange = () => 1; const handleCall = () => 1', { exports: CONVERTING }),
    built('const codeChange = () => 1; const handleCall = () => 2', { exports: CONVERTING }),
    { op: 'update', module: 'm' },
  ],
  [
    'a callback module without codeChange keeps its states',
    built('const handleCall = () => 1', { exports: SERVER }),
    built('const handleCall = () => 2', { exports: SERVER }),
    { op: 'update', module: 'm' },
  ],
  [
    'a special process is updated',
    built('const a = 1', { exports: ['systemContinue'] }),
    built('const a = 2', { exports: ['systemContinue'] }),
    { op: 'update', module: 'm' },
  ],
  [
    'a behaviour of its own is one that is claimed',
    built("const behaviour = 'ticker'; const a = 1", { exports: ['behaviour'] }),
    built("const behaviour = 'ticker'; const a = 2", { exports: ['behaviour'] }),
    { op: 'update', module: 'm' },
  ],
  [
    'moved lines are loaded',
    built('const a = 1', { exports: CONVERTING, imports: own('m') }),
    built('const a = 1', { exports: CONVERTING, imports: own('m'), line: 9 }),
    { op: 'load_module', module: 'm' },
  ],
]

for (const [rule, old, next, instruction] of RULES) {
  test(rule, async () => {
    const { up, down } = await generate({ m: old }, { m: next })
    assert.equal([up, down], [[instruction], [instruction]])
  })
}

test('what is imported comes first, new modules go last on the way down, removed ones come first', async () => {
  const { up, down } = await generate(
    { a: built('const x = 1', { imports: own('gone') }), b: built('const x = 1'), gone: built('') },
    {
      a: built('const x = 2', { imports: own('b', 'z') }),
      b: built('const x = 2'),
      z: built('', { imports: own('b') }),
    },
  )
  assert.equal(up, [
    { op: 'load_module', module: 'b' },
    { op: 'add_module', module: 'z', mod_deps: ['b'] },
    { op: 'load_module', module: 'a', mod_deps: ['b', 'z'] },
    { op: 'delete_module', module: 'gone' },
  ])
  assert.equal(down, [
    { op: 'add_module', module: 'gone' },
    { op: 'load_module', module: 'a', mod_deps: ['b', 'z'] },
    { op: 'load_module', module: 'b' },
    { op: 'delete_module', module: 'z', mod_deps: ['b'] },
  ])
})

const supervisor = (children: string, strategy = 'one_for_one', name = "{ local: 'sup' }") =>
  built(
    `const startLink = () => $0.Supervisor.startLink(${name}, $1, [])
const init = () => ['ok', { strategy: '${strategy}' }, [${children}]]`,
    { imports: { 'otp-rel': { m: 'kernel/otp_rel' }, ...own('m', 'x', 'y') }, exports: ['init', 'startLink'] },
  )
const apply = (fun: string, id: string) => ({ op: 'apply', mfa: ['stdlib/supervisor', fun, ['sup', id]] })
const UPDATE = { op: 'update', module: 'm', change: 'supervisor' }
const X = "{ id: 'x', start: [$2, 'startLink', []] }"
const Y = "{ id: 'y', start: [$3, 'startLink', []] }"

test('children of a supervisor come after its update and go before it', async () => {
  const { up, down } = await generate({ m: supervisor(X) }, { m: supervisor(Y) })
  const back = [apply('terminateChild', 'y'), apply('deleteChild', 'y'), UPDATE, apply('restartChild', 'x')]
  assert.equal(up, [apply('terminateChild', 'x'), apply('deleteChild', 'x'), UPDATE, apply('restartChild', 'y')])
  assert.equal(down, back)
})

test('a child that another module starts is restarted', async () => {
  const { up } = await generate({ m: supervisor(X) }, { m: supervisor(X.replace('$2', '$3')) })
  assert.equal(up, [apply('terminateChild', 'x'), UPDATE, apply('restartChild', 'x')])
})

test('a change to simple_one_for_one restarts the application', async () => {
  const { up, down } = await generate({ m: supervisor(X) }, { m: supervisor(X, 'simple_one_for_one') })
  const restart = [{ op: 'restart_application', application: 'shop' }]
  assert.equal([up, down], [restart, restart])
})

test('a restart of the application that is generated is written', async () => {
  const generated = await generate({ m: supervisor(X) }, { m: supervisor(X, 'simple_one_for_one') })
  const value = withEntries(EMPTY, mergeAppup(EMPTY, generated))
  assert.equal(value.up[0]?.instructions, [{ op: 'restart_application', application: 'shop' }])
})

test('a supervisor may leave all its flags to their defaults', async () => {
  const plain = (children: string) => supervisor(children).replace("{ strategy: 'one_for_one' }", '{}')
  const { up } = await generate({ m: plain('') }, { m: plain(Y) })
  assert.equal(up, [UPDATE, apply('restartChild', 'y')])
  const { up: other } = await generate({ m: plain(X) }, { m: supervisor(X, 'simple_one_for_one') })
  assert.equal(other, [{ op: 'restart_application', application: 'shop' }])
})

test('init is looked at where what it does itself differs', async () => {
  const imports = own('m', 'other')
  const of = (init: string, rest: string) =>
    built(`const init = ${init}; const answer = () => ${rest}`, { imports, exports: ['answer', ...SERVER] })
  const isNoted = async (init: string, other = init) => {
    const { notes } = await generate({ m: of(init, '1') }, { m: of(other, '2') })
    return /init, or what it uses, differs/.test(notes.join())
  }
  assert.is(await isNoted('() => 1', '() => 2'), true)
  assert.is(await isNoted('() => answer()'), true)
  assert.is(await isNoted('() => on(() => answer())'), true, 'what it hands out stays')
  assert.is(await isNoted('() => $0.answer()'), true, 'its own name, called at once')
  assert.is(await isNoted('() => on(() => $0.answer())'), false, 'its own name, called later')
  assert.is(await isNoted('() => ({ answer: 1 }).answer'), false, 'a property of something else')
  assert.is(await isNoted('() => on[answer]({ other: answer })'), true)
  assert.is(await isNoted('() => ({ answer })'), true)
})

test('a codeChange that reaches something else by its own name, later too, converts', async () => {
  const of = (to: number) =>
    built(`const to = () => ${to}; const codeChange = (_, all) => all.map(() => $0.to())`, {
      imports: own('m'),
      exports: CONVERTING,
    })
  const { up } = await generate({ m: of(1) }, { m: of(2) })
  assert.equal(up, [{ op: 'update', module: 'm', change: { advanced: [] } }])
})

test('children that cannot be read, or reached, are told', async () => {
  const computed = await generate({ m: supervisor(X) }, { m: supervisor('...all()') })
  assert.match(computed.notes.join(), /cannot be read from init/)
  const nameless = await generate(
    { m: supervisor(X, undefined, '{ via: 1 }') },
    { m: supervisor(Y, undefined, '{ via: 1 }') },
  )
  assert.equal([nameless.up, /no local name/.test(nameless.notes.join())], [[UPDATE], true])
})

// ---- with what a person wrote

const TWO = [
  { a: built('const x = 1'), b: built('const x = 1') },
  { a: built('const x = 2'), b: built('const x = 2', { imports: own('a') }) },
] as const

const HAND = `{
  // ours
  "vsn": "1.1.0",
  "up": [
    {
      "from": "1.0.0",
      "instructions": [
        { "op": "load_module", "module": "b", "post_purge": "soft_purge" } // waits
      ]
    }
  ],
  "down": []
}
`

/** What a text says, merged as data and as text. */
async function merged(text: string) {
  const generated = await generate(...TWO)
  const written = read('appup', text, 'appup.json')
  if (!written.ok) throw new Error(JSON.stringify(written.error))
  const entries = mergeAppup(written.value, generated)
  const edited = editedText(text, written.value, '1.1.0', entries)
  return { value: withEntries(written.value, entries), entries, edited }
}

test('an instruction by hand counts, what is missing is filled in, comments stay', async () => {
  const { value, entries, edited } = await merged(HAND)
  const hand = { op: 'load_module', module: 'b', post_purge: 'soft_purge' }
  assert.equal(value.up[0]?.instructions, [{ op: 'load_module', module: 'a' }, hand])
  assert.equal([entries[0].missing, entries[0].byHand, entries[1].index], [['a'], ['b'], undefined])
  assert.equal(value.down.length, 1)
  assert.ok(edited.includes('// ours') && edited.includes('// waits'), edited)
  const again = read('appup', edited, 'appup.json')
  assert.equal(again.ok && again.value, value, edited)
})

test('what was generated before is not by hand', async () => {
  const { edited } = await merged(HAND)
  const { entries } = await merged(edited)
  assert.equal(
    entries.map(({ missing, byHand }) => [missing, byHand]),
    [
      [[], ['b']],
      [[], []],
    ],
  )
})

test('before a range that leaves something out stands an entry for the version alone', async () => {
  const { value, edited } = await merged(HAND.replace('"1.0.0"', '{ "range": "^1.0.0" }'))
  assert.equal(
    value.up.map(({ from }) => from),
    ['1.0.0', { range: '^1.0.0' }],
  )
  const again = read('appup', edited, 'appup.json')
  assert.equal(again.ok && again.value, value, edited)
})

test('restart_application covers everything', async () => {
  const text = HAND.replace(/\{ "op": "load_module".*/, '{ "op": "restart_application", "application": "shop" }')
  const { value, entries } = await merged(text)
  assert.equal([entries[0].missing, value.up[0]?.instructions.length], [[], 1])
})

test('a new file is read as what it was made of', async () => {
  const generated = await generate(...TWO)
  const value = withEntries(EMPTY, mergeAppup(EMPTY, generated))
  const again = read('appup', newText(value), 'appup.json')
  assert.equal(again.ok && again.value, value)
})

test.run()
