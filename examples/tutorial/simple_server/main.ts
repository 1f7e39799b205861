/** A callback module at work, and one that is refused with the callback it lacks. */
import { Behaviour, Process, Sys } from 'otp-rel'
import * as db from './db.js'
import { simpleServer } from './simple_server.js'

await Process.inProcess(async () => {
  console.log(Behaviour.info(simpleServer, 'callbacks'))
  console.log(Behaviour.info(simpleServer, 'optional_callbacks'))
  const started = await db.start()
  console.log(Array.isArray(started) ? started[0] : started)
  console.log(await db.store('answer', 42))
  console.log(await db.lookup('answer'))
  console.log(await db.lookup('question'))
  console.log(await Sys.getState('db'))
  const checked = Behaviour.check(simpleServer, { init: db.init, handleRequest: db.handleReq, terminate: db.terminate })
  if (checked !== 'ok') for (const fault of checked[1][1]) console.log(Behaviour.formatBehaviourFault(fault))
  console.log(await Sys.terminate('db', 'normal'))
})
