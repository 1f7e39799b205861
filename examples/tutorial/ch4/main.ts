/** Trace and statistics of a process that nobody prepared for it; then its state is looked at and replaced. */
import { Process, Sys } from 'otp-rel'
import * as ch4 from './ch4.js'

/** The counters; when it began and how much it worked differs from run to run. */
const counted = (statistics: unknown) => {
  const facts: unknown = Array.isArray(statistics) ? statistics[1] : statistics
  return Array.isArray(facts) ? facts.filter(([name]) => String(name).startsWith('messages')) : facts
}

await Process.inProcess(async () => {
  const started = await ch4.startLink()
  console.log(Array.isArray(started) ? started[0] : started)
  console.log(await Sys.statistics('ch4', true))
  console.log(await Sys.trace('ch4', true))
  console.log(await ch4.alloc())
  console.log(ch4.free('ch1'))
  console.log(counted(await Sys.statistics('ch4', 'get')))
  console.log(await Sys.statistics('ch4', false))
  console.log(await Sys.trace('ch4', false))
  const [word, , module, [, state, parent]] = await Sys.getStatus('ch4')
  console.log([word, module, state, parent === Process.self()])
  console.log(await Sys.getState('ch4'))
  console.log(await Sys.replaceState<ch4.Channels>('ch4', (channels) => [...channels, 'ch4']))
  console.log(await Sys.terminate('ch4', 'normal'))
})
