/** Sessions first: nobody may connect before there is a place for them. */
import { Supervisor } from 'otp-rel'
import * as self from './chat_web_sup.js'
import * as listener from './listener.js'
import * as sessionSup from './session_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'chat_web_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'rest_for_one', intensity: 5, period: 10 },
  [
    { id: 'session_sup', start: [sessionSup, 'startLink', []], type: 'supervisor' },
    { id: 'listener', start: [listener, 'startLink', []] },
  ],
]
