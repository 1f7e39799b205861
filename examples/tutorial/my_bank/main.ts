/** Two accounts; then the bank is asked to stop: `terminate` runs before the caller has its answer. */
import { Process } from 'otp-rel'
import * as myBank from './my_bank.js'

await Process.inProcess(async () => {
  console.log((await myBank.start())[0])
  console.log(await myBank.newAccount('joe'))
  console.log(await myBank.newAccount('sue'))
  console.log(await myBank.stop())
  console.log(Process.whereis('bank'))
})
