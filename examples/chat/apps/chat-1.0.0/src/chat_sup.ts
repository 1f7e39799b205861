/** Presence, and the rooms under a supervisor of their own. */
import { Supervisor } from 'otp-rel'
import * as self from './chat_sup.js'
import * as presence from './presence.js'
import * as roomSup from './room_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'chat_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 5, period: 10 },
  [
    { id: 'presence', start: [presence, 'startLink', []] },
    { id: 'room_sup', start: [roomSup, 'startLink', []], type: 'supervisor' },
  ],
]
