import { rm } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cache, openCache } from '../../../cli/release/cache.js'
import { type CompileInput, compile } from '../../../cli/release/compile.js'
import { compileFault, compileWarning } from '../../../cli/release/compile_fault.js'
import { CompileMemory } from '../../../cli/release/compile_memory.js'
import { completeApp } from '../../../schemas/app_resource.js'
import { formatFault } from '../../../schemas/fault.js'
import type { AppFile } from '../../../schemas/types.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/compile')

let project: TempFolder

test.before.each(async () => {
  project = await tempFolder()
  await project.put('tsconfig.json', { compilerOptions: { target: 'es2022' } })
})

test.after.each(() => project.remove())

/** An application with these source files, which is written. */
async function application(
  name: string,
  files: Record<string, string>,
  app: Partial<AppFile> = {},
): Promise<CompileInput> {
  for (const [path, text] of Object.entries(files)) await project.put(`apps/${name}/src/${path}`, text)
  const resource = completeApp({ name, vsn: '1.0.0', ...app })
  if (resource === undefined) throw new Error('has a version')
  return {
    name,
    vsn: '1.0.0',
    appFile: project.path(`apps/${name}/app.json`),
    sourceDir: project.path(`apps/${name}/src`),
    resource,
  }
}

const show = (file: string) => file.slice(project.dir.length + 1)

async function compiled(applications: readonly CompileInput[], cache = openCache(project.path('cache'))) {
  const result = await compile(applications, { cache })
  if (!result.ok) throw new Error(result.error.map((fault) => formatFault(compileFault(fault))).join('\n'))
  return result.value
}

async function faults(...applications: readonly CompileInput[]) {
  const result = await compile(applications)
  const found = result.ok ? [] : result.error.map((fault) => compileFault(fault, show))
  return found.map((fault) =>
    formatFault({ ...fault, ...(fault.file === undefined ? {} : { file: show(fault.file) }) }),
  )
}

test('a module becomes a built module: types gone, imports resolved, exports listed', async () => {
  const shop = await application('shop', {
    'cart.ts': `import type { Price } from './price.js'\nimport { vat } from './price.js'\nexport const total = (net: Price) => vat(net)\n`,
    'price.ts': `export type Price = number\nexport const vat = (net: Price): number => net * 1.2\n`,
  })
  const { applications } = await compiled([shop])
  const [cart, price] = applications[0]?.modules ?? []
  assert.equal(
    cart?.meta?.imports.map(({ l: _line, ...one }) => one),
    [{ s: './price.js', m: 'shop/price', n: ['vat'] }],
  )
  assert.equal(cart?.meta?.exports, ['total'])
  assert.equal([cart?.id, cart?.file, price?.id], ['shop/cart', 'cart.js', 'shop/price'])
  assert.match(cart?.code ?? '', /^return \{m:.*\(0, \$price\.vat\)\(net\)/s)
  assert.match(cart?.code ?? '', /\/\/# sourceMappingURL=cart\.js\.map$/)
})

test('the source map leads to the TypeScript, relative to the built file, with its text', async () => {
  const text = `const x: number = 1\nexport const y = x\n`
  const shop = await application('shop', { 'http/router.ts': text })
  const { applications } = await compiled([shop])
  const map = JSON.parse(applications[0]?.modules[0]?.map ?? '{}')
  assert.equal([map.sources, map.sourcesContent], [['../../src/http/router.ts'], [text]])
})

test('nothing is inlined across modules', async () => {
  const shop = await application('shop', {
    'a.ts': `export const limit = 7`,
    'b.ts': `import { limit } from './a.js'\nexport const f = () => limit`,
  })
  const { applications } = await compiled([shop])
  assert.match(applications[0]?.modules[1]?.code ?? '', /\$a\.limit/)
})

test('JSON is copied, and only where it is imported', async () => {
  const shop = await application('shop', {
    'a.ts': `import rates from './rates.json' with { type: 'json' }\nexport const f = () => rates`,
    'rates.json': '{ "vat": 20 }\n',
    'notes.json': '{}',
  })
  const { applications } = await compiled([shop])
  const modules = applications[0]?.modules.map(({ id, file, code, map }) => [
    id,
    file,
    map === undefined ? code : 'built',
  ])
  assert.equal(modules, [
    ['shop/a', 'a.js', 'built'],
    ['shop/rates.json', 'rates.json', '{ "vat": 20 }\n'],
  ])
})

test('declarations and tests beside modules are none', async () => {
  const shop = await application('shop', { 'a.ts': '', 'a.test.ts': '', 'types.d.ts': '', 'b.js': '', 'c.mjs': '' })
  const { applications } = await compiled([shop])
  assert.equal(
    applications[0]?.modules.map(({ name }) => name),
    ['a', 'b', 'c'],
  )
})

test('app.json decides which files are modules', async () => {
  const shop = await application('shop', { 'a.ts': '', 'b.ts': '' }, { modules: ['b'] })
  const { applications } = await compiled([shop])
  assert.equal(
    applications[0]?.modules.map(({ name }) => name),
    ['b'],
  )
})

test('imports of npm packages are told with their places, dynamic ones as optional', async () => {
  const shop = await application('shop', {
    'a.ts': `// import 'ws'\nimport { WebSocketServer } from 'ws'\nexport const f = () => [WebSocketServer, import('left-pad')]`,
  })
  const { applications } = await compiled([shop])
  assert.equal(
    applications[0]?.modules[0]?.packages.map(({ specifier, line, column, optional }) => [
      specifier,
      line,
      column,
      optional,
    ]),
    [
      ['ws', 2, 33, false],
      ['left-pad', 3, 49, true],
    ],
  )
})

test('what did not change is not compiled again', async () => {
  const files = { 'a.ts': `import { b } from './b.js'\nexport const a = () => b`, 'b.ts': 'export const b = 1' }
  const cache = openCache(project.path('cache'))
  const first = await compiled([await application('shop', files)], cache)
  const second = await compiled([await application('shop', files)], cache)
  const third = await compiled([await application('shop', { ...files, 'b.ts': 'export const b = 2' })], cache)
  assert.equal([first.fresh, second.fresh, third.fresh], [['shop/a', 'shop/b'], [], ['shop/b']])
  assert.equal(second.applications, first.applications)
})

test('a file that is saved while it is compiled is compiled again', async () => {
  const kept = openCache(project.path('cache_of_saves'))
  const saving: Cache = {
    // asked when the file has been read, and before it is compiled
    get: async (key) => {
      await project.put('apps/shop/src/a.ts', 'export const a = 2')
      return kept.get(key)
    },
    put: kept.put,
  }
  const input = await application('shop', { 'a.ts': 'export const a = 1' })
  await compiled([input], saving)
  await project.put('apps/shop/src/a.ts', 'export const a = 1')
  const after = await compiled([input], kept)
  assert.equal(after.fresh, ['shop/a'])
  assert.match(after.applications[0]?.modules[0]?.code ?? '', '1')
})

test('with a memory only what it is told to forget is read again', async () => {
  const files = { 'a.ts': `import { b } from './b.js'\nexport const a = () => b`, 'b.ts': 'export const b = 1' }
  const memory = new CompileMemory()
  const make = async (given: CompileInput) => {
    const result = await compile([given], { memory })
    return result.ok
      ? { fresh: result.value.fresh, modules: result.value.applications[0]?.modules ?? [] }
      : { fresh: result.error.map(({ tag }) => tag), modules: [] }
  }
  const path = (name: string) => project.path(`apps/shop/src/${name}`)
  const first = await make(await application('shop', files))
  const input = await application('shop', { 'a.ts': 'export const a = () => 2', 'b.ts': 'export const b = 2' })
  assert.equal((await make(input)).fresh, [])
  assert.is(memory.forget([path('b.ts')]), false)
  const second = await make(input)
  assert.equal(second.fresh, ['shop/b'])
  assert.is(second.modules[0], first.modules[0])
  assert.is(memory.textOf(path('b.ts')), 'export const b = 2')
  await project.put('apps/shop/src/b.ts', 'export const b = (')
  memory.forget([path('b.ts')])
  assert.equal((await make(input)).fresh, ['syntax_error'])
  await project.put('apps/shop/src/a.ts', files['a.ts'])
  await rm(path('b.ts'))
  assert.is(memory.forget([path('b.ts')]), true)
  assert.equal((await make(input)).fresh, ['bad_import'])
  await project.put('apps/shop/src/a.ts', 'export const a = () => 3')
  memory.forget([path('a.ts')])
  assert.equal(
    (await make(input)).modules.map(({ name }) => name),
    ['a'],
  )
})

test('a module is compiled again when its import leads elsewhere or its tsconfig changes', async () => {
  const cache = openCache(project.path('cache'))
  const files = { 'a.ts': `import { x } from 'mail'\nexport const a = () => x` }
  const mail = await application('mail', { 'mail.ts': 'export const x = 1' })
  const alone = await compiled([await application('shop', files)], cache)
  const together = await compiled([await application('shop', files, { applications: ['mail'] }), mail], cache)
  assert.equal([alone.fresh, together.fresh], [['shop/a'], ['mail/mail', 'shop/a']])
  assert.equal(together.applications[0]?.modules[0]?.meta?.imports[0], { s: 'mail', m: 'mail/mail', n: ['x'], l: 1 })
})

// what is wrong, files of shop, its app.json, faults
const FAULTS: readonly (readonly [string, Record<string, string>, Partial<AppFile>, readonly string[]])[] = [
  [
    'a file with a syntax error',
    { 'a.ts': 'export const a = 1\nexport const = 2' },
    {},
    ['apps/shop/src/a.ts:2:14: Expected identifier but found "="'],
  ],
  [
    'a relative import of a file that is not there',
    { 'a.ts': `\nimport { b } from './cart_suo.js'\nexport const a = b`, 'cart_sup.ts': '' },
    {},
    [
      'apps/shop/src/a.ts:2:19: import of "./cart_suo.js": there is no module "shop/cart_suo"; did you mean "./cart_sup.js"?',
    ],
  ],
  [
    'a module that app.json names and nobody wrote',
    { 'cart.ts': '' },
    { modules: ['cart', 'crat'] },
    ['apps/shop/app.json modules: "crat" is no file below apps/shop/src; did you mean "cart"?'],
  ],
  [
    'two files for one module',
    { 'a.js': '', 'a.ts': '' },
    {},
    ['apps/shop/src/a.ts: module "shop/a" is also apps/shop/src/a.js; rename or remove one of the two files'],
  ],
  [
    'everything at once, in order of place',
    { 'a.ts': `import './x.js'\nimport './y.js'`, 'b.ts': 'const' },
    {},
    [
      'apps/shop/src/a.ts:1:8: import of "./x.js": there is no module "shop/x"; did you mean "./a.js"?',
      'apps/shop/src/a.ts:2:8: import of "./y.js": there is no module "shop/y"; did you mean "./a.js"?',
      'apps/shop/src/b.ts:1:6: Expected identifier but found end of file',
    ],
  ],
]

for (const [why, files, app, expected] of FAULTS) {
  test(`refused: ${why}`, async () => assert.equal(await faults(await application('shop', files, app)), expected))
}

test('refused: a module of an application that is not among the dependencies', async () => {
  const shop = await application('shop', { 'a.ts': `import { send } from 'mail'\nexport const a = () => send()` })
  const mail = await application('mail', { 'mail.ts': 'export const send = () => 1' })
  assert.equal(await faults(shop, mail), [
    'apps/shop/src/a.ts:1:22: import of "mail": "shop" does not depend on "mail"; add "mail" to "applications" in apps/shop/app.json',
  ])
})

test('refused: one file as a module of two applications', async () => {
  const shop = await application('shop', { 'a.ts': '' })
  const twin = { ...(await application('twin', {})), sourceDir: shop.sourceDir }
  assert.equal(await faults(shop, twin), [
    'apps/shop/src/a.ts: belongs to both "shop" and "twin"; give each application a source folder of its own',
  ])
})

test('an import of a name that a module does not export is a warning, through re-exports as well', async () => {
  const shop = await application('shop', {
    'a.ts': `import { there, gone, deep } from './barrel.js'\nexport const f = () => [there, gone, deep]`,
    'barrel.ts': `export * from './b.js'\nexport const there = 1`,
    'b.ts': 'export const deep = 1',
  })
  const { warnings } = await compiled([shop])
  assert.equal(
    warnings.map((one) => formatFault({ ...compileWarning(one), file: show(one.file) })),
    ['apps/shop/src/a.ts:1:35: "shop/barrel" does not export "gone"; its use would fail at run time'],
  )
})

test('top-level await is a warning', async () => {
  const { warnings } = await compiled([
    await application('shop', { 'a.ts': 'export const a = await Promise.resolve(1)' }),
  ])
  assert.equal(
    warnings.map(({ tag, file }) => [tag, show(file)]),
    [['top_level_await', 'apps/shop/src/a.ts']],
  )
})

test.run()
