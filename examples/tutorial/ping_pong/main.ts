/** A ping to each; what comes back waits in the mailbox. */
import { Process, Sys } from 'otp-rel'
import * as pingPong from './ping_pong.js'
import * as special from './special.js'

await Process.inProcess(async () => {
  console.log((await pingPong.startLink())[0])
  console.log(pingPong.ping())
  console.log(await Process.receive())

  console.log(await special.startLink().then((started) => Array.isArray(started) && started[0]))
  special.ping()
  console.log(await Process.receive())
  console.log(await Sys.getState('special_ping_pong'))
  console.log(await Sys.suspend('special_ping_pong'))
  special.ping()
  console.log(await Process.receive(() => true, 20))
  console.log(await Sys.resume('special_ping_pong'))
  console.log(await Process.receive())
})
