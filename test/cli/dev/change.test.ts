/** From two compilations to the script of a change: the generated appup, translated. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { builtText } from '../../../cli/appup/built_module.js'
import { changeScript, type Modules, moduleChange } from '../../../cli/dev/change.js'
import type { CompiledModule } from '../../../cli/release/compiled.js'
import { completeApp } from '../../../schemas/app_resource.js'
import { built } from '../../support/release_content.js'

const test = suite('cli/dev/change')

const modules = (texts: Readonly<Record<string, string>>, packages: readonly string[] = []): Modules =>
  new Map(
    Object.entries(texts).map(([name, code]): [string, CompiledModule] => {
      const file = `/shop/src/${name}`
      const uses = packages.map((specifier) => ({ specifier, file, line: 1, column: 1, optional: false }))
      const common = { application: 'shop', name, id: `shop/${name}`, source: file, file: name, map: undefined }
      return [common.id, { ...common, code, meta: builtText(code).meta, packages: uses }]
    }),
  )

function scriptOf(old: Readonly<Record<string, string>>, next: Readonly<Record<string, string>>) {
  const [before, after] = [modules(old), modules(next)]
  const change = moduleChange(before, after)
  const shop = completeApp({ name: 'shop', vsn: '1.0.0' })
  if (change === undefined || shop === undefined) throw new Error('nothing differs')
  const script = changeScript(change, before, after, new Map([['shop', shop]]))
  if (!script.ok) throw new Error(script.error)
  return script.value
}

const opsOf = (old: Readonly<Record<string, string>>, next: Readonly<Record<string, string>>) =>
  scriptOf(old, next).instructions.map(({ op }) => op)

const SERVER = { exports: ['init', 'handleCall'] }
const CONVERTING = { exports: ['init', 'handleCall', 'codeChange'] }

const RULES: readonly (readonly [rule: string, old: string, next: string, ops: readonly string[]])[] = [
  [
    'functions are loaded',
    built('const a = 1'),
    built('const a = 2'),
    ['load_object_code', 'point_of_no_return', 'load'],
  ],
  [
    'the processes of a callback module stand still meanwhile',
    built('const handleCall = 1', SERVER),
    built('const handleCall = 2', SERVER),
    ['load_object_code', 'point_of_no_return', 'suspend', 'load', 'resume'],
  ],
  [
    'a new codeChange converts their states',
    built('const handleCall = 1', SERVER),
    built('const handleCall = 1; const codeChange = () => 1', CONVERTING),
    ['load_object_code', 'point_of_no_return', 'suspend', 'load', 'code_change', 'resume'],
  ],
  [
    'one that was there before has done its work',
    built('const handleCall = 1; const codeChange = () => 1', CONVERTING),
    built('const handleCall = 2; const codeChange = () => 1', CONVERTING),
    ['load_object_code', 'point_of_no_return', 'suspend', 'load', 'resume'],
  ],
  ['a JSON file is loaded', '{ "a": 1 }', '{ "a": 2 }', ['load_object_code', 'point_of_no_return', 'load']],
]

for (const [rule, old, next, ops] of RULES) {
  test(rule, () => assert.equal(opsOf({ m: old }, { m: next }), ops))
}

test('modules come and go', () => {
  const { instructions } = scriptOf({ a: built('') }, { b: built('') })
  assert.ok(instructions.some((one) => one.op === 'load' && one.module === 'shop/b'))
  assert.ok(instructions.some((one) => one.op === 'remove' && one.module === 'shop/a'))
})

test('children that calls start and stop are told', () => {
  const imports = { 'otp-rel': { m: 'kernel/otp_rel' }, './m.js': { m: 'shop/m' }, './x.js': { m: 'shop/x' } }
  const sup = (child: string) =>
    built(
      `const startLink = () => $0.Supervisor.startLink({ local: 'sup' }, $1, [])
const init = () => ['ok', { strategy: 'one_for_one' }, [{ id: '${child}', start: [$2, 'startLink', []] }]]`,
      { imports, exports: ['init', 'startLink'] },
    )
  const { started, stopped } = scriptOf({ m: sup('x'), x: built('') }, { m: sup('y'), x: built('') })
  assert.equal([started, stopped], [["child 'y' of shop/m"], ["child 'x' of shop/m"]])
})

test('an init that differs without codeChange is noted', () => {
  const { notes } = scriptOf({ m: built('const init = () => 1', SERVER) }, { m: built('const init = () => 2', SERVER) })
  assert.equal(notes, [
    'shop/m: init, or what it uses, differs: processes that run do not call it again, and there is no codeChange to convert their states',
  ])
})

test('a package counts that no module of the application used before', () => {
  const change = moduleChange(
    new Map([...modules({ a: '1' }, ['left']), ...modules({ b: '1' })]),
    new Map([...modules({ a: '1' }, ['left']), ...modules({ b: '2' }, ['left', 'right'])]),
  )
  assert.equal(change?.packages, ['right (in shop)'])
})

test('nothing differs where the code is the same', () => {
  assert.is(moduleChange(modules({ a: '1' }), modules({ a: '1' })), undefined)
})

test.run()
