/**
 * An event without handlers is dropped; `syncNotify` returns when all handlers have had it, `notify` at once. Two
 * handlers of one module need an id each; otherwise the manager would take the second as well, under the same name.
 */
import { GenEvent, Process } from 'otp-rel'
import * as echoer from './echoer.js'
import * as forwarder from './forwarder.js'

/** What waits in the mailbox, as a shell's `flush()` shows it. */
async function flush(): Promise<void> {
  for (;;) {
    const message = await Process.receive(() => true, 0)
    if (message === Process.timeout) return
    console.log('flushed', message)
  }
}

await Process.inProcess(async () => {
  const started = await GenEvent.startLink()
  if (started === 'ignore' || started[0] === 'error') throw new Error('it starts')
  const manager = started[1]
  console.log(await GenEvent.syncNotify(manager, 'foo'))
  console.log(GenEvent.notify(manager, 'bar'))
  console.log(await GenEvent.addHandler(manager, forwarder, Process.self()))
  console.log(await GenEvent.syncNotify(manager, 'ping'))
  await flush()
  console.log(await GenEvent.addHandler(manager, echoer, []))
  console.log(await GenEvent.syncNotify(manager, 'hello'))
  await flush()
  console.log(GenEvent.notify(manager, 'world'))
  console.log(await GenEvent.whichHandlers(manager).then((handlers) => handlers.length))
  await flush()
})
