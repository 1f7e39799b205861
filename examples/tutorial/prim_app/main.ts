/** Both trees are up before the first phase; each phase runs for the primary, then for the included application. */
import { Application, Process } from 'otp-rel'
import * as inclAppCb from './incl_app_cb.js'
import * as primAppCb from './prim_app_cb.js'

const inclApp: Application.AppResource = {
  name: 'incl_app',
  description: 'Included application',
  vsn: '1',
  modules: ['incl_app_cb', 'incl_app_sup', 'incl_app_server'],
  start_phases: [['go', []]],
  applications: ['kernel', 'stdlib', 'sasl'],
  mod: [inclAppCb, []],
}

const primApp: Application.AppResource = {
  name: 'prim_app',
  description: 'Tree application',
  vsn: '1',
  modules: ['prim_app_cb', 'prim_app_server'],
  registered: ['prim_app_server'],
  included_applications: ['incl_app'],
  start_phases: [
    ['init', []],
    ['go', []],
  ],
  applications: ['kernel', 'stdlib', 'sasl'],
  mod: ['application_starter', [primAppCb, []]],
  env: { file: '/usr/local/log' },
}

await Process.inProcess(async () => {
  await Application.start({ name: 'sasl', vsn: '1' })
  console.log(await Application.load(inclApp))
  console.log(await Application.start(primApp))
  console.log((await Application.whichApplications()).map(([name]) => name))
  console.log(await Application.stop('prim_app'))
})
