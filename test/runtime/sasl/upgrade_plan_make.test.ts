import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plain } from '../../../cli/render/style.js'
import { planLines } from '../../../cli/render/upgrade_plan.js'
import { makePlan, type PlanSide, type PlanSource } from '../../../runtime/sasl/src/upgrade_plan_make.js'
import { childrenIn } from '../../../runtime/sasl/src/upgrade_plan_modules.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'

const test = suite('sasl/upgrade_plan_make')

type App = {
  readonly vsn: string
  readonly modules?: Readonly<Record<string, string>>
  readonly env?: object
  readonly mod?: unknown
  readonly type?: 'load'
}

/** A release of these applications; modules by name, with their sums. */
function side(
  vsn: string,
  apps: Readonly<Record<string, App>>,
  more: Partial<PlanSide> & { node?: string } = {},
): PlanSide {
  const { node = '22.0.0', ...given } = more
  const names = Object.entries(apps)
  return {
    rel: {
      name: 'shop',
      vsn,
      erts: node,
      applications: names.map(([name, app]) => ({
        name,
        vsn: app.vsn,
        ...(app.type === undefined ? {} : { type: app.type }),
      })),
    },
    libs: names.map(([application, app]) => ({ application, vsn: app.vsn, dir: `lib/${application}-${app.vsn}` })),
    resources: names.map(([name, { modules = {}, env = {}, mod }]) => ({
      name,
      applications: [],
      modules: Object.keys(modules),
      env,
      ...(mod === undefined ? {} : { mod }),
    })),
    checksums: new Map(
      names.flatMap(([name, app]) =>
        Object.entries(app.modules ?? {}).map(
          ([module, sum]) => [`lib/${name}-${app.vsn}/ebin/${module}.js`, sum] as const,
        ),
      ),
    ),
    config: {},
    packages: new Map(),
    ...given,
  }
}

const OLD = { cart: 'a', price: 'a', shop_sup: 'a', legacy: 'a' }
const NEW = { cart: 'b', price: 'b', shop_sup: 'b', audit: 'b' }

const load = (module: string): LowLevelInstruction => ({
  op: 'load',
  module,
  pre_purge: 'brutal_purge',
  post_purge: 'brutal_purge',
})
const suspend = (module: string): LowLevelInstruction => ({ op: 'suspend', modules: [{ module }] })
const resume = (module: string): LowLevelInstruction => ({ op: 'resume', modules: [module] })
const change = (module: string): LowLevelInstruction => ({
  op: 'code_change',
  mode: 'up',
  modules: [{ module, extra: [] }],
})
const apply = (module: string, fun: string, ...args: unknown[]): LowLevelInstruction => ({
  op: 'apply',
  mfa: [module, fun, args],
})
const code = (application: string, vsn: string, ...modules: string[]): LowLevelInstruction => ({
  op: 'load_object_code',
  application,
  vsn,
  modules,
})
const PONR: LowLevelInstruction = { op: 'point_of_no_return' }

const UPGRADE: readonly LowLevelInstruction[] = [
  code('shop', '1.1.0', 'shop/cart', 'shop/price', 'shop/shop_sup', 'shop/audit'),
  PONR,
  load('shop/price'),
  suspend('shop/cart'),
  load('shop/cart'),
  change('shop/cart'),
  resume('shop/cart'),
  suspend('shop/shop_sup'),
  load('shop/shop_sup'),
  change('shop/shop_sup'),
  resume('shop/shop_sup'),
  load('shop/audit'),
  apply('stdlib/supervisor', 'restartChild', 'shop_sup', 'audit'),
  { op: 'remove', module: 'shop/legacy', pre_purge: 'brutal_purge', post_purge: 'brutal_purge' },
]

const EXPORTS = new Map([
  ['shop/cart', ['init', 'handleCall']],
  ['shop/shop_sup', ['init', 'startLink']],
  ['shop/shop_app', ['start', 'configChange']],
])

function source(instructions: readonly LowLevelInstruction[], other: Partial<PlanSource> = {}): PlanSource {
  return {
    from: side('1.0.0', { shop: { vsn: '1.0.0', modules: OLD } }),
    to: side('1.1.0', { shop: { vsn: '1.1.0', modules: NEW } }),
    script: { direction: 'up', file: 'releases/1.1.0/relup.json', otherVsn: '1.0.0', description: null, instructions },
    exports: EXPORTS,
    children: new Map(),
    uses: new Map(),
    ...other,
  }
}

const lines = (...given: Parameters<typeof makePlan>): string[] => planLines(makePlan(...given), plain)

test('the plan of the first page', () => {
  const env = (currency: string) => ({ currency })
  const from = side('1.0.0', { shop: { vsn: '1.0.0', modules: OLD, env: env('EUR') } })
  const to = side('1.1.0', { shop: { vsn: '1.1.0', modules: NEW, env: env('USD'), mod: ['shop_app', []] } })
  const live = { node: 'shop@host', processes: { 'shop/cart': 12 } }
  assert.equal(lines(source(UPGRADE, { from, to }), live), [
    'shop 1.0.0 -> 1.1.0   hot upgrade, nothing restarts',
    '  shop 1.0.0 -> 1.1.0',
    '    cart          update, state converted by code_change (12 processes on node shop@host)',
    '    shop_sup      supervisor update: starts child "audit"',
    '    price         load_module',
    '    audit         new module',
    '    legacy        removed module',
    '  config   shop.currency  "EUR" -> "USD" (config_change is called)',
  ])
})

const RESTART = [
  code('shop', '1.1.0', ...Object.keys(NEW).map((name) => `shop/${name}`)),
  PONR,
  apply('kernel/application', 'stop', 'shop'),
  ...Object.keys(NEW).map((name) => load(`shop/${name}`)),
  apply('kernel/application', 'start', 'shop', 'permanent'),
]

// instructions, a line of the plan, why
const SAID: readonly (readonly [readonly LowLevelInstruction[], string, string])[] = [
  [
    [
      ...UPGRADE.slice(0, 3),
      suspend('shop/cart'),
      load('shop/cart'),
      resume('shop/cart'),
      load('shop/shop_sup'),
      load('shop/audit'),
    ],
    '    cart          update, its processes stand still meanwhile',
    'an update without code_change',
  ],
  [
    UPGRADE.slice(0, 3),
    '    cart          differs, but no instruction loads it: name it in appup.json',
    'a module left out',
  ],
  [UPGRADE.slice(0, 3), 'shop 1.0.0 -> 1.1.0   a node will refuse it', 'which a node refuses'],
  [
    [...UPGRADE, apply('stdlib/supervisor', 'terminateChild', 'shop_sup', 'audit')],
    'shop 1.0.0 -> 1.1.0   hot upgrade, with restarts of child "audit" of shop/shop_sup',
    'a child stopped and started is restarted',
  ],
  [
    [
      ...UPGRADE,
      apply('stdlib/supervisor', 'terminateChild', 'shop_sup', 'old'),
      apply('stdlib/supervisor', 'deleteChild', 'shop_sup', 'old'),
    ],
    '    shop_sup      supervisor update: starts child "audit", stops child "old"',
    'a child that goes',
  ],
  [RESTART, 'shop 1.0.0 -> 1.1.0   hot upgrade, with restarts of shop', 'a restarted application'],
  [
    RESTART,
    '  shop 1.0.0 -> 1.1.0   restarted application: its processes and their states end, and start anew',
    'and what that costs',
  ],
  [
    [...UPGRADE, apply('shop/mail', 'send', 'all')],
    "  no undo  shop/mail:send('all') (a failure after it cannot take it back)",
    'a call that nothing takes back',
  ],
  [
    [apply('shop/mail', 'ready'), ...UPGRADE],
    '  checks   shop/mail:ready() (first; an error ends it here)',
    'a call before the point of no return has nothing to take back',
  ],
  [
    [...UPGRADE, { op: 'stop', modules: ['shop/cart'] }, { op: 'start', modules: ['shop/cart'] }],
    '    cart          its processes are stopped and started again, their states end',
    'processes that are stopped',
  ],
  [
    [{ op: 'restart_new_emulator' }, ...UPGRADE],
    '  because the relup asks for it (restart_new_emulator)',
    'a restart that only the relup wants',
  ],
]
for (const [instructions, line, why] of SAID) {
  test(why, () => {
    const said = lines(source(instructions))
    assert.ok(said.includes(line), said.join('\n'))
  })
}

test('another node binary needs a restart, and says so', () => {
  const to = side('1.1.0', { shop: { vsn: '1.1.0', modules: NEW } }, { node: '24.1.0' })
  const plan = makePlan(source([{ op: 'restart_new_emulator' }, ...UPGRADE], { to }))
  assert.equal(plan.verdict, {
    kind: 'needs_restart',
    because: ['the node binary changes from 22.0.0 to 24.1.0, and a running process cannot change its own'],
  })
  assert.equal(planLines(plan, plain).slice(-2), [
    '  runtime  node 22.0.0 -> 24.1.0',
    '           the node restarts first',
  ])
})

test('a release that is booted whole says nothing of states, processes and who is told', () => {
  const own = (vsn: string) => ({ vsn, modules: {} })
  const env = { limit: 1 }
  const from = side('1.0.0', { stdlib: own('1.0.0'), shop: { vsn: '1.0.0', modules: OLD, env } })
  const to = side('1.1.0', { stdlib: own('1.1.0'), shop: { vsn: '1.1.0', modules: NEW, env: { limit: 2 } } })
  const live = { node: 'shop@host', processes: { 'shop/cart': 12 } }
  assert.equal(lines(source([{ op: 'restart_new_emulator' }, ...UPGRADE], { from, to }), live).slice(1), [
    '  because what everything stands on changes, and is never replaced in a running node: stdlib 1.0.0 -> 1.1.0',
    '  shop 1.0.0 -> 1.1.0',
    '  stdlib 1.0.0 -> 1.1.0',
    '  config   shop.limit  1 -> 2',
    '  runtime  the node restarts first',
  ])
})

test('another runtime underneath without a restart is in force after the next one', () => {
  const kernel = (vsn: string, sum: string, release: PlanSide): PlanSide => ({
    ...release,
    libs: [...release.libs, { application: 'kernel', vsn, dir: `lib/kernel-${vsn}` }],
    checksums: new Map([...(release.checksums ?? []), [`lib/kernel-${vsn}/priv/erts.js`, sum]]),
  })
  const { from, to } = source(UPGRADE)
  const said = lines(source(UPGRADE, { from: kernel('1.0.0', 'a', from), to: kernel('1.1.0', 'b', to) }))
  assert.ok(
    said.includes('  runtime  erts.js of kernel 1.0.0 -> 1.1.0, in force after the next restart'),
    said.join('\n'),
  )
})

test('applications that come and go', () => {
  const from = side('1.0.0', { old: { vsn: '1.0.0', modules: { old: 'a' } } })
  const to = side('1.1.0', { mail: { vsn: '2.0.0', modules: { mail: 'a', queue: 'a' }, type: 'load' } })
  const instructions = [
    code('mail', '2.0.0', 'mail/mail', 'mail/queue'),
    PONR,
    load('mail/mail'),
    load('mail/queue'),
    apply('kernel/application', 'load', 'mail'),
    apply('kernel/application', 'stop', 'old'),
    { op: 'remove', module: 'old/old', pre_purge: 'brutal_purge', post_purge: 'brutal_purge' } as const,
    apply('kernel/application', 'unload', 'old'),
  ]
  assert.equal(lines(source(instructions, { from, to })), [
    'shop 1.0.0 -> 1.1.0   hot upgrade, nothing restarts',
    '  mail 2.0.0   added application, loaded, not started, 2 new modules',
    '  old 1.0.0   removed application, stopped first',
  ])
})

// parameter, before, after, what is said, why
const PARAMETERS = [
  [
    'limit',
    1,
    2,
    'shop.limit  1 -> 2 (no configChange: what was read at a start stays; read by cart, mail/queue)',
    'who reads it',
  ],
  [
    'extra',
    undefined,
    [1],
    'shop.extra  new, [1] (no configChange: what was read at a start stays; read by mail/queue)',
    'a new one; who reads all reads it',
  ],
  [
    'db_password',
    'one',
    'two',
    'shop.db_password  "***" -> "***" (no configChange: what was read at a start stays; read by mail/queue)',
    'secrets are not printed',
  ],
  ['host', { a: 1 }, { a: 1 }, undefined, 'the same value is no change'],
] as const
for (const [key, before, after, text, why] of PARAMETERS) {
  test(`config: ${why}`, () => {
    const env = (value: unknown) => (value === undefined ? {} : { [key]: value })
    const from = side('1.0.0', { shop: { vsn: '1.0.0', modules: OLD, env: env(before) } })
    const to = side(
      '1.1.0',
      { shop: { vsn: '1.1.0', modules: NEW, env: env('default') } },
      { config: { shop: env(after) } },
    )
    const uses = new Map([
      ['shop/cart', { reads: [{ application: 'shop', key: 'limit' }], packages: [] }],
      ['mail/queue', { reads: [{ application: 'shop', key: '*' }], packages: [] }],
    ])
    const said = lines(source(UPGRADE, { from, to, uses })).filter((line) => line.startsWith('  config'))
    assert.equal(said, text === undefined ? [] : [`  config   ${text}`])
  })
}

test('config providers are named, since what they give is in no file; their arguments are not', () => {
  const { from, to } = source(UPGRADE)
  const config = (...names: string[]) => ({
    kernel: { config_providers: names.map((name) => ['shop/vault', name, ['s3cret']]) },
  })
  const said = lines(
    source(UPGRADE, {
      from: { ...from, config: config('load', 'gone') },
      to: { ...to, config: config('load', 'more') },
    }),
  )
  assert.equal(said.slice(-3), [
    '  config   shop/vault.load is asked again: what it gives then is not known before',
    '           shop/vault.more, a new provider, is asked: what it gives is not known before',
    '           shop/vault.gone is asked no more: what it gave is gone',
  ])
})

test('npm packages: what changes, who gets it and who keeps the old one', () => {
  const { from, to } = source(UPGRADE)
  const packages = (links: Record<string, string>) => new Map([['shop', new Map(Object.entries(links))]])
  const uses = new Map([
    ['shop/cart', { reads: [], packages: ['ws', '@a/b'] }],
    ['shop/idle', { reads: [], packages: ['ws'] }],
  ])
  const said = lines(
    source(UPGRADE, {
      from: {
        ...from,
        packages: packages({ ws: 'ws@8.0.0', '@a/b': '@a/b@1.0.0', gone: 'gone@1.0.0', same: 'same@1.0.0' }),
      },
      to: {
        ...to,
        packages: packages({ ws: 'ws@8.1.0', '@a/b': '@a/b@2.0.0', nano: 'nano@1.0.0', same: 'same@1.0.0' }),
      },
      uses,
    }),
  )
  assert.equal(said.slice(-4), [
    '  npm      shop: @a/b 1.0.0 -> 2.0.0 (reloads cart)',
    '           shop: gone 1.0.0, gone',
    '           shop: nano 1.0.0, new',
    '           shop: ws 8.0.0 -> 8.1.0 (reloads cart; the old one stays in idle)',
  ])
})

test('children that a new supervisor names by itself start, those it names no longer stop, calls for the same say nothing new', () => {
  const children = new Map([
    ['shop/shop_sup', { old: ['cart', 'mail'], new: ['cart', 'audit'] }],
    ['shop/cart', { old: ['no'], new: ['supervisor'] }],
  ])
  const said = lines(source(UPGRADE, { children }))
  assert.ok(
    said.includes('    shop_sup      supervisor update: starts child "audit", stops child "mail"'),
    said.join('\n'),
  )
})

// text of a built supervisor, the children it names, why
const CHILDREN = [
  ['[{ id: "a", start: [$a, "startLink", []] }, { start: [$b, "startLink", []], id: "b" }]', ['a', 'b'], 'literals'],
  ['{ id: "a", restart: "transient", start: [$a, "startLink", [1]] }', ['a'], 'with other keys'],
  ['names.map((name) => ({ id: name, start: [$a, "startLink", []] }))', [], 'made while it runs'],
  ['{ strategy: "simple_one_for_one" }, [{ id: "a", start: [$a, "startLink", []] }]', [], 'a template is no child'],
  ['const user = { id: "x", name: "y" }', [], 'an id of something else'],
] as const
for (const [text, ids, why] of CHILDREN) test(`children in code: ${why}`, () => assert.equal(childrenIn(text), ids))

test('a plan is plain data', () => {
  const plan = makePlan(source(UPGRADE))
  assert.equal(JSON.parse(JSON.stringify(plan)), plan)
})

test.run()
