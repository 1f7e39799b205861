import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  formatImportFault,
  type ImportApplication,
  type ImportWorld,
  resolveImport,
} from '../../../cli/release/module_import.js'
import { moduleNameOf } from '../../../cli/release/module_source.js'

const test = suite('release/module_import')

/** An application at /p/apps/NAME with these source files. */
function application(name: string, dependencies: readonly string[], ...paths: readonly string[]): ImportApplication {
  const dir = `/p/apps/${name}/src`
  const files = paths.flatMap((path) => {
    const module = moduleNameOf(path)
    return module === undefined
      ? []
      : [{ application: name, ...module, id: `${name}/${module.name}`, file: `${dir}/${path}` }]
  })
  return {
    name,
    appFile: `apps/${name}/app.json`,
    dependencies: new Set(dependencies),
    sources: { application: name, dir, files },
  }
}

const shop = application(
  'shop',
  ['mail', 'gone'],
  'shop.ts',
  'cart.ts',
  'http/router.ts',
  'http/index.ts',
  'prices.json',
)
const mail: ImportApplication = {
  ...application('mail', [], 'mail.ts', 'smtp/client.ts'),
  appFile: '/p/apps/mail/app.json',
  manifest: {
    exports: {
      '.': { types: './dist/mail.d.ts', default: './src/mail.ts' },
      './*': './src/*.ts',
      './c': './dist/c.js',
    },
  },
}
const world: ImportWorld = {
  packages: new Map([['@acme/mail', mail]]),
  applications: new Map(
    [
      shop,
      mail,
      application('stock', [], 'stock.ts'),
      application('kernel', [], 'otp_rel.ts'),
      application('stdlib', [], 'gen_server.ts'),
    ].map((one) => [one.name, one]),
  ),
  preloaded: [
    { id: 'erts', dir: '/p/runtime/erts', names: new Set(['process', 'linker/linker']) },
    { id: 'schemas', dir: '/p/schemas', names: new Set(['read']) },
  ],
}

const outcome = (specifier: string, from: string) => resolveImport(specifier, shop, `/p/apps/shop/src/${from}`, world)

// specifier, importing file, target, why
const TARGETS = [
  ['./cart.js', 'shop.ts', { m: 'shop/cart' }, 'a relative .js is the module of the .ts'],
  ['./cart.ts', 'shop.ts', { m: 'shop/cart' }, 'so is the .ts itself'],
  ['./cart', 'shop.ts', { m: 'shop/cart' }, 'and the name alone'],
  ['./shop.js', 'shop.ts', { m: 'shop/shop' }, 'a module may import itself'],
  ['../cart.js', 'http/router.ts', { m: 'shop/cart' }, 'the way up inside the source folder'],
  ['./http', 'shop.ts', { m: 'shop/http/index' }, 'a folder is its index'],
  ['./prices.json', 'shop.ts', { m: 'shop/prices.json' }, 'a JSON module keeps its ending'],
  [
    '../../mail/src/smtp/client.js',
    'shop.ts',
    { m: 'mail/smtp/client' },
    "into another application's sources: its module",
  ],
  ['../../stdlib/src/gen_server.js', 'shop.ts', { m: 'stdlib/gen_server' }, 'stdlib needs no dependency'],
  ['../../../runtime/erts/process.js', 'shop.ts', { m: 'erts/process' }, 'the runtime underneath is preloaded'],
  ['../../../runtime/erts/linker/linker.js', 'shop.ts', { m: 'erts/linker/linker' }, 'its folders too'],
  ['../../../schemas/read.js', 'shop.ts', { m: 'schemas/read' }, 'the formats are preloaded'],
  ['mail', 'shop.ts', { m: 'mail/mail' }, "an application's name is its module of that name"],
  ['mail/smtp/client', 'shop.ts', { m: 'mail/smtp/client' }, 'behind it a module of it'],
  ['mail/smtp/client.js', 'shop.ts', { m: 'mail/smtp/client' }, 'with an ending as well'],
  [
    '@acme/mail',
    'shop.ts',
    { m: 'mail/mail' },
    "the name of an application's package is what its package.json exports",
  ],
  ['@acme/mail/smtp/client', 'shop.ts', { m: 'mail/smtp/client' }, 'by a pattern, too'],
  ['@acme/mail/c', 'shop.ts', { p: '@acme/mail/c' }, 'what is no module stays a file of the package'],
  ['shop/cart', 'shop.ts', { m: 'shop/cart' }, 'an application may name itself'],
  ['otp-rel', 'shop.ts', { m: 'kernel/otp_rel' }, 'the package is an entry of kernel'],
  ['node:fs', 'shop.ts', { b: 'node:fs' }, 'a builtin'],
  ['fs/promises', 'shop.ts', { b: 'node:fs/promises' }, 'a builtin without prefix gets it'],
  ['ws', 'shop.ts', { p: 'ws' }, 'anything else is an npm package'],
  ['@scope/name/deep.js', 'shop.ts', { p: '@scope/name/deep.js' }, 'as written'],
] as const

for (const [specifier, from, target, why] of TARGETS) {
  test(`${specifier}: ${why}`, () => assert.equal(outcome(specifier, from), { target }))
}

// specifier, tag, sentence
const FAULTS = [
  ['./crat.js', 'no_such_module', 'import of "./crat.js": there is no module "shop/crat"; did you mean "./cart.js"?'],
  [
    './http/ruoter.js',
    'no_such_module',
    'import of "./http/ruoter.js": there is no module "shop/http/ruoter"; did you mean "./http/router.js"?',
  ],
  [
    'mail/nothing_like_it',
    'no_such_module',
    'import of "mail/nothing_like_it": there is no module "mail/nothing_like_it"',
  ],
  [
    '../../../runtime/erts/proces.js',
    'no_such_module',
    'import of "../../../runtime/erts/proces.js": there is no module "erts/proces"; did you mean "../../../runtime/erts/process.js"?',
  ],
  [
    '../lib/x.js',
    'outside_applications',
    'import of "../lib/x.js" leaves the source folder of "shop" for a file of no application; a release carries only modules of applications and npm packages',
  ],
  [
    'stock',
    'undeclared_application',
    'import of "stock": "shop" does not depend on "stock"; add "stock" to "applications" in apps/shop/app.json',
  ],
  [
    '../../stock/src/stock.js',
    'undeclared_application',
    'import of "../../stock/src/stock.js": "shop" does not depend on "stock"; add "stock" to "applications" in apps/shop/app.json',
  ],
  [
    'gone/x',
    'application_not_in_release',
    'import of "gone/x": application "gone" is not in this release; add it to the release or to "applications" of "shop"',
  ],
  [
    'otp-rel/sasl',
    'application_not_in_release',
    'import of "otp-rel/sasl": application "sasl" is not in this release; add it to the release or to "applications" of "shop"',
  ],
  [
    'otp-rel/sals',
    'no_such_entry',
    'import of "otp-rel/sals": otp-rel has the entries "otp-rel", "otp-rel/sasl", "otp-rel/systools"; did you mean "otp-rel/sasl"?',
  ],
  [
    '#inner',
    'unsupported_specifier',
    'import of "#inner": a release resolves relative paths, applications, npm packages and builtins of Node; write one of these',
  ],
  [
    'https://example.com/x.js',
    'unsupported_specifier',
    'import of "https://example.com/x.js": a release resolves relative paths, applications, npm packages and builtins of Node; write one of these',
  ],
] as const

for (const [specifier, tag, sentence] of FAULTS) {
  test(`${specifier} is refused: ${tag}`, () => {
    const found = outcome(specifier, 'shop.ts')
    if (!('fault' in found)) throw new Error('must be refused')
    assert.equal([found.fault.tag, formatImportFault(found.fault)], [tag, sentence])
  })
}

test.run()
