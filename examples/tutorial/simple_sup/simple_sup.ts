/** A supervisor whose children are all alike: they are added while it runs, each with arguments of its own. */
import { Supervisor } from 'otp-rel'
import * as call from './call.js'
import * as self from './simple_sup.js'

export const startLink = () => Supervisor.startLink(self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'simple_one_for_one', intensity: 0, period: 1 },
  [{ id: 'call', start: [call, 'startLink', []], shutdown: 'brutal_kill' }],
]
