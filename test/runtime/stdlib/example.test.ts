import { suite } from 'uvu'
import { exitPid, whereis } from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import { inTest, same, watch } from '../../support/processes.js'
import * as counter from './example/counter.js'
import * as counterSup from './example/counter_sup.js'

const test = suite('stdlib example')

test(
  'a counter under its supervisor, as real ES modules: counts, crashes, counts from the start',
  inTest(async () => {
    same((await counterSup.startLink())[0], 'ok')
    same([await counter.next(), await counter.next()], [0, 1])
    const pid = whereis('counter')
    if (pid === undefined) throw new Error('the counter is not registered')
    const ended = watch(pid)
    exitPid(pid, 'kill')
    await ended()
    same((await Supervisor.countChildren('counter_sup'))[1], ['active', 1])
    same(await counter.next(), 0)
    same(await Supervisor.getCallbackModule('counter_sup'), counterSup)
    await GenServer.stop('counter_sup')
    same(whereis('counter'), undefined)
  }),
)

test.run()
