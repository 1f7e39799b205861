/**
 * A small project for tests on real nodes, written into a folder of the test's own.
 *
 * `counter` has a gen_server whose state changes its shape between 1.0.0 and 1.1.0, a second one that is suspended with
 * it, and a plain module; `web` shows all that over HTTP and never changes. A test writes further versions of
 * `counter` with {@link counterFiles}, each wrong in its own way.
 */

/** Files by their path below an application's folder. */
export type Files = Readonly<Record<string, unknown>>

/** The application's modules and resources that both versions have alike. */
const COUNTER_APP = `
/** The application. */
import type { Application } from 'otp-rel'
import * as counterSup from './counter_sup.js'

export const start: Application.Start = () => counterSup.startLink()
export const stop: Application.Stop = () => {}
`

const COUNTER_SUP = `
/** The counter, and the tally beside it. */
import { Supervisor } from 'otp-rel'
import * as counter from './counter.js'
import * as self from './counter_sup.js'
import * as tally from './tally.js'

export const startLink = () => Supervisor.startLink({ local: 'counter_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 5, period: 10 },
  [
    { id: 'counter', start: [counter, 'startLink', []] },
    { id: 'tally', start: [tally, 'startLink', []] },
  ],
]
`

const COUNTER_1_0_0 = `
/** Counts, and tells the tally. */
import { GenServer, Process } from 'otp-rel'
import * as self from './counter.js'
import * as tally from './tally.js'
import { say } from './words.js'

interface State {
  readonly n: number
}

export const startLink = () => GenServer.startLink({ local: 'counter' }, self, [])
export const next = () => GenServer.call<number>('counter', 'next')
export const look = () => GenServer.call<object>('counter', 'look')

export const init = (): GenServer.Init<State> => ['ok', { n: 0 }]

export const handleCall: GenServer.HandleCall<'next' | 'look', State> = (request, _from, state) => {
  if (request === 'look') {
    return ['reply', { version: '1.0.0', shape: Object.keys(state), n: state.n, words: say(state.n), pid: String(Process.self()) }, state]
  }
  tally.note()
  return ['reply', state.n + 1, { n: state.n + 1 }]
}

export const handleCast: GenServer.HandleCast<never, State> = (_request, state) => ['noreply', state]

export const codeChange = (_oldVsn: unknown, state: State) => ['ok', state]
`

const COUNTER_1_1_0 = `
/** Counts, and tells the tally; remembers from where it was migrated. */
import { GenServer, Process } from 'otp-rel'
import * as self from './counter.js'
import * as tally from './tally.js'
import { say } from './words.js'

interface State {
  readonly count: number
  readonly since: number
}

interface State100 {
  readonly n: number
}

export const startLink = () => GenServer.startLink({ local: 'counter' }, self, [])
export const next = () => GenServer.call<number>('counter', 'next')
export const look = () => GenServer.call<object>('counter', 'look')

export const init = (): GenServer.Init<State> => ['ok', { count: 0, since: 0 }]

export const handleCall: GenServer.HandleCall<'next' | 'look', State> = (request, _from, state) => {
  if (request === 'look') {
    return ['reply', { version: '1.1.0', shape: Object.keys(state), n: state.count, words: say(state.count), pid: String(Process.self()) }, state]
  }
  tally.note()
  return ['reply', state.count + 1, { ...state, count: state.count + 1 }]
}

export const handleCast: GenServer.HandleCast<never, State> = (_request, state) => ['noreply', state]

export const codeChange = (oldVsn: unknown, state: State | State100): ['ok', State | State100] => {
  const down = Array.isArray(oldVsn) && oldVsn[0] === 'down'
  if (down && 'count' in state) return ['ok', { n: state.count }]
  if (!down && 'n' in state) return ['ok', { count: state.n, since: state.n }]
  throw new Error('a state of neither version')
}
`

const TALLY = `
/** Is told of each number that is given out. */
import { GenServer } from 'otp-rel'
import * as self from './tally.js'

interface State {
  readonly noted: number
}

export const startLink = () => GenServer.startLink({ local: 'tally' }, self, [])
export const note = () => GenServer.cast('tally', 'note')
export const noted = () => GenServer.call<number>('tally', 'noted')

export const init = (): GenServer.Init<State> => ['ok', { noted: 0 }]

export const handleCall: GenServer.HandleCall<'noted', State> = (_request, _from, state) => ['reply', state.noted, state]

export const handleCast: GenServer.HandleCast<'note', State> = (_request, state) => ['noreply', { noted: state.noted + 1 }]

export const codeChange = (_oldVsn: unknown, state: State) => ['ok', state]
`

const words = (word: string) => `
/** A number in words. */
export const say = (n: number) => '${word} ' + n
`

const APPUP = [
  { op: 'load_module', module: 'words' },
  { op: 'update', module: 'tally' },
  { op: 'update', module: 'counter', change: { advanced: [] }, mod_deps: ['words', 'tally'] },
]

/** An app.json of `counter`. */
const counterApp = (vsn: string, modules?: readonly string[]) => ({
  name: 'counter',
  vsn,
  description: 'Counts',
  registered: ['counter', 'counter_sup', 'tally'],
  applications: ['kernel', 'stdlib'],
  mod: ['counter_app', []],
  env: { step: 1 },
  ...(modules === undefined ? {} : { modules }),
})

/**
 * The files of a version of `counter`: 1.0.0 as it is, any later one as 1.1.0 with an appup from and to 1.0.0.
 *
 * @param other files that differ, by their path below the application's folder; `undefined` leaves one out
 */
export function counterFiles(vsn: string, other: Files = {}): Files {
  const first = vsn === '1.0.0'
  const files: Record<string, unknown> = {
    'app.json': counterApp(vsn),
    'src/counter_app.ts': COUNTER_APP,
    'src/counter_sup.ts': COUNTER_SUP,
    'src/counter.ts': first ? COUNTER_1_0_0 : COUNTER_1_1_0,
    'src/tally.ts': first ? TALLY : `${TALLY}// of a later version\nexport const later = true\n`,
    'src/words.ts': words(first ? 'number' : 'the count is'),
    ...(first
      ? {}
      : {
          'appup.json': {
            vsn,
            up: [{ from: '1.0.0', instructions: APPUP }],
            down: [{ to: '1.0.0', instructions: [...APPUP].reverse() }],
          },
        }),
    ...other,
  }
  return Object.fromEntries(Object.entries(files).filter(([, content]) => content !== undefined))
}

/** The source of 1.1.0's counter with another codeChange. */
export const counterSource = (codeChange: string): string =>
  `${COUNTER_1_1_0.slice(0, COUNTER_1_1_0.indexOf('export const codeChange'))}${codeChange}\n`

const WEB_FILES: Files = {
  'app.json': {
    name: 'web',
    vsn: '1.0.0',
    description: 'The counter over HTTP',
    registered: ['web_sup', 'listener'],
    applications: ['kernel', 'stdlib', 'counter'],
    mod: ['web', []],
    env: { port: 0 },
  },
  'src/web.ts': `
import type { Application } from 'otp-rel'
import * as webSup from './web_sup.js'

export const start: Application.Start = () => webSup.startLink()
export const stop: Application.Stop = () => {}
`,
  'src/web_sup.ts': `
import { Supervisor } from 'otp-rel'
import * as listener from './listener.js'
import * as self from './web_sup.js'

export const startLink = () => Supervisor.startLink({ local: 'web_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 5, period: 10 },
  [{ id: 'listener', start: [listener, 'startLink', []] }],
]
`,
  'src/listener.ts': `
import { createServer, type Server } from 'node:http'
import * as counter from 'counter/counter'
import * as tally from 'counter/tally'
import { say } from 'counter/words'
import { Application, GenServer } from 'otp-rel'
import * as self from './listener.js'

interface State {
  readonly server: Server
  readonly port: number
}

export const startLink = () => GenServer.startLink({ local: 'listener' }, self, [])
export const port = () => GenServer.call<number>('listener', 'port')

async function answer(path: string): Promise<unknown> {
  if (path === '/next') return { n: await counter.next() }
  if (path === '/words') return { words: say(7) }
  return { ...(await counter.look()), noted: await tally.noted(), step: Application.getEnv('counter', 'step', 0), os: process.pid }
}

export const init = async (): Promise<GenServer.Init<State>> => {
  const server = createServer(async (request, response) => {
    try {
      response.end(JSON.stringify(await answer(request.url ?? '/')))
    } catch (failure) {
      response.writeHead(503).end(JSON.stringify({ error: String(failure) }))
    }
  })
  const wanted = Number(Application.getEnv('web', 'port', 0))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // A socket of systemd.
    if (process.env.RELEASE_LISTEN_FDS === '1') server.listen({ fd: 3 }, resolve)
    else server.listen(wanted, '127.0.0.1', resolve)
  })
  const address = server.address()
  return ['ok', { server, port: typeof address === 'object' && address !== null ? address.port : wanted }]
}

export const handleCall: GenServer.HandleCall<'port', State> = (_request, _from, state) => ['reply', state.port, state]
export const handleCast: GenServer.HandleCast<never, State> = (_request, state) => ['noreply', state]

export const terminate = (_reason: unknown, { server }: State) => {
  server.close()
  server.closeAllConnections()
}
`,
}

/** A version of the release `counter`. */
export interface ReleaseOf {
  readonly vsn: string
  /** Files of the application that differ, see {@link counterFiles}. */
  readonly counter?: Files
  /** Its sys.config.json. Default: `step` 1 in 1.0.0, 2 later. */
  readonly config?: unknown
}

/** All files of a project with these versions, by their path below the project's folder. */
export function projectFiles(releases: readonly ReleaseOf[]): Files {
  const files: Record<string, unknown> = {
    'package.json': { name: 'counter-project', private: true, type: 'module' },
    'otp.config.json': {
      releases: releases.map(({ vsn }) => ({
        name: 'counter',
        vsn,
        applications: ['sasl', { name: 'counter', vsn }, 'web'],
        sys_config: `config/sys.config.${vsn}.json`,
        include_erts: false,
        ...(vsn === '1.0.0' ? {} : { upgrade_from: ['1.0.0'] }),
      })),
    },
  }
  for (const [path, content] of Object.entries(WEB_FILES)) files[`apps/web/${path}`] = content
  for (const { vsn, counter, config } of releases) {
    for (const [path, content] of Object.entries(counterFiles(vsn, counter))) {
      files[`apps/counter-${vsn}/${path}`] = content
    }
    files[`config/sys.config.${vsn}.json`] = config ?? { counter: { step: vsn === '1.0.0' ? 1 : 2 } }
  }
  return files
}
