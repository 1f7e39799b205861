import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { each, eachInTurns } from '../../../runtime/sasl/src/each.js'

const test = suite('sasl/each')

/** How often the event loop came round while something was done to 200 items, each of which takes 0.2 ms. */
async function turnsDuring(run: typeof each): Promise<number> {
  let turns = 0
  let over = false
  const look = (): void => {
    if (over) return
    turns++
    setImmediate(look)
  }
  setImmediate(look)
  const done: number[] = []
  await run(
    Array.from({ length: 200 }, (_, i) => i),
    (item) => {
      const untilMs = performance.now() + 0.2
      while (performance.now() < untilMs);
      return item
    },
    (item) => done.push(item),
  )
  over = true
  assert.equal(done, [...Array(200).keys()])
  return turns
}

test('what must happen together happens without a turn of the event loop in between', async () => {
  assert.is(await turnsDuring(each), 0)
})

test('what takes long and may be taken apart lets the rest of the node run', async () => {
  assert.ok((await turnsDuring(eachInTurns)) >= 2)
})

for (const [name, run] of [
  ['each', each],
  ['eachInTurns', eachInTurns],
] as const) {
  test(`${name}: answers at once and late, failures at once and late, all are told before it is over`, async () => {
    const told: string[] = []
    await run(
      ['now', 'late', 'throws', 'rejects'],
      (item) => {
        if (item === 'throws') throw new Error(item)
        if (item === 'now') return item
        return new Promise<string>((resolve, reject) =>
          setImmediate(() => (item === 'late' ? resolve(item) : reject(new Error(item)))),
        )
      },
      (item) => told.push(item),
      (item, failure) => told.push(`${item}: ${failure instanceof Error ? failure.message : ''}`),
    )
    assert.equal(told.sort(), ['late', 'now', 'rejects: rejects', 'throws: throws'])
  })
}

test.run()
