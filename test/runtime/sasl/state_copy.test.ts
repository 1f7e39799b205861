import { deserialize, serialize } from 'node:v8'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registerModule } from '../../../runtime/erts/modules.js'
import { Pid, Ref } from '../../../runtime/erts/term.js'
import { copyOf, revive } from '../../../runtime/sasl/src/state_copy.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'

const test = suite('sasl/state_copy')

/** The value as another OS process has it. */
function sent(value: unknown): unknown {
  const copied = copyOf(value)
  if (!('copy' in copied)) throw new Error(JSON.stringify(copied.faults))
  return revive(deserialize(serialize(copied.copy)))
}

const DATA: readonly (readonly [what: string, value: unknown])[] = [
  ['numbers, texts and nothing', [1, -0, 10n, 'a', true, null, undefined, Number.NaN]],
  ['objects in objects', { a: { b: [{ c: 1 }] }, 'with space': 2 }],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  [
    'maps and sets',
    new Map<unknown, unknown>([
      [{ k: 1 }, new Set([1, 'x'])],
      ['z', new Map()],
    ]),
  ],
  ['dates, patterns and errors', [new Date(5), /a+/g, new RangeError('no')]],
  ['bytes', [Buffer.from('abc'), new Uint8Array([1, 2]), new Float64Array([1.5])]],
]
for (const [what, value] of DATA) {
  test(`copied as they are: ${what}`, () => assert.equal(sent(value), value))
}

test('shared parts stay shared, and a circle is a circle', () => {
  const shared = { n: 1 }
  const state: Record<string, unknown> = { a: shared, b: shared }
  state.self = state
  const copy = sent(state) as Record<string, unknown> // as it was
  assert.is(copy.a, copy.b)
  assert.is(copy.self, copy)
})

test('pids and references have stand-ins, one for each', () => {
  const [pid, ref] = [new Pid(null), new Ref()]
  const [a, b, c] = sent([pid, pid, ref]) as unknown[] // a list as it was
  assert.instance(a, Pid)
  assert.is(a, b)
  assert.instance(c, Ref)
})

test('a module is its id', () => {
  registerModule('stdlib/gen_server', genServer)
  assert.equal(sent({ mod: genServer }), { mod: 'stdlib/gen_server' })
})

class Socket {
  readonly open = true
}
const NO_DATA: readonly (readonly [value: unknown, faults: readonly string[]])[] = [
  [() => 1, [' is a function']],
  [{ on: function handler() {} }, ['.on is a function "handler"']],
  [{ rooms: [{}, { socket: new Socket() }] }, ['.rooms[1].socket is an instance of Socket']],
  [new Map([['k', Promise.resolve()]]), ['.get(k) is a promise']],
  [{ a: Symbol('x'), b: new WeakMap() }, ['.a is a symbol, Symbol(x)', '.b is an instance of WeakMap']],
]
for (const [value, expected] of NO_DATA) {
  test(`named with its place: ${expected.join(' and')}`, () => {
    const copied = copyOf(value)
    assert.equal('faults' in copied ? copied.faults.map(({ path, what }) => `${path} ${what}`) : [], expected)
  })
}

test.run()
