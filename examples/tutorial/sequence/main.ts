/** Calls are answered in order, a cast changes the state without an answer. */
import { GenServer, Process } from 'otp-rel'
import * as sequenceServer from './sequence_server.js'

await Process.inProcess(async () => {
  const started = await sequenceServer.startLink(100)
  if (started === 'ignore' || started[0] === 'error') throw new Error('it starts')
  const sequence = GenServer.client<typeof sequenceServer>(started[1])
  console.log(await sequence.call('next_number'))
  console.log(await sequence.call('next_number'))
  console.log(sequence.cast(['increment_number', 200]))
  console.log(await sequence.call('next_number'))
  console.log(await sequence.call(['set_number', 999]))
  console.log(await sequence.call(['factors', 12]))
  console.log(sequence.cast(['increment_number', 200]))
  console.log(await sequence.call('next_number'))
})
