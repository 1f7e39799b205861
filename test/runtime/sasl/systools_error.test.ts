/** Every error and warning: provoked through makeScript and makeRelup, and its words. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type FoundApp,
  formatSystoolsError,
  formatSystoolsWarning,
  makeRelup,
  makeScript,
  type World,
} from '../../../runtime/sasl/src/systools.js'
import { type App, app, base, rel, upgrade, world } from './shorthand.js'

const seen = new Set<string>()

interface ScriptCase {
  readonly rel?: unknown
  readonly apps?: readonly App[]
  readonly found?: readonly FoundApp[]
  readonly files?: World['files']
  readonly options?: Parameters<typeof makeScript>[2]
}

/** Messages of a script's errors. */
function scriptErrors({
  apps = [],
  found = [],
  rel: release = rel([...base, ...apps]),
  files,
  options,
}: ScriptCase): string[] {
  const known = world([...base, ...apps])
  const result = makeScript(
    release,
    { apps: [...found, ...known.apps], ...(files === undefined ? {} : { files }) },
    options,
  )
  if (result.ok) return []
  for (const error of result.error) seen.add(error.tag === 'error_reading' ? error.fault.tag : error.tag)
  return result.error.map(formatSystoolsError)
}

const entry = (extra: object) => ({ ...rel(base), applications: [...rel(base).applications, extra] })
const found = (content: unknown): ScriptCase => ({
  rel: entry({ name: 'a', vsn: '1' }),
  found: [{ name: 'a', file: 'apps/a/app.json', app: content }],
})

const SCRIPT: readonly (readonly [message: string, input: ScriptCase])[] = [
  ['found []; a release is { "name", "vsn", "erts", "applications": [...] }', { rel: [] }],
  [
    "name: found 7; a release's name has no path separators and no white space at its ends",
    { rel: { ...rel(base), name: 7 } },
  ],
  [
    'vsn: found "a/b"; a version is a word without path separators and white space',
    { rel: { ...rel(base), vsn: 'a/b' } },
  ],
  [
    'erts: found nothing; a version is a word without path separators and white space',
    { rel: { ...rel(base), erts: undefined } },
  ],
  [
    'applications[3] "a": "type" is "permanent", "transient", "temporary", "load" or "none"',
    { rel: entry({ name: 'a', vsn: '1', type: 'sometimes' }) },
  ],
  ['applications: "sasl" is listed 2 times (1, 2); keep one', { rel: entry({ name: 'sasl', vsn: '2' }) }],
  ['applications: "stdlib" is not listed; every release needs kernel and stdlib', { rel: rel([app('kernel')]) }],
  [
    'applications: "kernel" is "load"; it must be "permanent"',
    { rel: rel([app('kernel', { type: 'load' }), app('stdlib')]) },
  ],
  [
    '"kernell" 1 is in none of the places that were searched; did you mean "kernel"?',
    { rel: entry({ name: 'kernell', vsn: '1' }) },
  ],
  [
    '"a" 2 was not found, only 1 (apps/a/app.json)',
    { ...found({ name: 'a', vsn: '1' }), rel: entry({ name: 'a', vsn: '2' }) },
  ],
  [
    'the release includes "x" in "a", but apps/a/app.json includes only "b"',
    {
      ...found({ name: 'a', vsn: '1', included_applications: ['b'] }),
      rel: entry({ name: 'a', vsn: '1', included_applications: ['x'] }),
    },
  ],
  ['apps/a/app.json: "vsn" is missing', found({ name: 'a' })],
  [
    'apps/a/app.json: maxT: found 0; it is a whole number of milliseconds above 0 or "infinity"',
    found({ name: 'a', vsn: '1', maxT: 0 }),
  ],
  ['apps/a/app.json: found 1; an app.json is { "name", "vsn", ... }', found(1)],
  [
    'a/app.json: cannot be read: line 3',
    { rel: entry({ name: 'a', vsn: '1' }), found: [{ name: 'a', unreadable: 'line 3' }] },
  ],
  ['apps/a/app.json: found as "a", but it is the app.json of "b" 1', found({ name: 'b', vsn: '1' })],
  [
    '"a" and "b" need "x", which the release does not list; add it, or make it optional',
    { apps: [app('a(x)'), app('b(x)')] },
  ],
  [
    'apps/a/app.json: "a" needs "kernel" "newest", which is not a semver range',
    found({ name: 'a', vsn: '1', applications: [{ name: 'kernel', vsn: 'newest' }] }),
  ],
  [
    '"a" 1 needs "kernel" ^2.0.0, but the release has 1',
    found({ name: 'a', vsn: '1', applications: [{ name: 'kernel', vsn: '^2.0.0' }] }),
  ],
  [
    '"a" 1 and "a" 1 both register "srv"; a registered name can have one owner',
    found({ name: 'a', vsn: '1', registered: ['srv', 'srv'] }),
  ],
  [
    '"a" 1 and "b" 1 both include "c"; it can be part of one (the release may override "included_applications" of the other)',
    { apps: [app('a[c]'), app('b[c]'), app('c')] },
  ],
  ['"a" 1 and "a" 1 both list module "a/m"; list it once', found({ name: 'a', vsn: '1', modules: ['m', 'm'] })],
  [
    'applications include each other: b -> a -> b; take one of the inclusions out',
    { apps: [app('a[b]'), app('b[a]')] },
  ],
  [
    'applications need each other: a -> b -> a; none of them could be started first',
    { apps: [app('a(b)'), app('b(a)')] },
  ],
  [
    '"a" 1: module "a/m" has no built file; build it, or take it out of "modules"',
    {
      apps: [app('a', { modules: ['m'] })],
      files: { 'a-1': { missing_objects: ['m'] } },
      options: { src_tests: true },
    },
  ],
  [
    'warning treated as an error: the release has no "sasl"; without it no upgrade can be installed',
    { rel: rel(base.slice(0, 2)), options: { warnings_as_errors: true } },
  ],
]
for (const [message, input] of SCRIPT) test(message, () => assert.equal(scriptErrors(input), [message]))

test('faults of all checks are gathered', () => {
  const apps = [app('a(x)'), app('b(c)'), app('c(b)')]
  const { applications } = rel([...base, ...apps, app('unknown')])
  assert.is(scriptErrors({ apps, rel: { name: '', vsn: '1', erts: '20', applications } }).length, 4)
})

const modules = ['m1', 'm2']
const place = 'a-2/ebin/appup.json up[0].instructions'
const way = 'up from "1" to "2"'

/** Messages about the instructions of one application on the way up. */
function instructionErrors(
  instructions: readonly unknown[],
  to: readonly App[] = [app('a', { vsn: '2', modules })],
): string[] {
  const result = upgrade({ from: [app('a', { modules })], to, up: { a: instructions }, down: {} })
  if (result.ok) return []
  for (const error of result.error) seen.add(error.tag)
  return result.error.map(formatSystoolsError)
}

const load = (rest: object) => ({ op: 'load_module', module: 'm1', ...rest })
const update = (rest: object) => ({ op: 'update', module: 'm1', ...rest })
const ponr = { op: 'point_of_no_return' }

const INSTRUCTIONS: readonly (readonly [message: string, instructions: readonly unknown[]])[] = [
  [`${place}[0]: found 5; it is a module of the application, such as "ch3" or "http/router"`, [load({ module: 5 })]],
  [`${place}[0]: found "X"; it is an application's name`, [{ op: 'restart_application', application: 'X' }]],
  [`${place}[0]: found 3; it is the name of an exported function`, [{ op: 'apply', mfa: ['m1', 3, []] }]],
  [`${place}[0]: found 1; it is a node's name`, [{ op: 'sync_nodes', id: 1, nodes: [1] }]],
  [`${place}[0]: found "hard"; it is "soft", "supervisor" or { "advanced": EXTRA }`, [update({ change: 'hard' })]],
  [
    `${place}[0]: found "dynamic"; it is "static" or "dynamic" (a supervisor is always "static")`,
    [update({ change: 'supervisor', type: 'dynamic' })],
  ],
  [`${place}[0]: found "gentle"; it is "soft_purge" or "brutal_purge"`, [load({ pre_purge: 'gentle' })]],
  [
    `${place}[0]: found 0; it is a whole number of milliseconds above 0, "infinity" or "default"`,
    [update({ timeout: 0 })],
  ],
  [
    `${place}[0]: found "no"; it is "permanent", "transient", "temporary", "load" or "none"`,
    [{ op: 'add_application', application: 'a', type: 'no' }],
  ],
  [`${place}[0]: found "left"; it is "up" or "down"`, [{ op: 'code_change', mode: 'left', modules: [] }]],
  [`${place}[0]: found "m2"; it is a list`, [load({ mod_deps: 'm2' })]],
  [`${place}[0]: found 1; it is a list of arguments`, [{ op: 'apply', mfa: ['m1', 'f', 1] }]],
  [`${place}[0]: found 2; it is a version`, [{ op: 'load_object_code', application: 'a', vsn: 2, modules: [] }]],
  [`${place}[0]: found "m1"; it is { "module", "extra" }`, [{ op: 'code_change', modules: [{ module: 'm1' }] }]],
  [
    `${place}[0]: "load_modul": there is no such instruction; did you mean "load_module"?`,
    [{ op: 'load_modul', module: 'm1' }],
  ],
  [
    `${place}[0]: "load_module": there is no field "mod_dep"; it has module, pre_purge, post_purge, mod_deps`,
    [load({ mod_dep: [] })],
  ],
  [`${place}[0]: "mnesia_backup" was never implemented; take it out`, [{ op: 'mnesia_backup' }]],
  [
    `${place}[0]: "load_module" before point_of_no_return; only load_object_code and apply may stand there`,
    [load({}), ponr],
  ],
  [`${place}[1]: a second point_of_no_return; a script has at most one`, [ponr, ponr]],
  [
    `${place}[0]: load of "a/m1" without a load_object_code that names it; add one, or use load_module`,
    [{ op: 'load', module: 'm1', pre_purge: 'soft_purge', post_purge: 'soft_purge' }],
  ],
  [`${place}[0]: "a/m1" suspended and not resumed afterwards`, [{ op: 'suspend', modules: [{ module: 'm1' }] }]],
  [`${place}[0]: "a/m1" and "a/m2" resumed without being suspended before`, [{ op: 'resume', modules: ['m1', 'm2'] }]],
  [`${place}[0]: "a/m1" started without being stopped`, [{ op: 'start', modules: ['m1'] }]],
  [`${place}[0]: "a/m1" stopped and not started`, [{ op: 'stop', modules: ['m1'] }]],
  [
    `${place}[0]: code_change of "a/m1", which is not suspended; nothing would be changed`,
    [{ op: 'code_change', modules: [{ module: 'm1', extra: [] }] }],
  ],
  [
    `${place}[0]: application "b" is not in the release that this instruction needs it in`,
    [{ op: 'add_application', application: 'b' }],
  ],
  [
    `${place}[0]: remove_application of "a", which the release gone to still has`,
    [{ op: 'remove_application', application: 'a' }],
  ],
  [
    `${place}[0]: module "a/m1x" is not among the "modules" of its application; did you mean "a/m1"?`,
    [load({ module: 'm1x' })],
  ],
  [
    `${place}[0]: "a/m1" has "a/m2" in mod_deps, but no instruction is about that module; add one, or take it out`,
    [load({ mod_deps: ['m2'] })],
  ],
  [`${place}[1]: a second instruction about module "a/m1"; the first is ${place}[0]`, [load({}), update({})]],
  [
    `${place}[0]: delete_module of "a/m1", which the version gone to still lists in "modules"`,
    [{ op: 'delete_module', module: 'm1' }],
  ],
]
for (const [message, instructions] of INSTRUCTIONS)
  test(message, () => assert.equal(instructionErrors(instructions), [message]))

test('object code of two versions, and of a wrong one', () => {
  assert.equal(
    instructionErrors(['2', '3'].map((vsn) => ({ op: 'load_object_code', application: 'a', vsn, modules: ['m1'] }))),
    [
      `${place}[1]: object code of "a" 3, but the release gone to has 2`,
      `${way}: object code of "a" in versions 2 and 3; only one can be loaded`,
    ],
  )
})

test('an application that is added anyway', () => {
  const to = [app('a', { vsn: '2', modules }), app('n')]
  assert.equal(instructionErrors([{ op: 'add_application', application: 'n' }], to), [
    `${place}[0]: add_application of "n": the releases already say so, it would happen twice; take the instruction out`,
  ])
})

/** Messages of a relup from and to one release, with the appup of a-2. */
function relupErrors(appup: World['appups'], top: unknown = rel([...base, app('a', { vsn: '2' })], '2')): string[] {
  const apps = [...base, app('a'), app('a', { vsn: '2' })]
  const result = makeRelup(
    { top, upFrom: [{ rel: rel([...base, app('a')]) }], downTo: [] },
    world(apps, appup === undefined ? {} : { appups: appup }),
  )
  if (result.ok) return []
  for (const error of result.error) seen.add(error.tag === 'error_reading' ? error.fault.tag : error.tag)
  return result.error.map(formatSystoolsError)
}

const appup = (up: unknown) => ({ 'a-2': { file: 'a/appup.json', appup: { vsn: '2', up, down: [] } } })

const RELUP: readonly (readonly [message: string, appups: World['appups'], top?: unknown])[] = [
  [
    'a-2/ebin/appup.json: the appup of "a" 2 is not there; write one that says how to come from and go back to the other version',
    {},
  ],
  ['a-2/ebin/appup.json: the appup of "a" 2 cannot be read: line 1', { 'a-2': { unreadable: 'line 1' } }],
  [
    'a/appup.json: the appup of "a" 2 has an "up" that is not a list of { "from", "instructions" }',
    appup([{ from: '1' }]),
  ],
  [
    'a/appup.json: no entry from "1" for "a" 2; "up" has "1.0", {"range":"^1.0.0"}',
    appup([
      { from: '1.0', instructions: [] },
      { from: { range: '^1.0.0' }, instructions: [] },
    ]),
  ],
  ['a/appup.json: no entry from "1" for "a" 2; "up" is empty', appup([])],
  ['a/appup.json: "newest" is not a semver range', appup([{ from: { range: 'newest' }, instructions: [] }])],
  ['release "shop" 2 has no "sasl", which installs upgrades; add it to "applications"', {}, rel(base.slice(0, 2), '2')],
  ['release shop 2: "other" 1 is in none of the places that were searched', {}, rel([...base, app('other')], '2')],
]
for (const [message, appups, top] of RELUP) test(message, () => assert.equal(relupErrors(appups, top), [message]))

test('a pattern that is none is quoted', () => {
  const [message = ''] = relupErrors(appup([{ from: { regex: '1\\.(0' }, instructions: [] }]))
  assert.ok(message.startsWith('a/appup.json: "1\\\\.(0" is not a regular expression: '), message)
})

test('an appup that both ways need is reported once', () => {
  const result = makeRelup(
    {
      top: rel([...base, app('a', { vsn: '2' })], '2'),
      upFrom: [{ rel: rel([...base, app('a')]) }],
      downTo: [{ rel: rel([...base, app('a')]) }],
    },
    world([...base, app('a'), app('a', { vsn: '2' })]),
  )
  assert.is(result.ok ? 0 : result.error.length, 1)
})

test('warnings and their words', () => {
  const apps = [app('a(a,kernel,kernel,off)', { modules: ['m1', 'm2'] }), app('off', { type: 'load' })]
  const all = [...base.slice(0, 2), ...apps]
  const files = { 'a-1': { sources: ['m2'], newer_sources: ['m2'] } }
  const result = makeScript(rel(all), world(all, { files }), { src_tests: true })
  assert.ok(result.ok)
  if (!result.ok) return
  assert.equal(result.value.warnings.map(formatSystoolsWarning), [
    'the release has no "sasl"; without it no upgrade can be installed',
    'a/app.json: applications names "kernel" more than once; once is enough',
    'a/app.json: applications of "a" names "a" itself; take it out',
    '"a": there is no source of module "a/m1"',
    '"a": the source of module "a/m2" was changed after it was built; build it again',
    '"a" needs "off" started, but the release has it with type "load"; "a" would not be started at boot',
  ])
  const relup = makeRelup(
    { top: rel([...base, app('a', { vsn: '2' })], '2', '22'), upFrom: [{ rel: rel([...base, app('a')]) }], downTo: [] },
    world([...base, app('a'), app('a', { vsn: '2' })], {
      appups: { 'a-2': { appup: { vsn: '3', up: [{ from: '1', instructions: [] }], down: [] } } },
    }),
  )
  assert.equal(relup.ok ? relup.value.warnings.map(formatSystoolsWarning) : [], [
    'release "shop" runs on node 22, "shop" on 20.0.0; the upgrade restarts the node',
    'a-2/ebin/appup.json: vsn is "3", that of the app.json beside it "2"',
  ])
})

test('every error has been provoked', () => {
  const tags =
    'badly_formatted_release illegal_name illegal_form illegal_applications duplicate_application missing_mandatory_app mandatory_app ' +
    'not_found no_valid_version override_include missing_param bad_param parse_error badly_formatted_application bad_application_name ' +
    'undefined_applications bad_range version_not_in_range duplicate_register duplicate_include duplicate_modules circular_inclusions ' +
    'circular_dependencies module_not_found missing_sasl file_problem no_relup bad_regex bad_appup_range warnings_treated_as_errors ' +
    'bad_module bad_application bad_func bad_node bad_change bad_mod_type bad_purge_method bad_timeout bad_start_type bad_mode bad_list ' +
    'bad_args_list bad_lib_vsn bad_code_change bad_instruction not_yet_implemented bad_op_before_point_of_no_return ' +
    'too_many_point_of_no_return no_object_code suspended_not_resumed resumed_not_suspended start_not_stop stop_not_start ' +
    'code_change_not_suspended no_such_application removed_application_present no_such_module undef_module muldef_module ' +
    'conflicting_versions module_present object_code_vsn application_twice'
  assert.equal(
    tags.split(' ').filter((tag) => !seen.has(tag)),
    [],
  )
})

test.run()
