/** The server is given a new callback module while it runs, and knows what it knew. */
import { Process } from 'otp-rel'
import * as nameServer from './name_server.js'
import * as newNameServer from './new_name_server.js'
import { start, swapCode } from './server3.js'

await Process.inProcess(async () => {
  console.log(start('name_server', nameServer))
  console.log(await nameServer.add('joe', 'at home'))
  console.log(await nameServer.find('joe'))
  console.log(await nameServer.find('sue'))
  console.log(await swapCode('name_server', newNameServer))
  console.log(await newNameServer.allNames())
  console.log(await newNameServer.remove('joe'))
  console.log(await newNameServer.find('joe'))
  // It would end by itself after 300 s of silence.
  const server = Process.whereis('name_server')
  if (server !== undefined) Process.exitPid(server, 'kill')
})
