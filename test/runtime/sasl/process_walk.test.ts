/** Who is found by the walk over the supervision trees, and by which modules: what child specifications may say. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registerModule } from '../../../runtime/erts/modules.js'
import type { Pid } from '../../../runtime/erts/process.js'
import { walkSource } from '../../../runtime/sasl/src/node_world.js'
import { byModule, type FoundProcess, walkProcesses } from '../../../runtime/sasl/src/process_walk.js'
import * as genEvent from '../../../runtime/stdlib/src/gen_event.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import * as supervisor from '../../../runtime/stdlib/src/supervisor.js'
import { inTest } from '../../support/processes.js'

const test = suite('sasl/process_walk')

const named = <T extends object>(id: string, module: T): T => {
  registerModule(id, module)
  return module
}

const counter = named('shop/counter', {
  init: (): genServer.Init<number> => ['ok', 0],
  handleCall: (_request: unknown, _from: unknown, state: number) => ['reply', state, state] as const,
  startLink: () => genServer.startLink(counter, []),
})
const helper = named('shop/helper', {})
const tax = named('shop/tax', {})
const audit = named('shop/audit', { init: () => ['ok', []], handleEvent: (_event: unknown, s: unknown) => ['ok', s] })
const events = named('shop/events', {
  startLink: async () => {
    const started = await genEvent.startLink()
    if (started[0] === 'ok') await genEvent.addHandler(started[1], audit, [])
    return started
  },
})

/** A supervisor of these children. */
const supervising = (id: string, children: () => readonly supervisor.ChildSpec[]) => {
  const module = named(id, {
    init: () => ['ok', { strategy: 'one_for_one', intensity: 1, period: 1 }, children()] as const,
    startLink: () => supervisor.startLink(module, []),
  })
  return module
}

const libSup = supervising('lib/lib_sup', () => [{ id: 'in_lib', start: [counter, 'startLink', []] }])
const shopSup = supervising('shop/shop_sup', () => [
  { id: 'default', start: [counter, 'startLink', []] },
  { id: 'several', start: [counter, 'startLink', []], modules: [counter, helper, tax] },
  { id: 'none', start: [counter, 'startLink', []], modules: [] },
  { id: 'server', start: [counter, 'startLink', []], modules: 'dynamic' },
  { id: 'events', start: [events, 'startLink', []], modules: 'dynamic' },
  // The top supervisor of an included application, started by the one that includes it; its specification is wrong.
  { id: 'lib', start: [libSup, 'startLink', []], type: 'worker', modules: [libSup] },
])

async function shop(): Promise<Pid> {
  const started = await shopSup.startLink()
  const [word, pid] = started
  if (word !== 'ok' || !walkSource.isProcess(pid)) throw new Error(String(started))
  return pid
}

/** Children of the shop by id, with what each runs. */
const shown = (found: readonly FoundProcess[]) =>
  found.map(({ child, modules, kind, dynamic }) => [child?.id, modules, kind, ...(dynamic ? ['dynamic'] : [])])

/** The last child of a supervisor first, siblings before what is below them. */
const ALL = [
  ['lib', ['lib/lib_sup'], 'supervisor'],
  ['events', ['shop/audit'], 'worker', 'dynamic'],
  ['server', ['shop/counter'], 'worker'],
  ['none', [], 'worker'],
  ['several', ['shop/counter', 'shop/helper', 'shop/tax'], 'worker'],
  ['default', ['shop/counter'], 'worker'],
  ['in_lib', ['shop/counter'], 'worker'],
  [undefined, ['shop/shop_sup'], 'supervisor'],
]

test(
  'modules are those of the specification; of dynamic ones those the process names; included applications are entered',
  inTest(async () => {
    const top = await shop()
    const found = await walkProcesses({ ...walkSource, tops: () => [{ name: 'shop', top }] })
    assert.equal(shown(found), ALL)
    // A process of an included application is one of the application that includes it, as in OTP.
    assert.equal([...new Set(found.map(({ application }) => application))], ['shop'])
    const ids = (module: string) =>
      byModule(found)
        .get(module)
        ?.map(({ child }) => child?.id)
    assert.equal(ids('shop/tax'), ['several'])
    assert.equal(ids('shop/counter'), ['server', 'several', 'default', 'in_lib'])
    assert.equal(ids('shop/events'), undefined)
  }),
)

test(
  'who is suspended is not asked: what an earlier walk found of it counts, also of an included application',
  inTest(async () => {
    const top = await shop()
    const tops = () => [{ name: 'shop', top }]
    const before = await walkProcesses({ ...walkSource, tops })
    const never = () => Promise.reject(new Error('asked'))
    const source = { ...walkSource, tops, children: never, callbackModule: never, dynamicModules: never }
    assert.equal(shown(await walkProcesses(source, before, () => true)), ALL)
  }),
)

test.run()
