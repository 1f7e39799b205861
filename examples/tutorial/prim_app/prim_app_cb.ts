/** The primary application: it starts the included one's tree below its own supervisor, and has start phases. */
import { type Application, Supervisor } from 'otp-rel'
import * as inclAppSup from './incl_app_sup.js'
import * as self from './prim_app_cb.js'
import * as primAppServer from './prim_app_server.js'

export const start: Application.Start = (type, arg) => {
  console.log('prim_app_cb start', type, arg)
  return Supervisor.startLink({ local: 'prim_app_sup' }, self, [])
}

export const startPhase: Application.StartPhase = (phase, type, arg) => {
  console.log('prim_app_cb startPhase', phase, type, arg)
  return 'ok'
}

export const stop: Application.Stop = () => console.log('prim_app_cb stop')

/** The supervisor's callback. The included application's tree is started here, by nobody else. */
export const init: Supervisor.Init = () => [
  'ok',
  {},
  [
    { id: 'prim_app_server', start: [primAppServer, 'startLink', []] },
    { id: 'incl_app_sup', start: [inclAppSup, 'startLink', []], type: 'supervisor' },
  ],
]
