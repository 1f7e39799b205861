/** One child for each room, started when somebody first joins it. */
import { Supervisor } from 'otp-rel'
import * as room from './room.js'
import * as self from './room_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'room_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'simple_one_for_one', intensity: 20, period: 10 },
  [{ id: 'room', start: [room, 'startLink', []], restart: 'transient' }],
]
