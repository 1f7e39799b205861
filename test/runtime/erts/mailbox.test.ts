import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KIND, Mailbox } from '../../../runtime/erts/mailbox.js'
import { makeRandom } from '../sasl/random.js'

const test = suite('erts/mailbox')

/** A mailbox with the numbers 0 to n-1, after `offset` others have gone through it. */
function filled(n: number, offset = 0): Mailbox {
  const box = new Mailbox()
  for (let i = 0; i < offset; i++) {
    box.push(KIND.info, -1)
    if (box.count > 1) box.shift()
  }
  for (let i = 0; i < n; i++) box.push(KIND.cast, i)
  if (offset > 0) box.shift()
  return box
}

const drained = (box: Mailbox): unknown[] => Array.from({ length: box.count }, () => box.shift())

test('messages come out in the order they went in, whatever the number', () => {
  for (const n of [1, 7, 8, 9, 100, 5000]) {
    assert.equal(
      drained(filled(n)),
      Array.from({ length: n }, (_, i) => i),
      `${n} messages`,
    )
  }
})

test('the ring may go round its end', () => {
  for (const offset of [1, 3, 7, 8, 20])
    assert.equal(drained(filled(6, offset)), [0, 1, 2, 3, 4, 5], `offset ${offset}`)
})

test('a message can be taken out anywhere, the others keep their order', () => {
  for (const [n, offset] of [
    [5, 0],
    [7, 6],
    [16, 3],
  ] as const) {
    for (let i = 0; i < n; i++) {
      const box = filled(n, offset)
      assert.is(box.removeAt(i), i)
      assert.equal(
        drained(box),
        Array.from({ length: n }, (_, k) => k).filter((k) => k !== i),
        `${i} of ${n}, offset ${offset}`,
      )
    }
  }
})

test('random operations agree with a list', () => {
  const random = makeRandom(7)
  const box = new Mailbox()
  let list: number[] = []
  for (let i = 0; i < 50_000; i++) {
    const what = random.int(list.length > 60 ? 20 : 12)
    if (what < 5) {
      box.push(KIND.info, i)
      list.push(i)
    } else if (what < 7) {
      box.unshift(KIND.continue, i)
      list.unshift(i)
    } else if (list.length > 0 && what < 9) assert.is(box.shift(), list.shift())
    else if (list.length > 0) {
      const at = random.int(list.length)
      assert.equal([box.removeAt(at)], list.splice(at, 1))
    } else if (random.int(10) === 0) {
      box.clear()
      list = []
    }
    assert.is(box.count, list.length)
    if (i % 50 === 0)
      assert.equal(
        Array.from(list, (_, at) => box.payloadAt(at)),
        list,
      )
  }
})

test('kinds travel with their messages', () => {
  const box = new Mailbox()
  box.push(KIND.system, 'a')
  box.push(KIND.info, 'b')
  assert.is(box.firstKind(), KIND.system)
  assert.is(box.kindAt(1), KIND.info)
  assert.is(box.payloadAt(1), 'b')
})

test('random pushes, shifts and removals agree with an array', () => {
  let seed = 12345
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % n
  }
  const box = new Mailbox()
  const model: number[] = []
  for (let i = 0; i < 20_000; i++) {
    const what = random(5)
    if (what < 3) {
      box.push(KIND.info, i)
      model.push(i)
    } else if (model.length > 0 && what === 3) assert.is(box.shift(), model.shift())
    else if (model.length > 0) {
      const at = random(model.length)
      assert.is(box.removeAt(at), model.splice(at, 1)[0])
    }
    assert.is(box.count, model.length)
  }
  assert.equal(drained(box), model)
})

test.run()
