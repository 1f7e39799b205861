import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConfigOptions, parseConfig } from '../../../cli/release/config.js'
import { formatFault } from '../../../schemas/fault.js'

const test = suite('release/config_layers')

const parse = (config: object, options: ConfigOptions = {}) =>
  parseConfig({ file: '/p/otp.config.json', text: JSON.stringify(config, undefined, 1) }, options)

/** Settings of a release that tests look at, by its name. */
function releaseOf(config: object, name: string, options: ConfigOptions = {}) {
  const parsed = parse(config, options)
  if (!parsed.ok) throw new Error(parsed.error.map(formatFault).join('\n'))
  const release = parsed.value.releases.find((one) => one.name === name)
  if (release === undefined) throw new Error(`no release ${name}`)
  const { vsn, goals, includeErts, upgradeFrom, origins } = release
  return {
    vsn,
    goals: goals.map((goal) => goal.name),
    includeErts,
    upgradeFrom,
    origins,
    types: goals.map((g) => g.type),
  }
}

const faultsOf = (config: object, options: ConfigOptions = {}): string[] => {
  const parsed = parse(config, options)
  return parsed.ok ? [] : parsed.error.map(formatFault)
}

const SHOP = { name: 'shop', vsn: '1.0.0', applications: ['sasl', 'shop'] }

test('defaults count where a release says nothing', () => {
  const config = { defaults: { vsn: '2', include_erts: true }, releases: [SHOP, { name: 'web', applications: [] }] }
  assert.equal(releaseOf(config, 'shop').vsn, '1.0.0')
  const web = releaseOf(config, 'web')
  assert.equal([web.vsn, web.includeErts, web.origins.vsn], ['2', true, ['defaults', 'vsn']])
})

test('a release has the settings of the one it extends, and its applications before its own', () => {
  const debug = {
    name: 'debug',
    extend: 'shop',
    vsn: '1-debug',
    applications: ['tools', { name: 'sasl', type: 'load' }],
  }
  const config = { releases: [{ ...SHOP, upgrade_from: ['0.9.0'] }, debug, { name: 'deeper', extend: 'debug' }] }
  const { vsn, goals, types, upgradeFrom } = releaseOf(config, 'debug')
  assert.equal(
    [vsn, goals, types, upgradeFrom],
    ['1-debug', ['sasl', 'shop', 'tools'], ['load', 'permanent', 'permanent'], ['0.9.0']],
  )
  assert.equal(releaseOf(config, 'deeper').goals, ['sasl', 'shop', 'tools'])
})

const PROFILED = {
  output: 'out',
  releases: [SHOP],
  profiles: {
    eu: { defaults: { include_erts: true, upgrade_from: ['1'] }, releases: [{ name: 'shop', vsn: '1.0.0-eu' }] },
    big: { output: 'big', lib_dirs: ['more/*'], releases: [{ name: 'shop', applications: ['stats'] }] },
  },
}

test('a profile says what differs; of several the later one counts', () => {
  const eu = releaseOf(PROFILED, 'shop', { profile: 'eu' })
  assert.equal([eu.vsn, eu.includeErts, eu.upgradeFrom], ['1.0.0-eu', true, ['1']])
  assert.equal(eu.origins.vsn, ['profiles', 'eu', 'releases', 0, 'vsn'])
  const both = releaseOf(PROFILED, 'shop', { profile: 'eu,big' })
  assert.equal([both.vsn, both.goals], ['1.0.0-eu', ['sasl', 'shop', 'stats']])
})

test('each profile has an output of its own, and all one cache', () => {
  const outputs = ([profile]: readonly [string | undefined]) => {
    const parsed = parse(PROFILED, { profile })
    return parsed.ok ? [parsed.value.output, parsed.value.cache] : []
  }
  assert.equal(outputs([undefined]), ['/p/out', '/p/out/cache'])
  assert.equal(outputs(['eu']), ['/p/out/eu', '/p/out/cache'])
  assert.equal(outputs(['prod,eu']), ['/p/out/prod+eu', '/p/out/cache'])
  assert.equal(outputs(['big']), ['/p/big', '/p/out/cache'])
})

test('prod brings its node unless the release says otherwise; dev and prod need not be written', () => {
  assert.is(releaseOf({ releases: [SHOP] }, 'shop', { profile: 'prod' }).includeErts, true)
  assert.is(releaseOf({ releases: [SHOP] }, 'shop', { profile: 'dev' }).includeErts, false)
  const own = { releases: [{ ...SHOP, include_erts: false }] }
  assert.is(releaseOf(own, 'shop', { profile: 'prod' }).includeErts, false)
})

test('the command line counts more than file and profile', () => {
  const set = [
    'releases.shop.vsn=1.10',
    'defaults.include_erts=false',
    'output=elsewhere',
    'releases.shop.upgrade_from=["a"]',
  ]
  const shop = releaseOf(PROFILED, 'shop', { profile: 'eu', set })
  assert.equal([shop.vsn, shop.includeErts, shop.upgradeFrom], ['1.10', false, ['a']])
  const parsed = parse(PROFILED, { set })
  assert.is(parsed.ok && parsed.value.output, '/p/elsewhere')
  assert.equal(releaseOf(PROFILED, 'shop', { set: ['releases.shop.vsn.from=git'] }).vsn, { from: 'git' })
})

// configuration, options, faults
const REFUSED: readonly (readonly [object, ConfigOptions, readonly string[]])[] = [
  [
    { releases: [{ name: 'shop' }] },
    {},
    [
      '/p/otp.config.json:3:3 releases[0]: missing key "vsn"; it may also stand in "defaults"',
      '/p/otp.config.json:3:3 releases[0]: missing key "applications"; it may also stand in "defaults" or come with "extend"',
    ],
  ],
  [
    { releases: [SHOP, { name: 'web', extend: 'shoop' }] },
    {},
    [
      '/p/otp.config.json:13:14 releases[1].extend: no release is called "shoop"; did you mean "shop"?',
      '/p/otp.config.json:11:3 releases[1]: missing key "vsn"; it may also stand in "defaults"',
      '/p/otp.config.json:11:3 releases[1]: missing key "applications"; it may also stand in "defaults" or come with "extend"',
    ],
  ],
  [
    {
      releases: [
        { ...SHOP, extend: 'web' },
        { ...SHOP, name: 'web', extend: 'shop' },
      ],
    },
    {},
    [
      '/p/otp.config.json:19:14 releases[1].extend: releases extend each other in a circle: shop -> web -> shop',
      '/p/otp.config.json:10:14 releases[0].extend: releases extend each other in a circle: web -> shop -> web',
    ],
  ],
  [
    PROFILED,
    { profile: 'prd' },
    [
      '/p/otp.config.json:13:14 profiles: no profile is called "prd"; there are: eu, big, dev, prod; did you mean "prod"?',
    ],
  ],
  [
    { releases: [SHOP], profiles: { eu: { releases: [{ name: 'shp' }] } } },
    { profile: 'eu' },
    [
      '/p/otp.config.json:16:14 profiles.eu.releases[0].name: speaks of release "shp", which "releases" does not have; there are: shop; did you mean "shop"?',
    ],
  ],
  [
    { releases: [SHOP] },
    { set: ['x'] },
    ['--set x: write it as PATH=VALUE: --set releases.shop.vsn=1.2.0, --set output=build'],
  ],
  [
    { releases: [SHOP] },
    { set: ['releases.shop=1'] },
    ['--set releases.shop: name a release and a setting of it: releases.NAME.KEY'],
  ],
  [
    { releases: [SHOP] },
    { set: ['releases.shp.vsn=1'] },
    ['--set: speaks of release "shp", which "releases" does not have; there are: shop; did you mean "shop"?'],
  ],
  [
    { releases: [SHOP] },
    { set: ['releases.shop.vsm=1'] },
    ['--set releases.shop.vsm: unknown key "vsm"; did you mean "vsn"?'],
  ],
]

for (const [config, options, expected] of REFUSED) {
  test(`${expected[0]}`, () => assert.equal(faultsOf(config, options), expected))
}

test.run()
