/** Events before the handler has been told what to do are dropped; afterwards they are handled as it was told last. */
import { Process } from 'otp-rel'
import * as eventHandler from './event_handler.js'

await Process.inProcess(async () => {
  console.log(eventHandler.make('errors'))
  eventHandler.event('errors', 'nobody hears this')
  eventHandler.addHandler('errors', (what) => console.log('motor controller:', what))
  eventHandler.event('errors', 'too hot')
  eventHandler.addHandler('errors', (what) => console.log('motor controller, shouting:', String(what).toUpperCase()))
  eventHandler.event('errors', 'too hot')
  // The handler is another process: it has its turn while this one waits.
  await Process.sleep(0)
})
