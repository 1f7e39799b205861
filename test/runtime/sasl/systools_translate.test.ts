/** From appups to a relup: the examples worked out on OTP, and where ours departs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatSystoolsError } from '../../../runtime/sasl/src/systools.js'
import { app, scripts, type Upgrade, upgrade } from './shorthand.js'

const load = (module: string, ...mod_deps: string[]) => ({ op: 'load_module', module, mod_deps })
const update = (module: string, rest: object = {}) => ({ op: 'update', module, ...rest })
const advanced = (extra: unknown, rest: object = {}) => ({ change: { advanced: extra }, ...rest })
const call = (module: string, fun: string, ...args: unknown[]) => ({ op: 'apply', mfa: [module, fun, args] })
const code = (application: string, vsn: string, ...modules: string[]) => ({
  op: 'load_object_code',
  application,
  vsn,
  modules,
})
const ponr = { op: 'point_of_no_return' }
const rawLoad = (module: string, purge: string) => ({ op: 'load', module, pre_purge: purge, post_purge: purge })

const modules = ['m1', 'm2', 'm3']
/** Application a, 1 -> 2, with the same modules in both. */
const a = (up: readonly unknown[], down: readonly unknown[] = up): Upgrade => ({
  from: [app('a', { modules })],
  to: [app('a', { vsn: '2', modules })],
  up: { a: up },
  down: { a: down },
})

interface Example {
  readonly rule: string
  readonly upgrade: Upgrade
  readonly up: string
  /** Left out: as up, with version 1. */
  readonly down?: string
}

const EXAMPLES: readonly Example[] = [
  { rule: 'E1 a module', upgrade: a([load('m1')]), up: 'LOC(a-2:[m1]) | PONR | load m1' },
  {
    rule: 'E2 dependencies first, going down last',
    upgrade: a([load('m1', 'm2'), load('m2')]),
    up: 'LOC(a-2:[m1,m2]) | PONR | load m2 | load m1',
    down: 'LOC(a-1:[m1,m2]) | PONR | load m1 | load m2',
  },
  {
    rule: 'E3 soft update',
    upgrade: a([update('m1')]),
    up: 'LOC(a-2:[m1]) | PONR | suspend [m1] | load m1 | resume [m1]',
  },
  {
    rule: 'E4 two updates in one block',
    upgrade: a([update('m1', { mod_deps: ['m2'] }), update('m2')]),
    up: 'LOC(a-2:[m1,m2]) | PONR | suspend [m1,m2] | load m2 | load m1 | resume [m2,m1]',
    down: 'LOC(a-1:[m1,m2]) | PONR | suspend [m1,m2] | load m1 | load m2 | resume [m2,m1]',
  },
  {
    rule: 'E5 state change after the load, going down before it',
    upgrade: a([update('m1', advanced('x'))]),
    up: 'LOC(a-2:[m1]) | PONR | suspend [m1] | load m1 | code_change up [{m1,"x"}] | resume [m1]',
    down: 'LOC(a-1:[m1]) | PONR | suspend [m1] | code_change down [{m1,"x"}] | load m1 | resume [m1]',
  },
  {
    rule: 'E6 a supervisor is static',
    upgrade: a([update('m1', { change: 'supervisor' })]),
    up: 'LOC(a-2:[m1]) | PONR | suspend [m1] | load m1 | code_change up [{m1,[]}] | resume [m1]',
    down: 'LOC(a-1:[m1]) | PONR | suspend [m1] | load m1 | code_change down [{m1,[]}] | resume [m1]',
  },
  {
    rule: 'E7 every field',
    upgrade: a([
      update(
        'm1',
        advanced('e', { type: 'static', timeout: 5000, pre_purge: 'soft_purge', post_purge: 'brutal_purge' }),
      ),
      update('m2', { timeout: 'infinity', pre_purge: 'soft_purge', post_purge: 'soft_purge' }),
      update('m3', advanced('f', { post_purge: 'soft_purge', mod_deps: ['m1'] })),
    ]),
    up:
      'LOC(a-2:[m3,m1,m2]) | PONR | suspend [m3,{m1,5000}] | load m1 (soft,brutal) | load m3 (brutal,soft) | ' +
      'code_change up [{m3,"f"},{m1,"e"}] | resume [m1,m3] | suspend [{m2,infinity}] | load m2 (soft,soft) | resume [m2]',
    down:
      'LOC(a-1:[m3,m1,m2]) | PONR | suspend [m3,{m1,5000}] | code_change down [{m3,"f"}] | load m3 (brutal,soft) | ' +
      'load m1 (soft,brutal) | code_change down [{m1,"e"}] | resume [m1,m3] | ' +
      'suspend [{m2,infinity}] | load m2 (soft,soft) | resume [m2]',
  },
  {
    rule: 'E8 independent ones are blocks of their own',
    upgrade: a([update('m1', advanced([], { mod_deps: ['m2'] })), load('m2'), update('m3', advanced([]))]),
    up:
      'LOC(a-2:[m1,m2,m3]) | PONR | suspend [m1] | load m2 | load m1 | code_change up [{m1,[]}] | resume [m1] | ' +
      'suspend [m3] | load m3 | code_change up [{m3,[]}] | resume [m3]',
    down:
      'LOC(a-1:[m1,m2,m3]) | PONR | suspend [m1] | code_change down [{m1,[]}] | load m1 | load m2 | resume [m1] | ' +
      'suspend [m3] | code_change down [{m3,[]}] | load m3 | resume [m3]',
  },
  {
    rule: 'E9 a cycle keeps the order of its instructions',
    upgrade: a([update('m2', advanced([], { mod_deps: ['m1'] })), update('m1', advanced([], { mod_deps: ['m2'] }))]),
    up: 'LOC(a-2:[m2,m1]) | PONR | suspend [m2,m1] | load m1 | load m2 | code_change up [{m2,[]},{m1,[]}] | resume [m1,m2]',
    down: 'LOC(a-1:[m2,m1]) | PONR | suspend [m2,m1] | code_change down [{m2,[]},{m1,[]}] | load m2 | load m1 | resume [m1,m2]',
  },
  {
    rule: 'E10 a group stands where its first member stood',
    upgrade: a([call('m1', 'a'), load('m1', 'm3'), call('m1', 'c'), load('m2'), call('m1', 'e'), load('m3')]),
    up: 'LOC(a-2:[m1,m3,m2]) | PONR | apply m1:a() | load m3 | load m1 | apply m1:c() | load m2 | apply m1:e()',
    down: 'LOC(a-1:[m1,m3,m2]) | PONR | apply m1:a() | load m1 | load m3 | apply m1:c() | load m2 | apply m1:e()',
  },
  {
    rule: 'E11 a new module and its child',
    upgrade: {
      from: [app('a', { modules: ['sx'] })],
      to: [app('a', { vsn: '2', modules: ['sx', 'cx'] })],
      up: {
        a: [
          { op: 'add_module', module: 'cx' },
          update('sx', { change: 'supervisor' }),
          call('stdlib/supervisor', 'restart_child', 'sx', 'cx'),
        ],
      },
      down: {
        a: [
          call('stdlib/supervisor', 'terminate_child', 'sx', 'cx'),
          call('stdlib/supervisor', 'delete_child', 'sx', 'cx'),
          update('sx', { change: 'supervisor' }),
          { op: 'delete_module', module: 'cx' },
        ],
      },
    },
    up:
      'LOC(a-2:[cx,sx]) | PONR | load cx | suspend [sx] | load sx | code_change up [{sx,[]}] | resume [sx] | ' +
      'apply supervisor:restart_child(sx,cx)',
    down:
      'LOC(a-1:[sx]) | PONR | apply supervisor:terminate_child(sx,cx) | apply supervisor:delete_child(sx,cx) | ' +
      'suspend [sx] | load sx | code_change down [{sx,[]}] | resume [sx] | remove cx | purge [cx]',
  },
  {
    rule: 'E12 a deleted module that depends on a loaded one',
    upgrade: {
      from: [app('a', { modules: ['m1', 'm2'] })],
      to: [app('a', { vsn: '2', modules: ['m2'] })],
      up: { a: [{ op: 'delete_module', module: 'm1', mod_deps: ['m2'] }, load('m2')] },
      down: { a: [{ op: 'add_module', module: 'm1', mod_deps: ['m2'] }, load('m2')] },
    },
    up: 'LOC(a-2:[m2]) | PONR | load m2 | remove m1 | purge [m1]',
    down: 'LOC(a-1:[m1,m2]) | PONR | load m1 | load m2',
  },
  {
    rule: 'E13 a restarted application, by the type of the release gone to',
    upgrade: {
      from: [app('a', { modules: ['a1', 'a2'] })],
      to: [app('a', { vsn: '2', modules: ['a1', 'a3'], type: 'temporary' })],
      up: { a: [{ op: 'restart_application', application: 'a' }] },
    },
    up: 'LOC(a-2:[a1,a3]) | PONR | apply application:stop(a) | remove a1 | remove a2 | purge [a1,a2] | load a1 | load a3 | apply application:start(a,temporary)',
    down: 'LOC(a-1:[a1,a2]) | PONR | apply application:stop(a) | remove a1 | remove a3 | purge [a1,a3] | load a1 | load a2 | apply application:start(a,permanent)',
  },
  {
    rule: 'E14 a call before the point of no return',
    upgrade: a([call('m1', 'check'), ponr, load('m1')]),
    up: 'LOC(a-2:[m1]) | apply m1:check() | PONR | load m1',
  },
  { rule: 'E15 an empty script', upgrade: a([]), up: 'PONR' },
  {
    rule: 'E16 new and gone applications of every type',
    upgrade: {
      from: [app('a', { modules: ['a1'] }), app('old', { modules: ['o1', 'o2'] })],
      to: [
        app('new', { modules: ['n1', 'n2'] }),
        app('a', { vsn: '2', modules: ['a1'] }),
        app('newl', { modules: ['nl'], type: 'load' }),
        app('newn', { modules: ['nn'], type: 'none' }),
        app('newt', { modules: ['nt'], type: 'temporary' }),
      ],
      up: { a: [update('a1', advanced([]))] },
    },
    up:
      'LOC(new-1:[n1,n2]) | LOC(newl-1:[nl]) | LOC(newn-1:[nn]) | LOC(newt-1:[nt]) | LOC(a-2:[a1]) | PONR | ' +
      'load n1 | load n2 | apply application:start(new,permanent) | load nl | apply application:load(newl) | load nn | ' +
      'load nt | apply application:start(newt,temporary) | ' +
      'suspend [a1] | load a1 | code_change up [{a1,[]}] | resume [a1] | ' +
      'apply application:stop(old) | remove o1 | remove o2 | purge [o1,o2] | apply application:unload(old)',
    // Departure: removed in the reverse of the order in which they were loaded.
    down:
      'LOC(old-1:[o1,o2]) | LOC(a-1:[a1]) | PONR | load o1 | load o2 | apply application:start(old,permanent) | ' +
      'suspend [a1] | code_change down [{a1,[]}] | load a1 | resume [a1] | ' +
      'apply application:stop(newt) | remove nt | purge [nt] | apply application:unload(newt) | ' +
      'apply application:stop(newn) | remove nn | purge [nn] | apply application:unload(newn) | ' +
      'apply application:stop(newl) | remove nl | purge [nl] | apply application:unload(newl) | ' +
      'apply application:stop(new) | remove n1 | remove n2 | purge [n1,n2] | apply application:unload(new)',
  },
  {
    rule: 'E17 departure: new ones start in the order of dependency, and stop in its reverse',
    upgrade: { from: [], to: [app('b(c)', { modules: ['b1'] }), app('c', { modules: ['c1'] })] },
    up: 'LOC(c-1:[c1]) | LOC(b-1:[b1]) | PONR | load c1 | apply application:start(c,permanent) | load b1 | apply application:start(b,permanent)',
    down:
      'PONR | apply application:stop(b) | remove b1 | purge [b1] | apply application:unload(b) | ' +
      'apply application:stop(c) | remove c1 | purge [c1] | apply application:unload(c)',
  },
  {
    rule: 'E18 departure: going down, dependants first',
    upgrade: {
      from: [app('a(b)', { modules: ['a1'] }), app('b', { modules: ['b1'] })],
      to: [app('a(b)', { vsn: '2', modules: ['a1'] }), app('b', { vsn: '2', modules: ['b1'] })],
      up: { a: [load('a1')], b: [load('b1')] },
    },
    up: 'LOC(b-2:[b1]) | LOC(a-2:[a1]) | PONR | load b1 | load a1',
    down: 'LOC(a-1:[a1]) | LOC(b-1:[b1]) | PONR | load a1 | load b1',
  },
  {
    rule: 'E20 two scripts with a point of no return each',
    upgrade: {
      from: [app('a', { modules: ['a1'] }), app('b', { modules: ['b1'] })],
      to: [app('a', { vsn: '2', modules: ['a1'] }), app('b', { vsn: '2', modules: ['b1'] })],
      up: {
        a: [call('a1', 'pre'), ponr, load('a1'), call('a1', 'post')],
        b: [call('b1', 'pre'), code('b', '2', 'b1'), ponr, rawLoad('b1', 'soft_purge')],
      },
      down: {},
    },
    up: 'LOC(b-2:[b1]) | LOC(a-2:[a1]) | apply a1:pre() | apply b1:pre() | PONR | load a1 | apply a1:post() | load b1 (soft,soft)',
    down: 'PONR',
  },
  {
    rule: 'E21 another node binary, an application added and one removed',
    upgrade: {
      from: [app('a', { modules: ['a1'] }), app('b', { modules: ['b1'] })],
      to: [app('n0', { modules: ['nn1'] }), app('a', { vsn: '2', modules: ['a1'] })],
      up: { a: [load('a1')] },
      erts: ['20.0.0', '22.0.0'],
    },
    up:
      'restart_new_emulator | LOC(n0-1:[nn1]) | LOC(a-2:[a1]) | PONR | load nn1 | apply application:start(n0,permanent) | load a1 | ' +
      'apply application:stop(b) | remove b1 | purge [b1] | apply application:unload(b)',
    down:
      'LOC(b-1:[b1]) | LOC(a-1:[a1]) | PONR | load b1 | apply application:start(b,permanent) | load a1 | ' +
      'apply application:stop(n0) | remove nn1 | purge [nn1] | apply application:unload(n0) | restart_emulator',
  },
  {
    rule: 'E22 a restart in the middle comes last',
    upgrade: a([load('m1'), { op: 'restart_emulator' }, load('m2')]),
    up: 'LOC(a-2:[m1,m2]) | PONR | load m1 | load m2 | restart_emulator',
  },
  {
    rule: 'E23 departure: a new included application is loaded, not started',
    upgrade: {
      from: [app('p', { modules: ['p1'] })],
      to: [app('p[c0]', { vsn: '2', modules: ['p1'] }), app('c0', { modules: ['c1'] })],
      up: { p: [{ op: 'restart_application', application: 'p' }] },
    },
    up:
      'LOC(c0-1:[c1]) | LOC(p-2:[p1]) | PONR | load c1 | apply application:load(c0) | ' +
      'apply application:stop(p) | remove p1 | purge [p1] | load p1 | apply application:start(p,permanent)',
    down:
      'LOC(p-1:[p1]) | PONR | apply application:stop(p) | remove p1 | purge [p1] | load p1 | apply application:start(p,permanent) | ' +
      'apply application:stop(c0) | remove c1 | purge [c1] | apply application:unload(c0)',
  },
  {
    rule: 'E24 low-level instructions as they are written',
    upgrade: a(
      [
        code('a', '2', 'm1'),
        { op: 'stop', modules: ['m1'] },
        rawLoad('m1', 'soft_purge'),
        { op: 'start', modules: ['m1'] },
        { op: 'purge', modules: ['m1'] },
      ],
      [],
    ),
    up: 'LOC(a-2:[m1]) | PONR | stop [m1] | load m1 (soft,soft) | start [m1] | purge [m1]',
    down: 'PONR',
  },
  {
    rule: 'E25 mixed levels',
    upgrade: a([{ op: 'stop', modules: ['m1'] }, load('m1'), { op: 'start', modules: ['m1'] }]),
    up: 'LOC(a-2:[m1]) | PONR | stop [m1] | load m1 | start [m1]',
  },
  {
    rule: 'departure: a supervisor with mod_deps and purges',
    upgrade: a([update('m1', { change: 'supervisor', mod_deps: ['m2'], pre_purge: 'soft_purge' }), load('m2')]),
    up: 'LOC(a-2:[m1,m2]) | PONR | suspend [m1] | load m2 | load m1 (soft,brutal) | code_change up [{m1,[]}] | resume [m1]',
    down: 'LOC(a-1:[m1,m2]) | PONR | suspend [m1] | load m1 (soft,brutal) | load m2 | code_change down [{m1,[]}] | resume [m1]',
  },
]

for (const { rule, upgrade: input, up, down = up.replaceAll('-2:', '-1:') } of EXAMPLES) {
  test(rule, () => {
    const result = upgrade(input)
    assert.ok(result.ok, result.ok ? '' : result.error.map(formatSystoolsError).join('\n'))
    if (result.ok) assert.equal(scripts(result.value.relup), { up, down })
  })
}

test('E24 departure: object code of the new version is refused on the way down', () => {
  const result = upgrade(a([code('a', '2', 'm1'), rawLoad('m1', 'soft_purge')]))
  assert.equal(result.ok ? [] : result.error.map(formatSystoolsError), [
    'a-2/ebin/appup.json down[0].instructions[0]: object code of "a" 2, but the release gone to has 1',
  ])
})

test('one order in every run, that of the instructions, where dependencies leave a choice', () => {
  const names = Array.from({ length: 40 }, (_, i) => `m${i}`)
  const input: Upgrade = {
    from: [app('a', { modules: names })],
    to: [app('a', { vsn: '2', modules: names })],
    up: { a: names.map((name, i) => (i === 0 ? load(name) : load(name, 'm0'))) },
  }
  const result = upgrade(input)
  assert.ok(result.ok)
  if (result.ok) assert.match(scripts(result.value.relup).down, '| PONR | load m1 | load m2 | load m3 |')
})

test('nothing is changed in place', () => {
  const input = a([update('m1', advanced({ deep: [1] })), call('m1', 'go', { x: 1 })])
  const before = JSON.stringify(input)
  upgrade(input)
  assert.is(JSON.stringify(input), before)
})

test.run()
