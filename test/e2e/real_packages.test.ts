/**
 * Small services on packages from npm, released and booted from the package alone, in a folder with no node_modules
 * above it: CommonJS, only ES modules, WebAssembly beside the code, an addon that is an optional dependency for this
 * platform, and (with OTP_REL_PACKAGES=all, `npm run
 * test:packages`) an addon compiled here, and the folders that pnpm and yarn make.
 */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, openWorkshop, otpRel, run, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/real_packages')
const ALL = process.env.OTP_REL_PACKAGES === 'all'

let shop: Workshop

test.before(
  telling(async () => {
    shop = await openWorkshop()
  }),
)
test.after(() => shop.close())

/** What a service uses of a package: its import, what it does once, and what it then answers with. */
interface Use {
  readonly dependency: readonly [name: string, range: string]
  readonly imports: string
  readonly once?: string
  readonly answer: string
  readonly expected: unknown
}

const USES: Readonly<Record<string, Use>> = {
  fastify: {
    dependency: ['fastify', '^5.0.0'],
    imports: "import Fastify from 'fastify'",
    once: "const app = Fastify(); app.get('/words', async () => ({ said: 'by fastify' })); await app.ready()",
    answer: "(await app.inject({ url: '/words' })).json()",
    expected: { said: 'by fastify' },
  },
  ws: {
    dependency: ['ws', '^8.0.0'],
    imports: "import { WebSocket, WebSocketServer } from 'ws'",
    once: `const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }); server.on('connection', (one) => one.send('hello'))
    await new Promise((resolve) => server.once('listening', resolve))`,
    answer: `await new Promise((resolve) => {
      const address = server.address()
      const client = new WebSocket('ws://127.0.0.1:' + (typeof address === 'object' ? address?.port : ''))
      client.once('message', (text) => { client.close(); resolve(String(text)) })
    })`,
    expected: 'hello',
  },
  pino: {
    dependency: ['pino', '^9.0.0'],
    imports: "import { pino } from 'pino'",
    once: "const said: string[] = []; const log = pino({ base: null, timestamp: false }, { write: (line: string) => { said.push(line) } }); log.info('a line')",
    answer: 'JSON.parse(said[0] ?? "")',
    expected: { level: 30, msg: 'a line' },
  },
  nanoid: {
    dependency: ['nanoid', '^5.0.0'],
    imports: "import { nanoid } from 'nanoid'",
    answer: 'nanoid(9).length',
    expected: 9,
  },
  'sql.js': {
    dependency: ['sql.js', '^1.0.0'],
    imports: "import initSqlJs from 'sql.js'",
    once: 'const memory = new (await initSqlJs()).Database()',
    answer: "memory.exec('select 6 * 7')[0]?.values",
    expected: [[42]],
  },
  '@node-rs/crc32': {
    dependency: ['@node-rs/crc32', '^1.0.0'],
    imports: "import { crc32 } from '@node-rs/crc32'",
    answer: "crc32('a')",
    expected: 0xe8b7be43,
  },
  'better-sqlite3': {
    dependency: ['better-sqlite3', '^12.0.0'],
    imports: "import Sqlite from 'better-sqlite3'",
    once: "const db = new Sqlite(':memory:'); db.exec('create table t (n)'); db.prepare('insert into t values (?)').run(41)",
    answer: "db.prepare('select n + 1 as m from t').get()",
    expected: { m: 42 },
  },
}

/** One service that uses packages: a gen_server that answers with what each of them does. */
const serviceFiles = (uses: readonly Use[]) => ({
  'package.json': {
    name: 'service',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(uses.map(({ dependency }) => dependency)),
  },
  'otp.config.json': { releases: [{ name: 'counter', vsn: '1.0.0', applications: ['service'] }] },
  'apps/service/app.json': { name: 'service', vsn: '1.0.0', applications: ['kernel', 'stdlib'], mod: ['service', []] },
  'apps/service/src/service.ts': `
import { type Application, Supervisor } from 'otp-rel'
import * as self from './service.js'
import * as uses from './uses.js'

export const start: Application.Start = () => Supervisor.startLink(self, [])
export const stop: Application.Stop = () => {}
export const init: Supervisor.Init = () => ['ok', { strategy: 'one_for_one' }, [{ id: 'uses', start: [uses, 'startLink', []] }]]
`,
  'apps/service/src/uses.ts': `
import { GenServer } from 'otp-rel'
${uses.map(({ imports }) => imports).join('\n')}
import * as self from './uses.js'

export const startLink = () => GenServer.startLink({ local: 'uses' }, self, [])
export const answers = () => GenServer.call('uses', 'answers')

export const init = async () => {
  ${uses.map(({ once = '' }) => once).join('\n  ')}
  const answers = async () => [${uses.map(({ answer }) => answer).join(',\n    ')}]
  return ['ok', answers]
}
export const handleCall = async (_request: unknown, _from: unknown, state: () => Promise<unknown>) => ['reply', await state(), state]
`,
})

const NPM = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund']
const PURE = ['fastify', 'ws', 'pino', 'nanoid', 'sql.js', '@node-rs/crc32']

/** Who installs, with what, which packages. */
const SERVICES: readonly (readonly [name: string, install: readonly string[], packages: readonly string[]])[] = [
  ['npm', NPM, PURE],
  ...(ALL
    ? ([
        ['addon', NPM, ['better-sqlite3']],
        ['pnpm', ['npx', '--yes', 'pnpm@9', 'install'], PURE],
        // a package may ask for a newer Node than it needs, which yarn alone takes at its word
        ['yarn', ['npx', '--yes', 'yarn@1', 'install', '--ignore-engines'], PURE],
      ] as const)
    : []),
]

for (const [name, [program = '', ...args], packages] of SERVICES) {
  test(`${name}: ${packages.join(', ')}`, async () => {
    const uses = packages.flatMap((one) => USES[one] ?? [])
    await shop.put(name, serviceFiles(uses))
    done(await run(program, args, { cwd: shop.path(name), limitMs: 300_000 }))
    done(await otpRel(['tar', '--project', shop.path(name)]))
    const node = await shop.deploy(`${name}-node`, shop.path(name, '_build/tar/counter-1.0.0.tar.gz'))
    for (let dir = node.root; dir !== dirname(dir); dir = dirname(dir))
      assert.not(existsSync(join(dir, 'node_modules')))
    await node.start()
    assert.equal(
      JSON.parse(done(await node.bin(['rpc', 'service/uses', 'answers', '--json']))),
      uses.map(({ expected }) => expected),
    )
    done(await node.bin(['stop']))
  })
}

if (ALL) {
  test('whoever installed them, the packages are in the release', async () => {
    for (const name of ['npm', 'pnpm', 'yarn']) {
      for (const one of PURE) {
        // that of a scope is a folder of the scope
        const keys = await readdir(shop.path(`${name}-node/lib/.npm`, dirname(one)))
        assert.ok(
          keys.some((key) => key.startsWith(`${basename(one)}@`)),
          `${one}, installed by ${name}`,
        )
      }
    }
  })

  test('an addon travels without what compiling it left', async () => {
    const store = shop.path('addon-node/lib/.npm')
    const [key = ''] = (await readdir(store)).filter((one) => one.startsWith('better-sqlite3@'))
    const files = await readdir(join(store, key, 'node_modules/better-sqlite3/build'), { recursive: true })
    assert.equal(files.filter((path) => !path.endsWith('.node')).sort(), ['Release'])
  })
}

test.run()
