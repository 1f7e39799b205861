/** One child for each WebSocket connection. */
import { Supervisor } from 'otp-rel'
import * as session from './session.js'
import * as self from './session_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'session_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'simple_one_for_one', intensity: 100, period: 10 },
  [{ id: 'session', start: [session, 'startLink', []], restart: 'temporary' }],
]
