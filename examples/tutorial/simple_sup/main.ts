/** Children are started with extra arguments and ended by their pid. */
import { GenServer, Process, Supervisor } from 'otp-rel'
import * as simpleSup from './simple_sup.js'

await Process.inProcess(async () => {
  const started = await simpleSup.startLink()
  if (started === 'ignore' || started[0] === 'error') throw new Error('it starts')
  const sup = started[1]
  console.log(await Supervisor.countChildren(sup))
  const [, id1] = await Supervisor.startChild(sup, ['id1'])
  await Supervisor.startChild(sup, ['id2'])
  if (!(id1 instanceof Process.Pid)) throw new Error('it starts')
  console.log(await GenServer.call(id1, 'id'))
  console.log(await Supervisor.countChildren(sup))
  console.log(await Supervisor.terminateChild(sup, 'call'))
  console.log(await Supervisor.terminateChild(sup, id1))
  console.log((await Supervisor.whichChildren(sup)).length)
})
