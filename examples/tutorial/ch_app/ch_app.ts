/** The application: starts the supervision tree, and is told when it has gone. */
import type { Application } from 'otp-rel'
import * as self from './ch_app.js'
import * as chSup from './ch_sup.js'

export const start: Application.Start = () => chSup.startLink()

export const stop: Application.Stop = () => 'ok'

/** Its resource; in a release this is its app.json, and `mod` names the module. */
export const resource: Application.AppResource = {
  name: 'ch_app',
  description: 'Channel allocator',
  vsn: '1',
  modules: ['ch_app', 'ch_sup', 'ch3'],
  registered: ['ch3'],
  applications: ['kernel', 'stdlib', 'sasl'],
  mod: [self, []],
  env: { file: '/usr/local/log' },
}
