/** OTP's defects in making boot scripts, relups and packages (docs/defects.md), each avoided. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import {
  formatSystoolsError,
  formatSystoolsWarning,
  makeRelup,
  makeScript,
  makeTar,
} from '../../../runtime/sasl/src/systools.js'
import { findScript } from '../../../runtime/sasl/src/upgrade_plan.js'
import { ok } from '../../../schemas/result.js'
import { type App, app, base, order, rel, scripts, type Upgrade, upgrade, world } from './shorthand.js'

const test = suite('sasl/systools_defects')

const load = (module: string, ...mod_deps: string[]) => ({ op: 'load_module', module, mod_deps })
const modules = ['m1', 'm2', 'm3']
const changed = (name: string, options: { modules?: readonly string[] } = { modules }) => ({
  from: app(name, options),
  to: app(name, { vsn: '2', ...options }),
})
/** Application a, 1 -> 2, with the same modules in both. */
const a = (up: readonly unknown[], down: readonly unknown[] = up): Upgrade => {
  const { from, to } = changed('a')
  return { from: [from], to: [to], up: { a: up }, down: { a: down } }
}

const made = (input: Upgrade) => {
  const result = upgrade(input)
  if (!result.ok) throw new Error(result.error.map(formatSystoolsError).join('\n'))
  return scripts(result.value.relup)
}
const refused = (input: Upgrade): readonly string[] => {
  const result = upgrade(input)
  return result.ok ? [] : result.error.map(formatSystoolsError)
}
const apps = (text: string): App[] => text.split(' ').map((one) => app(one))
const errors = (release: string): string => {
  const got = order(apps(release))
  return 'errors' in got ? got.errors.map(formatSystoolsError).join('\n') : ''
}
/** Only the calls of a script. */
const calls = (script: string): string =>
  script
    .split(' | ')
    .filter((one) => one.startsWith('apply'))
    .join(' | ')

test('D3: new applications start after what they need, whatever the release lists first; removed ones stop before', () => {
  const [top, low] = [app('top(low)'), app('low')]
  const { up, down } = made({ from: [], to: [top, low] })
  assert.is(calls(up), 'apply application:start(low,permanent) | apply application:start(top,permanent)')
  assert.is(
    calls(down),
    'apply application:stop(top) | apply application:unload(top) | apply application:stop(low) | apply application:unload(low)',
  )
})

test('D5: a new dependency runs before the code that needs it is loaded, and goes after it on the way back', () => {
  const to = [app('a(n)', { vsn: '2', modules }), app('n')]
  const { up, down } = made({ from: [app('a', { modules })], to, up: { a: [load('m1')] } })
  assert.ok(up.indexOf('application:start(n') >= 0 && up.indexOf('application:start(n') < up.indexOf('| load m1'), up)
  assert.ok(down.indexOf('| load m1') >= 0 && down.indexOf('| load m1') < down.indexOf('application:stop(n)'), down)
})

test('D12: what needs an application that is not started is warned of, and refused where warnings are', () => {
  const all = [...base, app('a(off)'), app('off', { type: 'load' })]
  const result = makeScript(rel(all), world(all))
  const warning = '"a" needs "off" started, but the release has it with type "load"; "a" would not be started at boot'
  assert.equal(result.ok ? result.value.warnings.map(formatSystoolsWarning) : [], [warning])
  const strict = makeScript(rel(all), world(all), { warnings_as_errors: true })
  assert.equal(strict.ok ? [] : strict.error.map(formatSystoolsError), [`warning treated as an error: ${warning}`])
})

test('D30: a missing way says what was looked for in both relups', () => {
  const found = findScript('1', '3', ok({ vsn: '3', up: [{ from: '2', instructions: [] }], down: [] }), ok(undefined))
  assert.is(found.ok, false)
  if (found.ok) return
  const words = formatReleaseError(found.error)
  for (const part of ['releases/3/relup.json', 'comes from "2"', 'releases/1/relup.json', 'is not there'])
    assert.match(words, part)
})

test('D31: a dependency named twice counts once, wherever it stands in the release, with a warning', () => {
  for (const release of ['a(b,b) b', 'b a(b,b)']) assert.equal(order(apps(release)), { load: 'b a', start: 'b a' })
  const all = [...base, ...apps('a(b,b) b')]
  const result = makeScript(rel(all), world(all))
  assert.equal(result.ok ? result.value.warnings.map(formatSystoolsWarning) : [], [
    'a/app.json: applications names "b" more than once; once is enough',
  ])
  for (const release of ['a(b)[b] b', 'b a(b)[b]']) assert.equal(order(apps(release)), { load: 'b a', start: 'a' })
})

test('D32: a part that uses its includer passes in any order of the release; inclusions in a circle are refused', () => {
  for (const release of ['c(b) b[c] a[b]', 'a[b] b[c] c(b)', 'b[c] a[b] c(b)'])
    assert.equal(order(apps(release)), { load: 'c b a', start: 'a' }, release)
  assert.match(errors('a[b] b[a]'), 'applications include each other: b -> a -> b')
})

test('D33: a circle is named whole, with the inclusion that closes it', () => {
  assert.match(errors('x(a) a(b) b(c) c(a)'), 'a -> b -> c -> a')
  assert.match(errors('a[b] b(x) x(b)'), 'a -> b -> x -> a ("a" includes "b"; "x" needs "b", which is part of "a")')
})

test('D34: what does not depend on each other starts in the order of the release', () => {
  const names = Array.from({ length: 60 }, (_, i) => `a${(i * 37) % 60}`)
  const expected = { load: names.join(' '), start: names.join(' ') }
  assert.equal(order(names.map((name) => app(name))), expected)
  // one dependency moves one application
  assert.equal(order([app('late(x)'), app('b'), app('c'), app('x')]), { load: 'x late b c', start: 'x late b c' })
})

test('D35: one entry serves many versions: a semver range or a pattern', () => {
  for (const from of [{ range: '^1.0.0' }, { regex: '1\\..*' }]) {
    const [older, newer] = [app('a', { vsn: '1.4.2', modules }), app('a', { vsn: '2.0.0', modules })]
    const appup = { vsn: '2.0.0', up: [{ from, instructions: [load('m1')] }], down: [] }
    const result = makeRelup(
      { top: rel([...base, newer], '2'), upFrom: [{ rel: rel([...base, older]) }], downTo: [] },
      world([...base, older, newer], { appups: { 'a-2.0.0': { appup } } }),
    )
    assert.ok(result.ok, result.ok ? '' : result.error.map(formatSystoolsError).join())
  }
})

test('D36: mod_deps without an instruction of their own are refused with the place and the way out', () => {
  assert.equal(refused(a([load('m1', 'm2')], [load('m1')])), [
    'a-2/ebin/appup.json up[0].instructions[0]: "a/m1" has "a/m2" in mod_deps, but no instruction is about that module; add one, or take it out',
  ])
})

test('D37: where dependencies leave a choice, the order is that of the instructions, in every run', () => {
  const names = Array.from({ length: 40 }, (_, i) => `m${(i * 17) % 40}`)
  const [one, two] = [app('a', { modules: names }), app('a', { vsn: '2', modules: names })]
  const instructions = names.map((name) => (name === 'm0' ? load(name) : load(name, 'm0')))
  const { down } = made({ from: [one], to: [two], up: { a: instructions } })
  const loads = down.split(' | ').filter((item) => item.startsWith('load '))
  assert.equal(
    loads,
    [...names.filter((name) => name !== 'm0'), 'm0'].map((name) => `load ${name}`),
  )
})

test('D38: what is depended on is upgraded first and downgraded last', () => {
  const [low, top] = [changed('low', { modules: ['l'] }), changed('top', { modules: ['t'] })]
  const needing = app('top(low)', { vsn: '2', modules: ['t'] })
  const { up, down } = made({
    from: [app('top(low)', { modules: ['t'] }), low.from],
    to: [needing, low.to],
    up: { low: [load('l')], top: [load('t')] },
  })
  assert.is(top.to.resource.name, needing.resource.name)
  assert.ok(up.endsWith('load l | load t'), up)
  assert.ok(down.endsWith('load t | load l'), down)
})

test('D39: an update of a supervisor takes mod_deps', () => {
  const update = { op: 'update', module: 'm1', change: 'supervisor', mod_deps: ['m2'] }
  assert.is(
    made(a([update, load('m2')])).up,
    'LOC(a-2:[m1,m2]) | PONR | suspend [m1] | load m2 | load m1 | code_change up [{m1,[]}] | resume [m1]',
  )
})

/** A package of application a with these options. */
function packed(options: Parameters<typeof makeTar>[3] = {}, files: readonly string[] = []) {
  const all = [...base, app('a', { modules: ['m1'] })]
  const trees = Object.fromEntries(
    all.map(({ resource: { name, vsn, modules: own } }) => [
      `${name}-${vsn}`,
      {
        dir: `apps/${name}`,
        files: ['ebin/app.json', ...own.map((module) => `ebin/${module}.js`), ...(name === 'a' ? files : [])],
      },
    ]),
  )
  const boot = { file: 'shop.script.json', content: {} }
  const result = makeTar(rel(all), world(all), { rel: 'shop.rel.json', trees, boot }, options)
  if (!result.ok) throw new Error(result.error.map(formatSystoolsError).join('\n'))
  return result.value.entries
}

test('a module of JSON is in the package under its own name', () => {
  const all = [...base, app('a', { modules: ['m1', 'prices.json'] })]
  const trees = Object.fromEntries(
    all.map(({ resource: { name, vsn, modules: own } }) => {
      const files = own.map((module) => `ebin/${module}${module.endsWith('.json') ? '' : '.js'}`)
      return [`${name}-${vsn}`, { dir: `apps/${name}`, files: ['ebin/app.json', ...files] }]
    }),
  )
  const result = makeTar(rel(all), world(all), { rel: 'shop.rel.json', trees, boot: { file: 'boot', content: {} } }, {})
  if (!result.ok) throw new Error(result.error.map(formatSystoolsError).join('\n'))
  assert.ok(result.value.entries.some(({ name }) => name === 'lib/a-1/ebin/prices.json'))
})

test('the archive of an application, as a build writes it, is in the package beside its modules', () => {
  const names = packed({}, ['ebin/a.archive', 'ebin/other.archive']).map(({ name }) => name)
  assert.equal(
    names.filter((name) => name.endsWith('.archive')),
    ['lib/a-1/ebin/a.archive'],
  )
})

test('an application may have more files than a call can have arguments', () => {
  const files = Array.from({ length: 200_000 }, (_, index) => `priv/${index}`)
  assert.is(packed({}, files).length, packed().length + files.length)
})

test('D40: extra files say what is what by name', () => {
  const entries = packed({ extra_files: [{ from: 'docs/notice.txt', to: 'NOTICE' }] })
  assert.equal(entries.at(-1), { name: 'NOTICE', from: 'docs/notice.txt' })
})

test('D41: warnings come with the relup, which is made all the same; as errors only where asked for', () => {
  const { from, to } = changed('a')
  const appup = { vsn: '9', up: [{ from: '1', instructions: [] }], down: [{ to: '1', instructions: [] }] }
  const releases = { top: rel([...base, to], '2'), upFrom: [{ rel: rel([...base, from]) }], downTo: [] }
  const known = world([...base, from, to], { appups: { 'a-2': { appup } } })
  const result = makeRelup(releases, known)
  const words = 'a-2/ebin/appup.json: vsn is "9", that of the app.json beside it "2"'
  assert.equal(result.ok ? result.value.warnings.map(formatSystoolsWarning) : [], [words])
  const strict = makeRelup(releases, known, { warnings_as_errors: true })
  assert.equal(strict.ok ? [] : strict.error.map(formatSystoolsError), [`warning treated as an error: ${words}`])
})

test('D42: the appup.json is in the package; a pattern is one of the whole version', () => {
  const names = packed({}, ['ebin/appup.json']).map(({ name }) => name)
  assert.ok(names.includes('lib/a-1/ebin/appup.json'))
  const { from, to } = changed('a')
  const appup = { vsn: '2', up: [{ from: { regex: '[0-9]' }, instructions: [] }], down: [] }
  const fits = (vsn: string) =>
    makeRelup(
      { top: rel([...base, to], '2'), upFrom: [{ rel: rel([...base, app('a', { vsn })]) }], downTo: [] },
      world([...base, from, app('a', { vsn: '1.1' }), to], { appups: { 'a-2': { appup } } }),
    ).ok
  assert.equal([fits('1'), fits('1.1')], [true, false])
})

test('D43: a new application that another includes is loaded, not started', () => {
  const { up } = made({ from: [], to: [app('top[part]'), app('part')] })
  assert.is(calls(up), 'apply application:load(part) | apply application:start(top,permanent)')
})

test('D44: an appup of any form is refused in words', () => {
  const { from, to } = changed('a')
  const junk: readonly unknown[] = [
    null,
    7,
    'text',
    [],
    {},
    { vsn: 2, up: [], down: [] },
    { vsn: '2', up: 'x', down: [] },
    { vsn: '2', up: [null], down: [] },
    { vsn: '2', up: [{ from: { regex: '(' }, instructions: [] }], down: [] },
    { vsn: '2', up: [{ from: '1', instructions: 'load' }], down: [] },
    { vsn: '2', up: [{ from: '1', instructions: [{ op: 'load_module', module: 7 }] }], down: [] },
  ]
  for (const appup of junk) {
    const result = makeRelup(
      { top: rel([...base, to], '2'), upFrom: [{ rel: rel([...base, from]) }], downTo: [] },
      world([...base, from, to], { appups: { 'a-2': { file: 'a/appup.json', appup } } }),
    )
    assert.is(result.ok, false, JSON.stringify(appup))
    if (!result.ok) for (const error of result.error) assert.match(formatSystoolsError(error), 'a/appup.json')
  }
})

test('D45: a state change of what is not suspended, restart and reboot are refused when the relup is made', () => {
  const change = { op: 'code_change', mode: 'up', modules: [{ module: 'm1', extra: [] }] }
  for (const one of [change, { op: 'restart' }, { op: 'reboot' }])
    assert.ok(refused(a([one])).length > 0, JSON.stringify(one))
})

test('ten thousand wrong names, object code one by one and more faults than a call has arguments end soon', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `m${i}`)
  const big = (instructions: readonly unknown[], own = names) =>
    upgrade({
      from: [app('a', { modules: own })],
      to: [app('a', { vsn: '2', modules: own })],
      up: { a: instructions },
      down: { a: [] },
    })
  const startMs = process.cpuUsage().user / 1000
  const wrong = big(names.map((name) => load(`wrong_${name}`)))
  assert.is(wrong.ok ? 0 : wrong.error.length, names.length)
  const code = (name: string) => ({ op: 'load_object_code', application: 'a', vsn: '2', modules: [`a/${name}`] })
  assert.ok(big(names.map(code)).ok)
  const restarts = Array.from({ length: 40 }, () => ({ op: 'restart_application', application: 'a' }))
  const many = big(restarts, names.slice(0, 4_000))
  assert.ok(!many.ok && many.error.length > 130_000)
  assert.ok(process.cpuUsage().user / 1000 - startMs < 20_000)
})

test.run()
