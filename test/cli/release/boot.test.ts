/** A release boots from its archives: with code caches, without, under a debugger, and from a root nobody may write. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { build } from '../../../cli/release/build.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/boot')

/** Prints the first frame of a stack, and where the linker says that its module is. */
const SHOP = `import { Code, Supervisor } from 'otp-rel'
import * as self from './shop.js'

interface Unused {
  readonly a: number
}

const place = (): string => String(new Error('here').stack).split('\\n')[1]?.trim() ?? ''

export const start = () => {
  setImmediate(() => process.stdout.write('up ' + JSON.stringify({ at: place(), file: Code.which(self) }) + '\\n'))
  return Supervisor.startLink({ local: 'shop_sup' }, self, [])
}
export const stop = () => {}
export const init: Supervisor.Init = () => {
  if (process.env.SHOP_FAILS === 'native') process.dlopen({ exports: {} }, process.env.SHOP_FILE ?? '')
  if (process.env.SHOP_FAILS !== undefined) throw new Error('no room here')
  return ['ok', { strategy: 'one_for_one', intensity: 1, period: 5 }, []]
}
`

let folder: TempFolder
let root: string
const living = new Set<ChildProcess>()

test.before(async () => {
  folder = await tempFolder()
  await folder.put('package.json', { name: 'shop', type: 'module' })
  await folder.put('otp.config.json', {
    lib_dirs: ['apps/*'],
    releases: [{ name: 'shop', vsn: '1.0.0', applications: ['sasl', 'shop'] }],
  })
  await folder.put('apps/shop/app.json', {
    name: 'shop',
    vsn: '1.0.0',
    mod: ['shop', []],
    applications: ['kernel', 'stdlib'],
  })
  await folder.put('apps/shop/src/shop.ts', SHOP)
  const built = await build(folder.dir)
  if (!built.ok) throw new Error(JSON.stringify(built.error))
  root = folder.path('_build/rel/shop')
})
test.after(async () => {
  for (const child of living) child.kill('SIGKILL')
  await folder.remove()
})

interface Up {
  readonly at: string
  readonly file: string
}

/** One start, until the node says that it is up and its caches are written; then it is stopped. */
async function boot(env: Record<string, string> = {}): Promise<Up> {
  const child = spawn(join(root, 'bin/shop'), ['foreground'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  living.add(child)
  let out = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const up = await new Promise<Up>((resolve, reject) => {
    const take = (text: string): void => {
      out += text
      const line = /^up (.*)$/m.exec(out)?.[1]
      if (line !== undefined) resolve(JSON.parse(line))
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    ended.then(() => reject(new Error(`ended: ${out}`)))
  })
  // the caches are written before the node hears anything else
  child.kill('SIGTERM')
  await ended
  living.delete(child)
  return up
}

const caches = (): Record<string, number> =>
  Object.fromEntries(
    readdirSync(join(root, 'run/cache')).map((name) => [name, statSync(join(root, 'run/cache', name)).mtimeMs]),
  )

const PLACE = /^at place \((.*\/shop-1\.0\.0\/src\/shop\.ts):8:36\)$/

test('the first start makes a code cache of every archive, the next one uses and keeps them', async () => {
  const first = await boot()
  assert.match(first.at, PLACE)
  assert.is(first.file, join(root, 'lib/shop-1.0.0/ebin/shop.js'))
  const made = caches()
  assert.equal(Object.keys(made).sort(), [
    'erts.cache',
    'kernel-1.0.0.cache',
    'sasl-1.0.0.cache',
    'shop-1.0.0.cache',
    'stdlib-1.0.0.cache',
  ])
  assert.match((await boot()).at, PLACE)
  assert.equal(caches(), made)
})

test('the node boots what is in the archive now, not what a cache remembers', async () => {
  const file = join(root, 'lib/shop-1.0.0/ebin/shop.archive')
  const text = readFileSync(file, 'utf8')
  await boot()
  writeFileSync(file, text.replace('"here"', '"HERE"').replace('"up "', '"up  "'))
  const before = caches()
  try {
    await boot() // prints two spaces, which is still JSON
    assert.is.not(caches()['shop-1.0.0.cache'], before['shop-1.0.0.cache'])
    assert.is(caches()['kernel-1.0.0.cache'], before['kernel-1.0.0.cache'])
  } finally {
    writeFileSync(file, text)
  }
})

test('without archives modules come from their files', async () => {
  const files = ['kernel', 'stdlib', 'sasl', 'shop'].map((name) => join(root, `lib/${name}-1.0.0/ebin/${name}.archive`))
  for (const file of files) renameSync(file, `${file}.aside`)
  try {
    assert.match((await boot()).at, PLACE)
  } finally {
    for (const file of files) renameSync(`${file}.aside`, file)
  }
})

test('where no cache can be written a node starts all the same', async () => {
  await rm(join(root, 'run'), { recursive: true, force: true })
  // stands in for a folder that this user may not write; tests may run as one who may write everything
  await folder.put('_build/rel/shop/run/cache', 'not a folder')
  assert.match((await boot()).at, PLACE)
  assert.is(readFileSync(join(root, 'run/cache'), 'utf8'), 'not a folder')
  await rm(join(root, 'run'), { recursive: true, force: true })
})

test('for coverage every module is a script of its own, at the path of its file', async () => {
  const dir = folder.path('coverage')
  assert.match((await boot({ NODE_V8_COVERAGE: dir })).at, PLACE)
  const [report] = readdirSync(dir)
  assert.ok(report !== undefined && existsSync(join(dir, report)))
  const { result } = JSON.parse(readFileSync(join(dir, report ?? ''), 'utf8'))
  const urls: string[] = result.map(({ url }: { url: string }) => url)
  assert.ok(urls.some((url) => url.endsWith('/lib/shop-1.0.0/ebin/shop.js')))
  assert.not(urls.some((url) => url.endsWith('.archive')))
})

test('a boot that fails ends with 12, and what was thrown stands last, in a line of its own', async () => {
  const env = { ...process.env, SHOP_FAILS: '1' }
  const child = spawn(join(root, 'bin/shop'), ['foreground'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  living.add(child)
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  assert.is(await new Promise((resolve) => child.once('close', resolve)), 12)
  living.delete(child)
  assert.is(err, 'init terminating in do_boot: application "shop" did not start: no room here\n')
})

/** Runs `start` to its end, and gives what it says. */
async function failedStart(env: Record<string, string>, ...args: string[]): Promise<string> {
  const child = spawn(join(root, 'bin/shop'), ['start', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  living.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  assert.is(await new Promise((resolve) => child.once('close', resolve)), 12)
  living.delete(child)
  return said
}

test('start tells at once and first why, and where the reports with the stacks are', async () => {
  const begunMs = performance.now()
  const said = await failedStart({ SHOP_FAILS: '1' })
  assert.ok(performance.now() - begunMs < 20_000, 'it waits for no node')
  const log = join(root, 'log/shop.log')
  assert.is(said, `error: application "shop" did not start: no room here\n  the reports are in ${log}\n`)
  assert.match(readFileSync(log, 'utf8'), /Error: no room here/)
})

for (const formatter of ['{"json":true}', '{"single_line":true}', '{"single_line":false}']) {
  test(`compiled code that cannot be loaded is told with the way out, with the formatter ${formatter}`, async () => {
    await folder.put('broken.node', 'no code')
    const file = folder.path('broken.node')
    const logger = `[["handler","default","logger_std_h",{"formatter":["logger_formatter",${formatter}]}]]`
    const said = await failedStart({ SHOP_FAILS: 'native', SHOP_FILE: file }, '--kernel', `logger=${logger}`)
    const [error = '', remedy = '', reports = '', ...more] = said.trimEnd().split('\n')
    assert.match(error, /^error: application "shop" did not start: .*broken\.node: file too short$/)
    assert.match(
      remedy,
      /^ {2}this is Node .*, with which the release was built; the package was built for another: npm/,
    )
    assert.match(reports, /^ {2}the reports are in /)
    assert.equal(more, [])
  })
}

test.run()
