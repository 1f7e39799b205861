/**
 * Two versions of an application with every kind of change between them: a state that changes its form (gen_server,
 * gen_statem, handlers of a gen_event, children of a simple_one_for_one supervisor), a server whose state does not, a
 * special process, plain modules, new and removed ones, children of a supervisor that come, go and change hands, and
 * an npm package. No appup is written.
 */
import type { Files } from './e2e_project.js'

/** Which of the two. */
export type Zoo = '1.0.0' | '2.0.0'

const server = (name: string, v: Zoo, register = `{ local: '${name}' }`) => `
import { GenServer } from 'otp-rel'
import * as self from './${name}.js'
export const startLink = (arg: unknown = 0) => GenServer.startLink(${register}, self, arg)
export const init = (arg: unknown) => ['ok', { form: '${v}', kept: arg }]
export const handleCall = (request: unknown, _from: unknown, state: Record<string, unknown>) =>
  request === 'look' ? ['reply', { code: '${v}', ...state }, state] : ['reply', 'ok', { ...state, kept: request }]
export const codeChange = (vsn: unknown, state: Record<string, unknown>) =>
  ['ok', { ...state, form: Array.isArray(vsn) ? '1.0.0' : '${v}' }]
`

const stateless = (name: string, text: string) => `
import { GenServer } from 'otp-rel'
import * as self from './${name}.js'
export const startLink = () => GenServer.startLink({ local: '${name}' }, self, [])
export const init = () => ['ok', {}]
export const handleCall = (_request: unknown, _from: unknown, state: object) => ['reply', '${text}', state]
`

const CHILDREN = {
  '1.0.0': ['keeper', 'cook', 'old_pet', 'gate', 'swap=swap_a', 'loner'],
  '2.0.0': ['new_pet', 'keeper', 'cook', 'gate', 'swap=swap_b', 'loner'],
}

function supervisor(v: Zoo): string {
  const parts = CHILDREN[v].map((child) => {
    const [id = '', module = id] = child.split('=')
    return { id, module }
  })
  return `
import { Supervisor } from 'otp-rel'
import * as self from './zoo_sup.js'
import * as bells from './bells.js'
import * as pet_sup from './pet_sup.js'
${parts.map(({ module }) => `import * as ${module} from './${module}.js'`).join('\n')}
const flags = { strategy: 'one_for_one', intensity: 5, period: 10 } as const
export const startLink = () => Supervisor.startLink({ local: 'zoo_sup' }, self, [])
export const init: Supervisor.Init = () => ['ok', flags, [
  { id: 'bells', start: [bells, 'startLink', []], modules: 'dynamic' },
  { id: 'pet_sup', start: [pet_sup, 'startLink', []], type: 'supervisor' },
${parts.map(({ id, module }) => `  { id: '${id}', start: [${module}, 'startLink', []] },`).join('\n')}
]]
`
}

const gate = (v: Zoo) => `
import { GenStatem } from 'otp-rel'
import * as self from './gate.js'
export const startLink = () => GenStatem.startLink({ local: 'gate' }, self, [])
export const callbackMode = () => 'handle_event_function'
export const init = () => ['ok', 'shut', { form: '${v}' }]
export const handleEvent = (type: unknown, content: unknown, state: unknown, data: Record<string, unknown>) =>
  Array.isArray(type) ? ['keep_state_and_data', [['reply', type[1], { code: '${v}', state, ...data }]]] : 'keep_state_and_data'
export const codeChange = (vsn: unknown, state: unknown, data: object) =>
  ['ok', state, { ...data, form: Array.isArray(vsn) ? '1.0.0' : '${v}' }]
`

const bell = (v: Zoo) => `
export const init = () => ['ok', { form: '${v}', rung: 0 }]
export const handleEvent = (_event: unknown, state: { rung: number }) => ['ok', { ...state, rung: state.rung + 1 }]
export const handleCall = (_request: unknown, state: object) => ['ok', { code: '${v}', ...state }, state]
export const codeChange = (vsn: unknown, state: object) => ['ok', { ...state, form: Array.isArray(vsn) ? '1.0.0' : '${v}' }]
`

const BELLS = `
import { GenEvent } from 'otp-rel'
import * as bell from './bell.js'
export const startLink = async () => {
  const started = await GenEvent.startLink({ local: 'bells' })
  await GenEvent.addHandler('bells', bell, [])
  return started
}
`

const loner = (v: Zoo) => `
import { Process, ProcLib, Sys } from 'otp-rel'
import * as self from './loner.js'
export const startLink = () => ProcLib.startLink([self, 'init'], [Process.self()])
export function init(parent: Process.Pid): Promise<unknown> {
  Process.register('loner', Process.self())
  ProcLib.initAck(['ok', Process.self()])
  return loop({ form: '${v}' }, parent, Sys.debugOptions([]))
}
async function loop(state: object, parent: Process.Pid, debug: Sys.Debug | null): Promise<unknown> {
  for (;;) {
    const message = (await Process.receive()) as any
    if (message[0] === 'look') Process.send(message[1], { code: '${v}', ...state })
    else return Sys.handleSystemMsg(message[2], message[1], parent, self, debug, state)
  }
}
export const systemContinue = (parent: Process.Pid, debug: Sys.Debug | null, state: object) => loop(state, parent, debug)
export const systemTerminate = (reason: unknown): never => { throw new Process.Exit(reason) }
export const systemCodeChange = (state: object, _module: unknown, vsn: unknown) =>
  ['ok', { ...state, form: Array.isArray(vsn) ? '1.0.0' : '${v}' }]
`

const PET_SUP = `
import { Supervisor } from 'otp-rel'
import * as self from './pet_sup.js'
import * as pet from './pet.js'
export const startLink = () => Supervisor.startLink({ local: 'pet_sup' }, self, [])
export const init: Supervisor.Init = () => ['ok', { strategy: 'simple_one_for_one', intensity: 5, period: 10 },
  [{ id: 'pet', start: [pet, 'startLink', []] }]]
`

/** What everything says: asked from outside. */
const LOOK = `
import { GenEvent, GenServer, GenStatem, Process, Supervisor } from 'otp-rel'
import * as bell from './bell.js'
import { words } from './words.js'
import { tiny } from './tinier.js'
const children = async () => (await Supervisor.whichChildren('zoo_sup')).map(([id]) => String(id)).sort()
export async function look() {
  const pets = (await Supervisor.whichChildren('pet_sup')).map(([, pid]) => pid as Process.Pid)
  const loner = await Process.inProcess(async () => {
    Process.send('loner', ['look', Process.self()])
    return Process.receive()
  })
  return {
    keeper: await GenServer.call('keeper', 'look'),
    cook: await GenServer.call('cook', 'look'),
    swap: await GenServer.call('swap', 'look'),
    gate: await GenStatem.call('gate', 'look'),
    bell: await GenEvent.call('bells', bell, 'look'),
    pets: (await Promise.all(pets.map((pid) => GenServer.call<{ kept: string }>(pid, 'look')))).sort((a, b) => a.kept < b.kept ? -1 : 1),
    loner,
    children: await children(),
    words,
    tiny: tiny(),
  }
}
export const prepare = async () => {
  await GenServer.call('keeper', 'precious')
  for (const name of ['cat', 'dog']) await Supervisor.startChild('pet_sup', [name])
  await GenEvent.syncNotify('bells', 'ring')
}
`

const swap = (name: string) => stateless(name, name).replace(`{ local: '${name}' }`, "{ local: 'swap' }")

/** The files of the application. */
export function zooFiles(v: Zoo): Files {
  const first = v === '1.0.0'
  const sources: Record<string, string> = {
    zoo_app: `
import * as sup from './zoo_sup.js'
export const start = () => sup.startLink()
export const stop = () => {}
`,
    zoo_sup: supervisor(v),
    pet_sup: PET_SUP,
    bells: BELLS,
    look: LOOK,
    keeper: `${first ? "import { old } from './legacy.js'" : "import { fresh } from './fresh.js'"}
${server('keeper', v)}
export const uses = ${first ? 'old' : 'fresh'}
`,
    pet: server('pet', v, 'undefined').replace('GenServer.startLink(undefined, self', 'GenServer.startLink(self'),
    cook: stateless('cook', `cook ${v}`),
    gate: gate(v),
    bell: bell(v),
    loner: loner(v),
    words: `export const words = 'words of ${v}'\n`,
    tinier: "import tinyPackage from 'tiny'\nexport const tiny = () => tinyPackage.version\n",
    ...(first
      ? { old_pet: stateless('old_pet', 'old'), legacy: 'export const old = 1\n', swap_a: swap('swap_a') }
      : {
          new_pet: stateless('new_pet', 'new'),
          fresh: "import { words } from './words.js'\nexport const fresh = words\n",
          swap_b: swap('swap_b'),
        }),
  }
  return Object.fromEntries([
    [
      'app.json',
      { name: 'zoo', vsn: v, applications: ['kernel', 'stdlib'], mod: ['zoo_app', []], env: { version: v } },
    ],
    ...Object.entries(sources).map(([name, text]) => [`src/${name}.ts`, text]),
  ])
}

/** A package of npm in a version. */
export const tinyFiles = (version: string): Files => ({
  'package.json': { name: 'tiny', version, main: 'index.js' },
  'index.js': `exports.version = '${version}'\n`,
})
