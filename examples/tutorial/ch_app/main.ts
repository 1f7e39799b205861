/** An application: what it depends on is started first; it is loaded, started, configured, stopped, unloaded. */
import { Application, Process } from 'otp-rel'
import { resource } from './ch_app.js'
import * as ch3 from './ch3.js'

const names = async () => (await Application.whichApplications()).map(([name]) => name)
const loaded = async () => (await Application.loadedApplications()).map(([name]) => name)

await Process.inProcess(async () => {
  console.log(await Application.start(resource))
  console.log(await Application.start({ name: 'sasl', vsn: '1' }))
  console.log(await loaded())
  console.log(await Application.start('ch_app'))
  console.log(await Application.start('ch_app'))
  console.log(await names())
  console.log(Application.getEnv('ch_app', 'file'))
  await Application.setEnv('ch_app', 'file', 'testlog')
  console.log(Application.getEnv('ch_app', 'file'))
  console.log(Application.getKey('ch_app', 'registered'))
  console.log([await ch3.alloc(), await ch3.alloc()])
  console.log(ch3.free('ch1'))
  console.log(await ch3.alloc())
  console.log(await Application.unload('ch_app'))
  console.log(await Application.stop('ch_app'))
  console.log(Process.whereis('ch3'))
  console.log(await Application.unload('ch_app'))
  console.log(Application.getEnv('ch_app', 'file'))
})
