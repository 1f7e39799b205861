/** The included application's tree. */
import { Supervisor } from 'otp-rel'
import * as inclAppServer from './incl_app_server.js'
import * as self from './incl_app_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'incl_app_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  {},
  [{ id: 'incl_app_server', start: [inclAppServer, 'startLink', []] }],
]
