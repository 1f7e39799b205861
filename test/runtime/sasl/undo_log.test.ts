/** The undo log: the order in which steps are taken back, and what is told of those that cannot be. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { UndoLog } from '../../../runtime/sasl/src/undo_log.js'

const test = suite('sasl/undo_log')

test('the last step is taken back first, and parameters are restored before the first undo that starts something', async () => {
  const order: string[] = []
  const log = new UndoLog()
  const push = (what: string, starts: boolean) =>
    log.push({
      what,
      starts,
      undo: async () => {
        order.push(what)
        return []
      },
    })
  push('stop', true)
  push('suspend', true)
  push('load', false)
  const failures = await log.run(async () => {
    order.push('parameters')
  })
  assert.equal(failures, [])
  assert.equal(order, ['load', 'parameters', 'suspend', 'stop'])
})

test('an undo that throws is told of, and the others are carried out; more sentences than a call has arguments', async () => {
  const log = new UndoLog()
  const many = Array.from({ length: 200_000 }, (_, index) => `process ${index}`)
  log.push({ what: 'convert', undo: async () => many })
  log.push({ what: 'load', undo: () => Promise.reject(new Error('no')) })
  const failures = await log.run(() => Promise.reject(new Error('gone')))
  assert.equal([failures.length, failures[0], failures[1]], [many.length + 2, 'load: no', 'process 0'])
  assert.is(failures.at(-1), 'parameters of applications: gone')
})

test.run()
