import { suite } from 'uvu'
import { exit, exitPid, Pid, receive, self, send, spawn } from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Bridge from '../../../runtime/stdlib/src/supervisor_bridge.js'
import { next, same, trapping, watch } from '../../support/processes.js'

const test = suite('stdlib/supervisor_bridge')

/** A subsystem: one process that ends with what it is sent. */
const subsystem = () => {
  const tester = self()
  const mod = {
    pid: undefined as Pid | undefined,
    init: (answer: unknown) => {
      if (answer !== undefined) return answer
      mod.pid = spawn(async () => exit(await receive()))
      return ['ok', mod.pid, 'state']
    },
    terminate: (reason: unknown, state: unknown) => {
      send(tester, ['terminate', reason, state])
      if (mod.pid !== undefined) exitPid(mod.pid, 'kill')
    },
  }
  return mod
}

async function started(mod: object): Promise<Pid> {
  const result = await Bridge.startLink({ local: 'bridge' }, mod)
  if (Array.isArray(result) && result[1] instanceof Pid) return result[1]
  throw new Error('the bridge did not start')
}

test(
  'a bridge ends with the process behind it, without terminate',
  trapping(async () => {
    const mod = subsystem()
    const pid = await started(mod)
    same(ProcLib.translateInitialCall(pid), ['stdlib/supervisor_bridge', 'module', 1])
    same(await GenServer.call(pid, 'which_children'), [])
    same(await GenServer.call(pid, 'count_children'), ['error', 'badcall'])
    if (mod.pid !== undefined) send(mod.pid, 'boom')
    same(await next(), ['EXIT', pid, 'boom'])
  }),
)

test(
  'a bridge that is stopped stops what is behind it',
  trapping(async () => {
    const mod = subsystem()
    const pid = await started(mod)
    const ended = watch(mod.pid ?? pid)
    await GenServer.stop(pid, 'shutdown')
    same(await next(), ['terminate', 'shutdown', 'state'])
    same(await ended(), 'killed')
  }),
)

test(
  'a subsystem that does not start',
  trapping(async () => {
    same(await Bridge.startLink(undefined, subsystem(), 'ignore'), 'ignore')
    same(await Bridge.startLink(undefined, subsystem(), ['error', 'why']), ['error', 'why'])
  }),
)

test.run()
