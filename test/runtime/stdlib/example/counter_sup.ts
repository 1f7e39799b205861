/** The supervisor of the documentation's first example, as a user writes it. */
import * as Supervisor from '../../../../runtime/stdlib/src/supervisor.js'
import * as counter from './counter.js'
import * as self from './counter_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'counter_sup' }, self, [])
export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 1, period: 5 },
  [{ id: 'counter', start: [counter, 'startLink', [0]] }],
]
