/**
 * `otp-rel dev` and everything that people save besides good code: faults, files that come, go and move, configuration,
 * packages, other branches. Each is told in words, and the node that runs goes on until there is a better one.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Client, connect } from '../../cli/node/client.js'
import { DevRun, type Told } from '../support/dev_session.js'
import { openWorkshop, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/dev_changes')

let shop: Workshop
let dev: DevRun

const CART = `import { Application, GenServer } from 'otp-rel'
import * as self from './cart.js'
export const startLink = () => GenServer.startLink({ local: 'cart' }, self, [])
export const look = () => GenServer.call<unknown>('cart', 'look')
export const add = () => GenServer.call<unknown>('cart', 'add')
export const tax = () => Application.getEnv('shop', 'tax', 0)
export const init = (): GenServer.Init<{ n: number }> => ['ok', { n: 0 }]
export const handleCall: GenServer.HandleCall<string, { n: number }> = (request, _from, state) => {
  const next = request === 'add' ? { n: state.n + 1 } : state
  return ['reply', next, next]
}
`
const PRICE = `import prices from './prices.json' with { type: 'json' }
export const price = () => prices.tea
`
const APP = { name: 'shop', vsn: '1.0.0', applications: ['kernel', 'stdlib'], mod: ['shop_app', []] }
const CONFIG = {
  releases: [{ name: 'shop', vsn: '1.0.0', applications: ['sasl', 'shop'], sys_config: 'sys.config.json' }],
}
const FILES = {
  'package.json': { name: 'shop', private: true, type: 'module' },
  '.gitignore': '_build\nnode_modules\n',
  'otp.config.json': CONFIG,
  'sys.config.json': { shop: { tax: 1 } },
  'apps/shop/app.json': APP,
  'apps/shop/src/shop_app.ts': `import * as sup from './shop_sup.js'
export const start = () => sup.startLink()
export const stop = () => {}
`,
  'apps/shop/src/shop_sup.ts': `import { Supervisor } from 'otp-rel'
import * as cart from './cart.js'
import * as self from './shop_sup.js'
export const startLink = () => Supervisor.startLink({ local: 'shop_sup' }, self, [])
export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 5, period: 5 },
  [{ id: 'cart', start: [cart, 'startLink', []] }],
]
`,
  'apps/shop/src/cart.ts': CART,
  'apps/shop/src/price.ts': PRICE,
  'apps/shop/src/prices.json': { tea: 3 },
}

const path = (name: string) => shop.path('shop', name)
const src = (name: string) => path(`apps/shop/src/${name}`)
const put = async (file: string, content: string | object) => {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
}
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: path('.'), stdio: 'ignore' })

/** What is told next, one after the other; the last of it. */
async function expect(...events: string[]): Promise<Told> {
  let told: Told = {}
  for (const event of events) told = await dev.next(event)
  return told
}
const faultsOf = (told: Told) => (told.faults as readonly { message: string; file?: string; line?: number }[]) ?? [] // as printed

async function withNode<T>(use: (node: Client) => Promise<T>): Promise<T> {
  const connected = await connect({ root: path('_build/dev/rel/shop') })
  if (!connected.ok) throw new Error(connected.error.tag)
  try {
    return await use(connected.value)
  } finally {
    connected.value.close()
  }
}
const rpc = (module: string, fun: string) =>
  withNode(async (node) => {
    const answer = await node.call('rpc', { module, function: fun, args: [] })
    if (!answer.ok) throw new Error(JSON.stringify(answer.error))
    return answer.value
  })
const pid = () => withNode(async (node) => node.node.pid)

test.before(
  telling(async () => {
    shop = await openWorkshop()
    await shop.put('shop', FILES)
    git('init', '-b', 'main')
    git('add', '.')
    git('commit', '-m', 'first')
    dev = new DevRun(path('.'))
    await expect('started')
  }),
)

test.after(async () => {
  await dev.stop()
  await shop.close()
})

test('a fault is told with its place, and the next save mends it; the state is kept', async () => {
  await rpc('shop/cart', 'add')
  await put(src('cart.ts'), `${CART}export const broken = (\n`)
  const [fault] = faultsOf(await expect('faults'))
  assert.match(fault?.file ?? '', /cart\.ts$/)
  assert.ok((fault?.line ?? 0) > 10)
  await put(src('cart.ts'), `${CART}export const broken = (\n`)
  assert.equal(faultsOf(await expect('faults')), [fault])
  assert.equal(await rpc('shop/cart', 'add'), { n: 2 })
  await put(src('cart.ts'), `${CART}export const whole = 1\n`)
  assert.equal((await expect('live')).changed, ['shop/cart'])
  assert.equal(await rpc('shop/cart', 'look'), { n: 2 })
})

test('a JSON file is a module', async () => {
  await put(src('prices.json'), { tea: 4 })
  assert.equal((await expect('live')).changed, ['shop/prices.json'])
  assert.is(await rpc('shop/price', 'price'), 4)
})

test('files that are saved together are one change', async () => {
  await Promise.all([
    put(src('price.ts'), `${PRICE}export const twice = () => 2 * price()\n`),
    put(src('cart.ts'), `import { twice } from './price.js'\n${CART}export const dear = () => twice()\n`),
  ])
  assert.equal((await expect('live')).changed, ['shop/cart', 'shop/price'])
  assert.is(await rpc('shop/cart', 'dear'), 8)
})

test('a file that is gone and still imported is a fault; what runs has it still', async () => {
  await rm(src('price.ts'))
  assert.match(faultsOf(await expect('faults'))[0]?.message ?? '', /no module "shop\/price"/)
  assert.is(await rpc('shop/cart', 'dear'), 8)
  await put(src('price.ts'), `${PRICE}export const twice = () => 2 * price()\n`)
  await expect('same')
})

test('a renamed file is a module that comes and one that goes', async () => {
  await Promise.all([
    rename(src('price.ts'), src('cost.ts')),
    put(src('cart.ts'), `import { twice } from './cost.js'\n${CART}export const dear = () => twice() + 1\n`),
  ])
  const told = await expect('live')
  assert.equal([told.added, told.changed, told.removed], [['shop/cost'], ['shop/cart'], ['shop/price']])
  assert.is(await rpc('shop/cart', 'dear'), 9)
})

test('a state of another form without codeChange is noted', async () => {
  const other = CART.replaceAll('n: number', 'count: number')
    .replaceAll('{ n:', '{ count:')
    .replace('state.n', 'state.count')
  await put(src('cart.ts'), other)
  assert.match(
    String((await expect('live')).notes),
    /shop\/cart: init, or what it uses, differs: .* there is no codeChange/,
  )
  assert.equal(await rpc('shop/cart', 'look'), { n: 2 })
})

test('a codeChange that throws is told and taken back', async () => {
  await put(src('cart.ts'), `${CART}export const codeChange = () => { throw new Error('not mine') }\n`)
  assert.match(String((await expect('refused')).message), /not mine/)
  assert.equal(await rpc('shop/cart', 'look'), { n: 2 })
  // The same text saved again is tried again: what refused it may be another by now.
  await put(src('cart.ts'), `${CART}export const codeChange = () => { throw new Error('not mine') }\n`)
  assert.match(String((await expect('refused')).message), /not mine/)
  await put(src('cart.ts'), CART)
  await expect('live')
})

test('another branch is one change', async () => {
  git('add', '.')
  git('commit', '-m', 'second')
  git('checkout', '-q', '-b', 'other', 'HEAD~1')
  const there = await expect('live')
  assert.equal([there.added, there.removed], [['shop/price'], ['shop/cost']])
  assert.is(await rpc('shop/price', 'price'), 3)
  assert.equal(await rpc('shop/cart', 'look'), { n: 2 })
})

test('a broken app.json leaves the node alone, at the next save of anything, too', async () => {
  const before = await pid()
  await put(path('apps/shop/app.json'), '{ "name": "shop", ')
  assert.match(faultsOf(await expect('restarting', 'faults'))[0]?.file ?? '', /app\.json$/)
  await put(src('cart.ts'), `${CART}export const meanwhile = () => 1\n`)
  await expect('restarting', 'faults')
  assert.is(await pid(), before)
  assert.equal(await rpc('shop/cart', 'look'), { n: 2 })
  await put(path('apps/shop/app.json'), { ...APP, env: { tax: 5, more: 1 } })
  await expect('restarting', 'started')
  assert.is(await rpc('shop/cart', 'meanwhile'), 1)
  assert.is.not(await pid(), before)
})

test('another sys.config restarts the node with it', async () => {
  await put(path('sys.config.json'), { shop: { tax: 7 } })
  assert.match(String((await dev.next('restarting')).why), /^sys\.config\.json has changed/)
  await expect('started')
  assert.is(await rpc('shop/cart', 'tax'), 7)
})

test('an application that is asked for before it is there comes when it is', async () => {
  const [release] = CONFIG.releases
  await put(path('otp.config.json'), { releases: [{ ...release, applications: ['sasl', 'shop', 'depot'] }] })
  assert.match(faultsOf(await expect('restarting', 'faults'))[0]?.message ?? '', /depot/)
  await put(path('apps/depot/src/depot.ts'), 'export const full = () => true\n')
  await expect('restarting', 'faults')
  await put(path('apps/depot/app.json'), { name: 'depot', vsn: '1.0.0', applications: ['kernel', 'stdlib'] })
  await expect('restarting', 'started')
  assert.is(await rpc('depot/depot', 'full'), true)
  await put(path('apps/depot/src/depot.ts'), 'export const full = () => false\n')
  assert.equal((await expect('live')).changed, ['depot/depot'])
})

test('a package that is not installed leaves the node alone; when it is, it runs', async () => {
  const before = await pid()
  await put(src('price.ts'), `import { left } from 'left'\n${PRICE}export const side = () => left\n`)
  assert.match(faultsOf(await expect('restarting', 'faults'))[0]?.message ?? '', /left/)
  assert.is(await pid(), before)
  await put(path('node_modules/left/package.json'), {
    name: 'left',
    version: '1.0.0',
    type: 'module',
    exports: './left.js',
  })
  await put(path('node_modules/left/left.js'), "export const left = 'side'\n")
  const json = JSON.parse(await readFile(path('package.json'), 'utf8'))
  await put(path('package.json'), { ...json, dependencies: { left: '1.0.0' } })
  await expect('restarting', 'started')
  assert.is(await rpc('shop/price', 'side'), 'side')
})

test('a library of the workspace that is built anew restarts the node; a source of it alone is told', async () => {
  await put(path('packages/words/dist/words.js'), "export const say = () => 'one'\n")
  await symlink(path('packages/words'), path('node_modules/words'))
  const manifest = { name: 'words', version: '1.0.0', type: 'module', exports: './dist/words.js' }
  await put(path('packages/words/package.json'), manifest)
  await expect('restarting', 'started')
  await put(src('price.ts'), `import { say } from 'words'\n${PRICE}export const side = () => say()\n`)
  await expect('restarting', 'started')
  assert.is(await rpc('shop/price', 'side'), 'one')
  await put(path('packages/words/src/words.ts'), "export const say = (): string => 'two'\n")
  assert.equal(await expect('unbuilt'), { event: 'unbuilt', path: 'packages/words/src/words.ts', package: 'words' })
  await put(path('packages/words/dist/words.js'), "export const say = () => 'two'\n")
  assert.is((await expect('restarting')).why, 'words has changed')
  await expect('started')
  assert.is(await rpc('shop/price', 'side'), 'two')
})

test('a node that crashed, or does not start, is started again at the next save', async () => {
  process.kill(await pid(), 'SIGKILL')
  await expect('ended')
  await put(src('shop_app.ts'), "export const start = () => ['error', 'not today']\nexport const stop = () => {}\n")
  await expect('restarting')
  assert.match(String((await dev.next('refused')).message), /before the node had started/)
  await put(src('shop_app.ts'), FILES['apps/shop/src/shop_app.ts'])
  await expect('restarting', 'started')
  assert.equal(await rpc('shop/cart', 'look'), { n: 0 })
})

test('SIGTERM ends the node, too', async () => {
  const node = await pid()
  assert.is(await dev.stop('SIGTERM'), 0)
  assert.throws(() => process.kill(node, 0), 'ESRCH')
})

test.run()
