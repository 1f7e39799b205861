/** Put and get; the store is found by its name. */
import { Process } from 'otp-rel'
import * as kv from './kv.js'

await Process.inProcess(async () => {
  console.log((await kv.startLink())[0])
  console.log(await kv.put('b', 42))
  console.log(await kv.get('b'))
  console.log(Process.registered().includes('kv'))
})
