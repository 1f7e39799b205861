import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCache } from '../../../cli/release/cache.js'
import { type CompileInput, compile } from '../../../cli/release/compile.js'
import { compileFault, compileWarning } from '../../../cli/release/compile_fault.js'
import { completeApp } from '../../../schemas/app_resource.js'
import { formatFault } from '../../../schemas/fault.js'
import type { AppFile } from '../../../schemas/types.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/behaviour_check')

let project: TempFolder

test.before.each(async () => {
  project = await tempFolder()
})
test.after.each(() => project.remove())

/** The applications that a module's `import 'otp-rel'` leads to, as small as can be. */
const RUNTIME: readonly [string, Record<string, string>][] = [
  ['kernel', { 'otp_rel.ts': 'export const GenServer = {}, Supervisor = {}, GenEvent = {}, Behaviour = {}' }],
]

async function application(
  name: string,
  files: Record<string, string>,
  app: Partial<AppFile> = {},
): Promise<CompileInput> {
  for (const [path, text] of Object.entries(files)) await project.put(`apps/${name}/src/${path}`, text)
  const resource = completeApp({ name, vsn: '1.0.0', ...app })
  if (resource === undefined) throw new Error('has a version')
  const dir = `apps/${name}`
  return {
    name,
    vsn: '1.0.0',
    appFile: project.path(`${dir}/app.json`),
    sourceDir: project.path(`${dir}/src`),
    resource,
  }
}

/** The warnings of an application with these files, as they are printed. */
async function warnings(files: Record<string, string>, app: Partial<AppFile> = {}): Promise<string[]> {
  const runtime = await Promise.all(RUNTIME.map(([name, sources]) => application(name, sources)))
  const shop = await application('shop', files, app)
  const printed = async () => {
    const result = await compile([...runtime, shop], { cache: openCache(project.path('cache')) })
    if (!result.ok) throw new Error(result.error.map((fault) => formatFault(compileFault(fault))).join('\n'))
    return result.value.warnings.map((one) => formatFault(compileWarning(one)).replaceAll(`${project.dir}/`, ''))
  }
  const first = await printed()
  assert.equal(await printed(), first, 'the same from the cache')
  return first
}

const CALL = `export const init = () => ['ok', 0]
export const handleCall = (request, from, state) => ['reply', 0, state]
`
const CAST = `export const handleCast = (request, state) => ['noreply', state]
`

// what the case is about, files, app.json, warnings
const CASES: readonly [string, Record<string, string>, Partial<AppFile>, readonly string[]][] = [
  [
    'a complete callback module has no warnings',
    { 'cart.ts': `${CALL}${CAST}export const behaviour = 'gen_server'` },
    {},
    [],
  ],
  [
    'S132 a missing callback of the behaviour that a module claims is a warning that names it, with its place',
    { 'cart.ts': `${CALL}\nexport const behaviour = 'gen_server'` },
    {},
    [
      'apps/shop/src/cart.ts:4:8: "shop/cart" does not export callback "handleCast" (2 arguments) of behaviour "gen_server"',
    ],
  ],
  [
    'a module that starts itself as a server is one, and the nearest export is named',
    {
      'cart.ts': `import { GenServer } from 'otp-rel'
import * as self from './cart.js'
${CALL}export const handle_cast = (request, state) => ['noreply', state]
export const startLink = () => GenServer.startLink({ local: 'cart' }, self, [])`,
    },
    {},
    [
      'apps/shop/src/cart.ts:6:32: "shop/cart" does not export callback "handleCast" (2 arguments) of behaviour "gen_server"; it exports "handle_cast", was that meant?',
    ],
  ],
  [
    'a module that another starts as a supervisor or adds as an event handler is checked, where it is used',
    {
      'cart.ts': 'export const start = () => 0',
      'log.ts':
        'export const init = () => 0\nexport const handleEvent = () => 0\nexport const handleInfo = (a, b, c) => 0',
      'shop.ts': `import { GenEvent as Events, Supervisor } from 'otp-rel'
import * as cart from './cart.js'
import * as log from './log.js'
export const go = async () => {
  await Supervisor.startLink(cart, [])
  await Events.addHandler('bus', [log, 1], [])
}`,
    },
    {},
    [
      'apps/shop/src/shop.ts:5:9: "shop/cart" does not export callback "init" (1 argument) of behaviour "supervisor"',
      'apps/shop/src/shop.ts:6:9: "shop/log" does not export callback "handleCall" (2 arguments) of behaviour "gen_event"',
      'apps/shop/src/shop.ts:6:9: "shop/log" has a "handleInfo" of 3 arguments; "gen_event" calls it with 2',
    ],
  ],
  [
    'the module of an application exports start and stop',
    { 'shop.ts': 'export function start(type, arg) {}\nfunction prep_stop(state) {}\nexport { prep_stop }' },
    { mod: ['shop', []] },
    [
      'apps/shop/app.json mod: "shop/shop" does not export callback "stop" (1 argument) of behaviour "application"',
      'apps/shop/app.json mod: "shop/shop" does not export callback "prepStop" (1 argument) of behaviour "application"; it exports "prep_stop", was that meant?',
    ],
  ],
  [
    'behind the application starter the real module is checked',
    { 'shop.ts': 'export const start = () => 0' },
    { mod: ['application_starter', ['shop', []]], start_phases: [] },
    ['apps/shop/app.json mod: "shop/shop" does not export callback "stop" (1 argument) of behaviour "application"'],
  ],
  [
    'S132 two behaviours that require the same callback are a conflict',
    { 'both.ts': `${CALL}${CAST}export const behaviour = ['gen_server', 'supervisor']` },
    {},
    [
      'apps/shop/src/both.ts:4:8: "shop/both" cannot be both "gen_server" and "supervisor": callback "init" is required by both; make two modules of it',
    ],
  ],
  [
    'S132 a behaviour that nobody declares is a warning with the nearest that is known',
    { 'cart.ts': `export const behaviour = 'gen_sever'` },
    {},
    [
      'apps/shop/src/cart.ts:1:8: "shop/cart" is of behaviour "gen_sever", which nobody declares with Behaviour.define; did you mean "gen_server"?',
    ],
  ],
  [
    "S132 a user's behaviour is checked as those of OTP are; what is optional may be left out",
    {
      'simple_server.ts': `import { Behaviour } from 'otp-rel'
export interface SimpleServer { init(state: unknown): 'ok' }
export const simpleServer = Behaviour.define<SimpleServer>({
  name: 'simple_server',
  callbacks: { init: 1, handleReq: 2, terminate: 0, formatState: 1 },
  optional: ['formatState'],
})`,
      'db.ts': `export const behaviour = 'simple_server'\nexport const init = () => 'ok'\nexport const handleReq = () => 0`,
    },
    {},
    [
      'apps/shop/src/db.ts:1:8: "shop/db" does not export callback "terminate" (0 arguments) of behaviour "simple_server"',
    ],
  ],
  [
    'S132 an optional callback that is not declared is said at the declaration',
    {
      'simple_server.ts': `import { Behaviour } from 'otp-rel'
export const simpleServer = Behaviour.define({ name: 's', callbacks: { init: 1 }, optional: ['innit'] })`,
    },
    {},
    [
      'apps/shop/src/simple_server.ts:2:29: behaviour "s" has the optional callback "innit", which is none of its callbacks; define would throw; did you mean "init"?',
    ],
  ],
  [
    'callbacks may be functions or constants, declared at once or exported in a list, under another name or from elsewhere',
    {
      'cart.ts': `export const behaviour = 'gen_server'
const start = (arg) => ['ok', arg]
function handleCast(request, state, more = 1) { return ['noreply', state] }
export { start as init, handleCast }
export { handleCall } from './calls.js'`,
      'calls.ts': 'export const handleCall = (request, from, state) => 0',
    },
    {},
    [],
  ],
]

for (const [name, files, app, expected] of CASES) {
  test(name, async () => assert.equal(await warnings(files, app), expected))
}

test.run()
