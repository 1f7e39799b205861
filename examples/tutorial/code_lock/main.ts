/** Both locks with trace and statistics on: what is pressed, what the lock makes of it, when the door closes. */
import { GenFsm, GenStatem, Process, Sys } from 'otp-rel'
import * as codeLock from './code_lock.js'
import * as legacyCodeLock from './legacy_code_lock.js'

/** The counters; when it began and how much it worked differs from run to run. */
const counted = (statistics: unknown) => {
  const facts: unknown = Array.isArray(statistics) ? statistics[1] : statistics
  return Array.isArray(facts) ? facts.filter(([name]) => String(name).startsWith('messages')) : facts
}

/** Long enough for the door to close again. */
const later = () => Process.sleep(250)

await Process.inProcess(async () => {
  console.log((await legacyCodeLock.startLink([1, 2, 3, 4]))[0])
  console.log(await Sys.statistics('code_lock', true))
  console.log(await Sys.trace('code_lock', true))
  for (const digit of [4, 3, 2, 1]) legacyCodeLock.button(digit)
  await later()
  console.log(counted(await Sys.statistics('code_lock', 'get')))
  console.log(await Sys.statistics('code_lock', false))
  console.log(await Sys.trace('code_lock', false))
  console.log(await Sys.getState('code_lock'))
  console.log(await GenFsm.stop('code_lock'))

  console.log((await codeLock.startLink([1, 2, 3]))[0])
  await Sys.trace('code_lock', true)
  await Sys.statistics('code_lock', true)
  for (const digit of [9, 1, 2, 3]) codeLock.button(digit)
  await later()
  console.log(counted(await Sys.statistics('code_lock', 'get')))
  await Sys.noDebug('code_lock')
  for (const digit of [1, 2, 3]) codeLock.button(digit)
  console.log(await GenStatem.stop('code_lock'))
})
