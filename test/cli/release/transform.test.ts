/** The transform of one module: each case is a small module, run with one dependency, and what it must say. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TransformError, type TransformOptions, transform } from '../../../cli/release/transform.js'
import { compileModule } from '../../../runtime/erts/linker/compile.js'

const test = suite('cli/release/transform')

type Namespace = Record<string, unknown>

const resolve: TransformOptions['resolve'] = (specifier) => ({ m: specifier.replace('./', 'app/').replace('.js', '') })

/** What './d.js' exports in the cases below. */
const dependency = () => ({
  f: (...args: unknown[]) => ['f', ...args],
  v: 1,
  o: { x: 'ox', f: () => 'of' },
  K: class K {
    n = 7
  },
  tag: (parts: readonly string[]) => `tag ${parts.join()}`,
  self(this: unknown) {
    return this === undefined
  },
  default: 'the default',
  'a b': 'string name',
})

/** Runs a module as the linker would, with `dependency` for each of its imports. */
async function run(source: string, dep: Namespace = dependency()): Promise<Namespace> {
  const { code, meta } = transform(source, { filename: 'm.ts', resolve })
  const built = compileModule('app/m', code, '/m.js')
  const instance = {
    token: null,
    meta: { url: 'meta' },
    import: (specifier: string) => ({ imported: specifier }),
    readonly(name: string): never {
      throw new TypeError(`Assignment to constant variable '${name}'.`)
    },
  }
  const { f: wrapper } = built
  const steps = wrapper(instance, ...meta.imports.map(() => dep))
  await steps.next()
  const last = await steps.next()
  return last.value
}

// source, value of its export "r", the rule
const CASES: readonly (readonly [source: string, expected: unknown, rule: string])[] = [
  // uses
  [`import { f } from './d.js'; export const r = f(1)`, ['f', 1], 'a named import is called'],
  [`import { self } from './d.js'; export const r = self()`, true, 'an imported function is called without receiver'],
  [`import * as d from './d.js'; export const r = d.f(1)`, ['f', 1], 'a namespace import is the facade'],
  [`import d from './d.js'; export const r = d`, 'the default', 'a default import'],
  [`import { default as d, v as w } from './d.js'; export const r = [d, w]`, ['the default', 1], 'renamed imports'],
  [`import { 'a b' as x } from './d.js'; export const r = x`, 'string name', 'an import by string name'],
  [`import { v } from './d.js'; export const r = { v }`, { v: 1 }, 'a shorthand property gets its key'],
  [
    `import { v } from './d.js'; export const r = { v: 2, w: v, [v]: 3 }`,
    { v: 2, w: 1, 1: 3 },
    'keys are no uses, computed ones are',
  ],
  [`import { tag } from './d.js'; export const r = tag\`a\${1}b\``, 'tag a,b', 'a tagged template'],
  [`import { f } from './d.js'; export const r = f?.(2)`, ['f', 2], 'an optional call'],
  [
    `import { K } from './d.js'; export const r = new K().n + new K.prototype.constructor().n`,
    14,
    'new with an imported class',
  ],
  [
    `import { K } from './d.js'; export const r = new (class extends K { m() { return super.constructor === K } })().n`,
    7,
    'extends an import',
  ],
  [`import { o } from './d.js'; export const r = [o.x, o['f'](), o?.x]`, ['ox', 'of', 'ox'], 'members of an import'],
  [
    `import { v } from './d.js'; export const r = typeof v + \`\${v}\` + (v ? v : 0)`,
    'number11',
    'uses inside expressions',
  ],
  [`export const r = await Promise.resolve(3)`, 3, 'top-level await'],
  [`let s = 0; for await (const x of [1, 2]) s += x; export { s as r }`, 3, 'for await at the top'],
  [
    `export const r = [import.meta.url, import('./x.js').imported, typeof import.meta]`,
    ['meta', './x.js', 'object'],
    'import.meta and import()',
  ],
  // shadowing
  [`import { v } from './d.js'; const g = (v) => v; export const r = g(2) + v`, 3, 'a parameter hides an import'],
  [
    `import { v } from './d.js'; const g = (a = v, { b = v } = {}) => a + b; export const r = g()`,
    2,
    'defaults of parameters use it',
  ],
  [
    `import { v } from './d.js'; function g() { v = 5; return v; var v } export const r = [g(), v]`,
    [5, 1],
    'a var below hides it in the whole function',
  ],
  [
    `import { v } from './d.js'; function g() { if (true) { for (var v of [4]); } return v } export const r = [g(), v]`,
    [4, 1],
    'a var in a nested block too',
  ],
  [`import { v } from './d.js'; let r; { let v = 2; r = v } export { r }`, 2, 'a let hides it in its block'],
  [
    `import { v } from './d.js'; let r; { r = g(); function g() { return v } } export { r }`,
    1,
    'a function in a block',
  ],
  [
    `import { f } from './d.js'; let r; { function f() { return 'inner' } r = f() } export { r }`,
    'inner',
    'a function hides it in its block',
  ],
  [
    `import { v } from './d.js'; let r; try { throw 2 } catch (v) { r = v } export { r }`,
    2,
    'a catch parameter hides it',
  ],
  [
    `import { v } from './d.js'; let r; try { throw {} } catch ({ a = v }) { r = a } export { r }`,
    1,
    'its defaults use it',
  ],
  [
    `import { f } from './d.js'; const g = function f(n) { return n ? f(n - 1) : 'own' }; export const r = g(1)`,
    'own',
    'the name of a function expression hides it',
  ],
  [
    `import { K } from './d.js'; const c = class K { static n = 9; static get() { return K.n } }; export const r = c.get()`,
    9,
    'the name of a class expression hides it',
  ],
  [
    `import { v } from './d.js'; const s = []; for (let v = 8; v < 9; v++) s.push(v); s.push(v); export const r = s`,
    [8, 1],
    'a loop head has its own scope',
  ],
  [
    `import { v } from './d.js'; const s = []; for (const v in { k: 0 }) s.push(v); for (const w of [v]) s.push(w); export const r = s`,
    ['k', 1],
    'for in and for of',
  ],
  [
    `import { v } from './d.js'; let r; switch (v) { case 1: let v = 6; r = v } export { r }`,
    6,
    'a switch has its own scope, its head has not',
  ],
  [`import { v } from './d.js'; v: for (;;) { break v } export const r = v`, 1, 'labels are other names'],
  // classes
  [
    `import { v } from './d.js'; class A { v = v; static s = v; ['k' + v] = 2; m(v) { return v } } const a = new A(); export const r = [a.v, A.s, a.k1, a.m(3)]`,
    [1, 1, 2, 3],
    'fields, computed keys and methods',
  ],
  [
    `import { v } from './d.js'; class A { static s; static { var w = v; A.s = w } } export const r = A.s`,
    1,
    'static blocks',
  ],
  [
    `import { v } from './d.js'; class A { #v = v; get v() { return this.#v } } export const r = new A().v`,
    1,
    'private names are other names',
  ],
  // destructuring and assignment
  [
    `import { v, o } from './d.js'; const { x = v, [o.x]: y = v } = {}; export const r = [x, y]`,
    [1, 1],
    'defaults and computed keys of patterns',
  ],
  [
    `import { v } from './d.js'; let a, b; [a = v, b] = [undefined, 2]; ({ a: b = a } = { a: 5 }); export const r = [a, b]`,
    [1, 5],
    'assignment patterns',
  ],
  [
    `import { o } from './d.js'; [o.x] = ['new']; ({ y: o.y } = { y: 2 }); export const r = [o.x, o.y]`,
    ['new', 2],
    'members as targets',
  ],
  [
    `import { v } from './d.js'; let r; try { v = 2 } catch (e) { r = e.message } export { r }`,
    `Assignment to constant variable 'v'.`,
    'an assignment to an import',
  ],
  [
    `import { v } from './d.js'; let r; try { ({ v } = { v: 2 }) } catch (e) { r = e.name } export { r }`,
    'TypeError',
    'also by a pattern',
  ],
  [
    `import { v } from './d.js'; let r; try { ({ v = 1 } = {}) } catch (e) { r = e.name } export { r }`,
    'TypeError',
    'also with a default',
  ],
  [`import { v } from './d.js'; let r; try { v++ } catch (e) { r = e.name } export { r }`, 'TypeError', 'also by ++'],
  [
    `import { v } from './d.js'; let r; try { for (v of [1]); } catch (e) { r = e.name } export { r }`,
    'TypeError',
    'also by a loop',
  ],
  // semicolons
  [
    `import { f } from './d.js'; const s = []\nlet a = s\nf(1)\nexport const r = a`,
    [],
    'a rewritten call does not call the line before',
  ],
  [`import { tag } from './d.js'; let a = [2]\ntag\`x\`\nexport const r = a`, [2], 'nor does a tagged template'],
  [
    `import { f } from './d.js'; let n = 0\nif (n) f(1)\nelse f(2)\nexport const r = n`,
    0,
    'no semicolon goes between if and its call',
  ],
  [
    `import { f } from './d.js'; let n = 0\nconst a = n\nf(1).length, f(2)\nexport const r = a`,
    0,
    'a sequence may start with a call',
  ],
  [
    `import { f } from './d.js'; const a = 1\nf(2) ? 1 : 2\nf(3).x = 1\nexport const r = a`,
    1,
    'so may conditions and assignments',
  ],
  [
    `let x = 3, y = 1; export const r = [x<!--y, y, x-->y, x]`,
    [false, 0, true, 2],
    'operators that look like HTML comments',
  ],
  [
    `import { v } from './d.js'; const s = '<!-- --> import v'; export const r = [s, /<!--/.test(s), v]`,
    ['<!-- --> import v', true, 1],
    'but not in strings and patterns',
  ],
  // exports
  [`export default function () { return r }; export const r = 1`, 1, 'an anonymous default function'],
  [
    `export const r = typeof hoisted; export default function hoisted() {}`,
    'function',
    'a default function is hoisted',
  ],
  [
    `export const r = [this === undefined, (function () { return this })()]`,
    [true, undefined],
    'this is undefined, the code strict',
  ],
  [`#!/usr/bin/env node\nexport const r = 1`, 1, 'a hashbang becomes a comment'],
  [
    `const $m = 1, $d = 2; import { v } from './d.js'; export const r = [$m, $d, v]`,
    [1, 2, 1],
    'names of the wrapper collide with nothing',
  ],
  [`import{v}from'./d.js';export{r};const r=v//end`, 1, 'minified text, a comment at its end'],
]

for (const [source, expected, rule] of CASES) {
  test(rule, async () =>
    assert.equal((await run(source)).r, expected, transform(source, { filename: 'm.ts', resolve }).code),
  )
}

// source of a default export -> the name its value has
const NAMES: readonly (readonly [string, string])[] = [
  ['export default () => 1', 'default'],
  ['export default class {}', 'default'],
  ['export default class { static name = "own" }', 'own'],
  ['export default (function () {})', 'default'],
  ['export default function () {}', 'default'],
  ['export default /* ( */ async function /* * */ () {}', 'default'],
  ['export default function* () {}', 'default'],
  ['export /* a */ default // b\n async () => {};', 'default'],
  ['export default function named() {}', 'named'],
  ['export default class Named {}', 'Named'],
]
for (const [source, name] of NAMES) {
  test(`the value of ${JSON.stringify(source)} is called ${name}`, async () => {
    const value = (await run(source)).default
    assert.type(value, 'function')
    assert.is(typeof value === 'function' ? value.name : undefined, name)
  })
}

test('an import is exported as the default, with and without a semicolon', async () => {
  const shared = dependency()
  for (const end of ['', ';', '\n', ' // end']) {
    const namespace = await run(`import { o } from './d.js'\nexport default o${end}`, shared)
    assert.is(namespace.default, shared.o)
  }
})

test('a default class may touch the call that follows', async () => {
  const namespace = await run(`import { f } from './d.js'; export default class {}f(1); export const r = 1`)
  assert.is(namespace.r, 1)
})

test('bindings that are assigned to stay live, others are constants', async () => {
  const namespace = await run(
    `export let n = 1, c = 2; export const inc = () => { n++; ({ p: [q] } = { p: [9] }) }; export let q = 0; export { n as alias }`,
  )
  const kinds = Object.entries(Object.getOwnPropertyDescriptors(namespace)).map(([name, d]) => [
    name,
    'value' in d ? 'data' : 'live',
  ])
  assert.equal(Object.fromEntries(kinds), { n: 'live', c: 'data', inc: 'data', q: 'live', alias: 'live' })
  ;(namespace.inc as () => void)() // the module above exports it so
  assert.equal([namespace.n, namespace.alias, namespace.q], [2, 2, 9])
})

test('an export called __proto__ is a name like others', async () => {
  const namespace = await run('const p = 1; export { p as __proto__ }')
  assert.equal(Object.keys(namespace), ['__proto__'])
})

test('metadata says what is imported, from where, on which line, and what is exported', () => {
  const source = `import d, { f, f as g } from './d.js'
import * as all from './d.js'
import j from './j.json' with { type: 'json' }
import 'node:fs'
export { h } from './d.js'
export * as ns from './n.js'
export * from './s.js'
export { f as again, all }
export const own = [d, g, j, import('./lazy.js'), import('x' + 1)]
`
  const { meta } = transform(source, {
    filename: 'm.ts',
    resolve: (specifier, attributes, { dynamic }) =>
      specifier.startsWith('node:')
        ? { b: specifier }
        : { m: `app/${specifier.slice(2)}${attributes.type ?? ''}${dynamic ? '!' : ''}` },
  })
  assert.equal(meta, {
    imports: [
      { s: './d.js', m: 'app/d.js', l: 1, n: ['default', 'f', 'h'] },
      { s: './j.json', m: 'app/j.jsonjson', type: 'json', l: 3, n: ['default'] },
      { s: 'node:fs', b: 'node:fs', l: 4 },
      { s: './n.js', m: 'app/n.js', l: 6 },
      { s: './s.js', m: 'app/s.js', l: 7 },
    ],
    stars: [4],
    exports: ['h', 'ns', 'again', 'all', 'own'],
    re: { h: [0, 'h'], ns: [3, '*'], again: [0, 'f'], all: [0, '*'] },
    dynamic: { './lazy.js': { m: 'app/lazy.js!' } },
    tla: false,
  })
})

test('await inside functions is not top-level await', () => {
  const source =
    'export const a = async () => { await 1; for await (const x of []) ; }; class B { async m() { await 1 } }'
  assert.is(transform(source, { filename: 'm.ts', resolve }).meta.tla, false)
})

test('lines never move', async () => {
  const source = `import {\n  f,\n} from './d.js'\nexport\ndefault\nfunction g() { return f }\nexport {\n g as r\n}\nconst at = 'here'\n`
  const { code } = transform(source, { filename: 'm.ts', resolve })
  assert.is(
    code.split('\n').findIndex((line) => line.includes("'here'")),
    9,
  )
})

test('the text ends with the name of its map', () => {
  const end = (mapUrl?: string) =>
    transform('', { filename: 'src/sub/m.ts', resolve, ...(mapUrl ? { mapUrl } : {}) })
      .code.split('\n')
      .at(-1)
  assert.is(end(), '//# sourceMappingURL=m.js.map')
  assert.is(end('x.map'), '//# sourceMappingURL=x.map')
})

// source, message
const REFUSED: readonly (readonly [string, string])[] = [
  ['const a = 1\nlet  a = 2', `m.ts:2:6: Identifier 'a' has already been declared`],
  ['export const a = 1\nexport { nowhere }', `m.ts:2:10: Export 'nowhere' is not defined`],
  [`\n  import x from './bad.js'`, `m.ts:2:17: "./bad.js" cannot be resolved: no such thing`],
  [`const a = () =>\n import('./bad.js')`, `m.ts:2:9: "./bad.js" cannot be resolved: no such thing`],
]
for (const [source, message] of REFUSED) {
  test(`refused with its place: ${message}`, () => {
    const options: TransformOptions = {
      filename: 'm.ts',
      resolve(specifier) {
        if (specifier === './bad.js') throw new Error('no such thing')
        return { m: specifier }
      },
    }
    try {
      transform(source, options)
    } catch (error) {
      assert.ok(error instanceof TransformError)
      assert.is(error.message, message)
      return
    }
    assert.unreachable('it was accepted')
  })
}

test('places are those of the source when the compiler gave a map', () => {
  // One line of output for line 3, column 5 of the source.
  const inputMap = { version: 3 as const, sources: ['m.ts'], names: [], mappings: 'AAEI', sourcesContent: [null] }
  assert.throws(
    () => transform('export { nowhere }', { filename: 'm.ts', inputMap, resolve }),
    (error: unknown) => error instanceof TransformError && error.message.startsWith('m.ts:3:5: '),
  )
})

test.run()
