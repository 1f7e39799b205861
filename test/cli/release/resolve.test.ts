import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Config, parseConfig } from '../../../cli/release/config.js'
import type { Discovered, DiscoveredApp } from '../../../cli/release/discover.js'
import { resolveRelease } from '../../../cli/release/resolve.js'
import { formatResolveError } from '../../../cli/release/resolve_error.js'
import { compareVsn } from '../../../cli/release/vsn.js'
import { completeApp } from '../../../schemas/app_resource.js'
import { read } from '../../../schemas/read.js'
import { ok } from '../../../schemas/result.js'
import { fixture, printed, releaseOf } from './fixtures.js'

const test = suite('cli/release/resolve')

// ---- worlds, one line for each fact

type Facts = Readonly<Record<string, unknown>>

/** The application of an app.json, standing in apps/NAME-VSN. */
function app(name: string, vsn: string, applications: readonly unknown[] = [], more: Facts = {}): DiscoveredApp {
  const dir = `apps/${name}-${vsn}`
  const source = { file: `${dir}/app.json`, text: JSON.stringify({ name, vsn, applications, ...more }) }
  const parsed = read('app', source.text, source.file)
  const resource = parsed.ok ? completeApp(parsed.value) : undefined
  if (resource === undefined) throw new Error(`not an application: ${source.text}`)
  return { name, vsn, dir, source, resource, sourceDir: `${dir}/src`, origin: 'apps/*', faults: [] }
}

function world(...apps: readonly DiscoveredApp[]): Discovered {
  const all = [app('kernel', '1.0.0'), app('stdlib', '1.0.0', ['kernel']), ...apps]
  const byName = new Map<string, DiscoveredApp[]>()
  for (const one of all) byName.set(one.name, [...(byName.get(one.name) ?? []), one])
  for (const versions of byName.values()) versions.sort((a, b) => compareVsn(b.vsn, a.vsn))
  return { apps: byName, broken: [], places: ['apps/*'] }
}

/** Resolves goals in a world: `name vsn` in rel order, or the reasons as printed. */
function resolve(goals: readonly unknown[], discovered: Discovered, more: Facts = {}): readonly string[] {
  const text = JSON.stringify({ releases: [{ name: 'r', vsn: '1.0.0', applications: goals, ...more }] })
  const config = parseConfig({ file: 'otp.config.json', text })
  const spec = config.ok ? config.value.releases[0] : undefined
  if (!config.ok || spec === undefined) throw new Error(`not a config: ${text}`)
  const { value }: { value: Config } = config
  const result = resolveRelease(value, spec, discovered, { vsn: ok('1.0.0'), erts: '20.20.2' })
  return result.ok
    ? result.value.applications.map(({ name, vsn }) => `${name} ${vsn}`)
    : result.error.map(formatResolveError)
}

const NODE = ['kernel 1.0.0', 'stdlib 1.0.0']

// goals, world, expected, why
const CASES: readonly (readonly [readonly unknown[], Discovered, readonly string[], string])[] = [
  [[], world(), NODE, 'kernel and stdlib are in every release'],
  [
    ['a'],
    world(app('a', '1', ['b']), app('b', '2', ['kernel'])),
    [...NODE, 'b 2', 'a 1'],
    'what a goal needs is added, before it',
  ],
  [['b', 'a'], world(app('a', '1'), app('b', '2')), [...NODE, 'b 2', 'a 1'], 'goals keep their order'],
  [
    ['a'],
    world(app('a', '1', [], { included_applications: ['i'] }), app('i', '3', ['c']), app('c', '1')),
    [...NODE, 'c 1', 'i 3', 'a 1'],
    'included applications and their needs are added',
  ],
  [
    [{ name: 'a', included_applications: [] }],
    world(app('a', '1', [], { included_applications: ['i'] })),
    [...NODE, 'a 1'],
    "a goal's own list of included applications counts",
  ],
  [
    ['a'],
    world(app('a', '1', ['o'], { optional_applications: ['o'] })),
    [...NODE, 'a 1'],
    'an optional application may be absent',
  ],
  [
    ['a'],
    world(app('a', '1', ['o'], { optional_applications: ['o'] }), app('o', '1')),
    [...NODE, 'o 1', 'a 1'],
    'and is taken where it is there',
  ],
  [['m'], world(app('m', '1.9.0'), app('m', '1.10.0')), [...NODE, 'm 1.10.0'], 'the newest version is taken'],
  [
    ['a', 'm'],
    world(app('a', '1', [{ name: 'm', vsn: '~1.9.0' }]), app('m', '1.9.0'), app('m', '1.10.0')),
    [...NODE, 'm 1.9.0', 'a 1'],
    'or the newest that everyone accepts',
  ],
  [
    ['a', { name: 'm', vsn: '^1.0.0' }],
    world(app('a', '1', ['m']), app('m', '2.0.0', ['gone']), app('m', '1.0.0', ['x']), app('x', '1')),
    [...NODE, 'x 1', 'm 1.0.0', 'a 1'],
    'what a version that is not taken needs does not matter',
  ],
  [
    [{ name: 'm', vsn: 'R12B' }],
    world(app('m', 'R12B'), app('m', 'R13A')),
    [...NODE, 'm R12B'],
    'a version that is not semver may be asked for exactly',
  ],
  [
    ['shopp'],
    world(app('shop', '1')),
    [
      'otp.config.json:1:56 releases[0].applications[0]: release "r" needs "shopp", which is in none of: apps/*; did you mean "shop"?',
    ],
    'a goal that is nowhere',
  ],
  [
    ['a', 'b'],
    world(app('a', '1', ['gone']), app('b', '2', ['kernel', 'gone'])),
    [
      'apps/a-1/app.json:1:39 applications[0]: "a" 1 needs "gone", which is in none of: apps/*',
      'apps/b-2/app.json:1:48 applications[1]: "b" 2 needs "gone", which is in none of: apps/*',
    ],
    'everyone who asks for what is nowhere is named',
  ],
  [
    ['a'],
    world(app('a', '1', [{ name: 'm', vsn: '^3.0.0' }]), app('m', '2.0.0'), app('m', '1.0.0')),
    [
      'apps/a-1/app.json:1:39 applications[0]: "a" 1 needs "m" ^3.0.0, found only 2.0.0 (apps/m-2.0.0), 1.0.0 (apps/m-1.0.0)',
    ],
    'a version that is nowhere',
  ],
  [
    ['a'],
    world(app('a', '1', [{ name: 'm', vsn: '^1 or 2' }]), app('m', '1.0.0')),
    [
      'apps/a-1/app.json:1:39 applications[0]: "a" 1 asks for version "^1 or 2", allowed: a semver range such as "^1.2.0", or a version',
    ],
    'a range that is none',
  ],
  [
    [{ name: 'l', type: 'load' }, 'a'],
    world(app('a', '1', ['l']), app('l', '1')),
    [
      'apps/a-1/app.json:1:39 applications[0]: "l" is "load" but "a" 1 needs it started; the release would fail to boot; make it "permanent", or leave the type out',
    ],
    'what another needs started is started',
  ],
  [
    [
      { name: 'l', type: 'load' },
      { name: 'a', type: 'load' },
    ],
    world(app('a', '1', ['l']), app('l', '1')),
    [...NODE, 'l 1', 'a 1'],
    'unless that one is not started either',
  ],
  [
    [{ name: 'stdlib', type: 'load' }],
    world(),
    [
      'otp.config.json:1:56 releases[0].applications[0]: "stdlib" is "load", allowed: "permanent"; nothing runs without it',
    ],
    'stdlib is permanent',
  ],
  [
    ['a'],
    world(app('a', '1', ['a'])),
    [
      'apps/a-1/app.json:1:39 applications[0]: applications wait for each other: a -> a; one of them has to do without the next',
    ],
    'an application does not wait for itself',
  ],
]

for (const [goals, discovered, expected, why] of CASES)
  test(why, () => assert.equal(resolve(goals, discovered), expected))

test('a relup from the version that is built makes no sense', () => {
  assert.equal(resolve([], world(), { upgrade_from: ['0.9.0', '1.0.0'] }), [
    'otp.config.json:1:82 releases[0].upgrade_from[1]: release "r" is version "1.0.0" itself; "upgrade_from" lists versions built before',
  ])
})

test('two cycles are two faults, each as its shortest walk', () => {
  const cycles = world(
    app('a', '1', ['b', 'c']),
    app('b', '1', ['c', 'a']),
    app('c', '1', ['d']),
    app('d', '1', ['e']),
    app('e', '1', ['d']),
  )
  assert.equal(
    resolve(['a'], cycles).map((line) => line.replace(/^.*other: /, '').replace(/;.*/, '')),
    ['a -> b -> a', 'd -> e -> d'],
  )
})

test('a chain of a thousand applications', () => {
  const chain = Array.from({ length: 1000 }, (_, i) => app(`a${i}`, '1.0.0', i === 999 ? [] : [`a${i + 1}`]))
  assert.is(resolve(['a0'], world(...chain)).length, 1002)
})

// ---- whole projects

test('a good project: rel, order, folders', async () => {
  const result = await releaseOf('good_project')
  assert.equal(printed('good_project', result), [])
  if (!result.ok) return
  const { rel, applications } = result.value
  assert.equal(rel, {
    name: 'shop',
    vsn: '1.0.0',
    erts: process.versions.node,
    applications: [
      { name: 'kernel', vsn: '1.0.0' },
      { name: 'stdlib', vsn: '1.0.0' },
      { name: 'sasl', vsn: '1.0.0' },
      { name: 'cart', vsn: '1.2.0' },
      { name: 'mail', vsn: '1.4.0' },
      { name: 'shop', vsn: '1.0.0' },
    ],
  })
  const shop = applications.at(-1)
  assert.is(shop?.appFile, `${fixture('good_project')}/apps/shop/app.json`)
  assert.is(shop?.appup?.value.vsn, '1.0.0')
})

// fixture, what is printed
const PROJECTS: Readonly<Record<string, readonly string[]>> = {
  missing_dependency: [
    'apps/ch_app/app.json:4:40 applications[2]: "ch_app" 1.0.0 needs "crypto_x", which is in none of: apps/*, node_modules, otp-rel; did you mean "crypto_y"?',
  ],
  circular_abc: [
    'apps/a/app.json:4:30 applications[1]: applications wait for each other: a -> b -> c -> a; one of them has to do without the next',
  ],
  two_versions: [
    'apps/shop/app.json:4:20 applications[0]: "shop" 2.0.0 needs "mail" ^1.0.0, but "blog" 1.1.0 needs "mail" ^2.0.0 (apps/blog/app.json:4); a release has one version of an application, found: 2.0.0 (apps/mail-2.0.0), 1.0.0 (apps/mail-1.0.0)',
  ],
  unknown_key: ['apps/shop/app.json:4:3 registred: unknown key "registred"; did you mean "registered"?'],
  broken_json: ['apps/shop/app.json:3:3: expected ","; found "\\"vsn\\""'],
  missing_module: [
    'apps/shop/app.json:5:23 modules[1]: module "basket" is no file below apps/shop/src; did you mean "baskets"?',
    'apps/shop/app.json:5:33 modules[2]: module "shopp" is no file below apps/shop/src; did you mean "shop"?',
    'apps/shop/app.json:6:11 mod[0]: callback module "sop" is none of the modules of "shop"; did you mean "shop"?',
  ],
  broken_appup: [
    'apps/shop/appup.json:1:70 up[0].instructions[0].op: unknown instruction "updat"; did you mean "update"?',
  ],
}

for (const [name, expected] of Object.entries(PROJECTS)) {
  test(`fixture ${name}`, async () => assert.equal(printed(name, await releaseOf(name)), expected))
}

test.run()
