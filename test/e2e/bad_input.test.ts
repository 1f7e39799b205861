/**
 * Whatever is wrong with what it is given: the words say what and where, the exit code says which class, and nothing
 * has changed, neither on disk nor in the node that runs.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildTars,
  contentsOf,
  copyFolder,
  done,
  openWorkshop,
  otpRel,
  type Ran,
  type Release,
  release,
  repack,
  telling,
  type Workshop,
} from '../support/e2e_node.js'
import { counterFiles, counterSource, type Files, projectFiles } from '../support/e2e_project.js'

const test = suite('e2e/bad_input')

let shop: Workshop
/** The package of a version that {@link VERSIONS} lists. */
let tar: (vsn: string) => string
/** 1.0.0 runs here and has counted to 5; whatever a test does to it fails. */
let node: Release

/** Versions that build and cannot be installed, beside a good one. */
const VERSIONS = [
  { vsn: '1.0.0' },
  { vsn: '1.1.0' },
  {
    vsn: '1.1.1',
    counter: { 'src/words.ts': "throw new Error('no words today')\nexport const say = (n: number) => String(n)\n" },
  },
  {
    vsn: '1.1.2',
    counter: {
      'src/counter.ts': counterSource("export const codeChange = () => { throw new Error('cannot migrate this') }"),
    },
  },
  {
    vsn: '1.1.3',
    counter: { 'src/counter.ts': counterSource('export const codeChange = () => new Promise(() => {})') },
  },
] as const

test.before(
  telling(async () => {
    shop = await openWorkshop()
    tar = await buildTars(await shop.project('project', VERSIONS))
    node = await shop.deploy('node', tar('1.0.0'))
    await node.start()
    for (let n = 1; n <= 5; n++) await node.get('/next')
  }),
)

test.after(() => shop.close())

/** Fails unless a program ended with this code and said these words. */
function said(ran: Ran, code: number, words: string | RegExp): void {
  const all = ran.stdout + ran.stderr
  assert.is(ran.code, code, all)
  if (typeof words === 'string') assert.ok(all.includes(words), `expected: ${words}\ngot: ${all}`)
  else assert.match(all, words)
}

// ---- projects

const app = counterFiles('1.0.0')['app.json'] as Readonly<Record<string, unknown>> // an app.json is an object
const needs = (...applications: unknown[]) => ({
  'apps/counter-1.0.0/app.json': { ...app, applications: ['kernel', 'stdlib', ...applications] },
})
const library = (name: string, vsn: string, ...applications: unknown[]) => ({ name, vsn, applications })

/** Of each project: what differs from a good one, the exit code, and the fault with its place. */
const PROJECTS: readonly (readonly [what: string, files: Files, code: number, words: string])[] = [
  [
    'an app.json that is no JSON',
    { 'apps/counter-1.0.0/app.json': '{\n  "name": "counter",\n  "vsn": "1.0.0"\n  "modules": []\n}\n' },
    3,
    'apps/counter-1.0.0/app.json:4:3: expected ","; found "\\"modules\\""',
  ],
  [
    'an unknown key, with the nearest name',
    { 'apps/counter-1.0.0/app.json': { ...app, registred: ['counter'] } },
    3,
    'apps/counter-1.0.0/app.json:21:3 registred: unknown key "registred"; did you mean "registered"?',
  ],
  [
    'an unknown application, with who asked and the nearest',
    { ...needs('taly'), 'apps/tally/app.json': library('tally', '1.0.0', 'kernel') },
    3,
    'apps/counter-1.0.0/app.json:13:5 applications[2]: "counter" 1.0.0 needs "taly", which is in none of: apps/*, node_modules, otp-rel; did you mean "tally"?',
  ],
  [
    'a dependency cycle, as a walk',
    {
      ...needs('b'),
      'apps/b/app.json': library('b', '1.0.0', 'c'),
      'apps/c/app.json': library('c', '1.0.0', 'counter'),
    },
    3,
    'apps/counter-1.0.0/app.json:13:5 applications[2]: applications wait for each other: counter -> b -> c -> counter; one of them has to do without the next',
  ],
  [
    'two versions of one application',
    {
      ...needs({ name: 'b', vsn: '^1.0.0' }, 'c'),
      'apps/b-1.0.0/app.json': library('b', '1.0.0'),
      'apps/b-2.0.0/app.json': library('b', '2.0.0'),
      'apps/c/app.json': library('c', '1.0.0', { name: 'b', vsn: '^2.0.0' }),
    },
    3,
    'apps/counter-1.0.0/app.json:13:5 applications[2]: "counter" 1.0.0 needs "b" ^1.0.0, but "c" 1.0.0 needs "b" ^2.0.0',
  ],
  [
    'a module that is no file',
    {
      'apps/counter-1.0.0/app.json': {
        ...app,
        modules: ['counter_app', 'counter_sup', 'counter', 'tally', 'words', 'wrods'],
      },
    },
    3,
    'apps/counter-1.0.0/app.json:27:5 modules[5]: module "wrods" is no file below ',
  ],
  [
    'a configuration that is no JSON',
    { 'config/sys.config.1.0.0.json': '{ "counter": { "step": 1 }' },
    3,
    'config/sys.config.1.0.0.json:1:27: expected "}"; found the end of the line or file',
  ],
  [
    'a source that is no TypeScript',
    { 'apps/counter-1.0.0/src/words.ts': 'export const say = (n: number => n\n' },
    4,
    'apps/counter-1.0.0/src/words.ts:1:31: Expected ")" but found "=>"',
  ],
]

for (const [index, [what, files, code, words]] of PROJECTS.entries()) {
  test(`build: ${what}`, async () => {
    const name = `bad-${index}`
    await shop.put(name, { ...projectFiles([{ vsn: '1.0.0' }]), ...files })
    const before = await contentsOf(shop.path(name))
    const ran = await otpRel(['tar'], { cwd: shop.path(name) })
    said(ran, code, words)
    const lines = ran.stderr.split('\n').filter((line) => /^[^ *]/.test(line))
    assert.equal(lines.length, 2, `one fault, and the sentence that ends the build:\n${ran.stderr}`)
    assert.is(lines[1], 'error: the build failed with 1 fault; nothing of the release was changed')
    assert.equal(withoutCache(await contentsOf(shop.path(name))), before)
  })
}

/** What a build may always leave: what it has compiled. */
const withoutCache = (contents: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(contents).filter(([path]) => !/^_build\/($|cache\/)/.test(path)))

/** A project where 1.0.0 is built already, so that only 1.1.0 and its appup are at stake. */
async function withAppup(name: string, appup: unknown): Promise<string> {
  await shop.put(name, projectFiles([{ vsn: '1.0.0' }, { vsn: '1.1.0', counter: { 'appup.json': appup } }]))
  done(await otpRel(['tar', 'counter-1.0.0'], { cwd: shop.path(name) }))
  return shop.path(name)
}

test('build: an appup from another version than the one to come from', async () => {
  const cwd = await withAppup('appup-from', {
    vsn: '1.1.0',
    up: [{ from: '0.9.0', instructions: [] }],
    down: [{ to: '1.0.0', instructions: [] }],
  })
  const before = withoutCache(await contentsOf(cwd))
  const ran = await otpRel(['tar', 'counter-1.1.0'], { cwd })
  said(ran, 3, '\napps/counter-1.1.0/appup.json: no entry from "1.0.0" for "counter" 1.1.0; "up" has "0.9.0"\n')
  assert.equal(withoutCache(await contentsOf(cwd)), before)
})

test('build: an appup that says another version than its app.json is warned of, once', async () => {
  const instructions = ['words', 'counter', 'tally'].map((module) => ({ op: 'load_module', module }))
  const cwd = await withAppup('appup-vsn', {
    vsn: '1.2.0',
    up: [{ from: '1.0.0', instructions }],
    down: [{ to: '1.0.0', instructions }],
  })
  const ran = await otpRel(['tar', 'counter-1.1.0'], { cwd })
  said(ran, 0, 'apps/counter-1.1.0/appup.json: warning: vsn is "1.2.0", that of the app.json beside it "1.1.0"\n')
  assert.is(ran.stderr.split('warning: ').length, 2, ran.stderr)
})

// ---- packages

/** A tar entry with a name of our choice: 512 bytes of header, and its content. */
function rawEntry(path: string, type: '0' | '2', linkpath: string, content: string): Buffer {
  const body = Buffer.from(content)
  const header = Buffer.alloc(512)
  header.write(path, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(linkpath, 157)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}

/** A package with one entry more. */
async function withEntry(name: string, entry: Buffer): Promise<string> {
  const blocks = gunzipSync(await readFile(tar('1.1.0')))
  let end = blocks.length
  while (end >= 512 && blocks.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512
  const file = shop.path(name)
  await writeFile(file, gzipSync(Buffer.concat([blocks.subarray(0, end), entry, Buffer.alloc(1024)])))
  return file
}

/** Everything of the node's folder that an operation may change, and what the node says of itself. */
async function stateOf(release: Release) {
  const contents = Object.entries(await contentsOf(release.root)).filter(
    ([path]) => !/^(log\/|releases\/history\.json$)/.test(path),
  )
  const { name, vsn } = await release.call('status')
  return {
    contents: Object.fromEntries(contents),
    node: `${name} ${vsn}`,
    versions: await release.versions(),
    look: await release.get(),
    words: await release.get('/words'),
  }
}

/** The node is asked for something that it refuses or fails, and is as before. */
async function refuses(on: Release, ask: () => Promise<Ran>, code: number, words: string | RegExp): Promise<void> {
  const before = await stateOf(on)
  said(await ask(), code, words)
  const after = await stateOf(on)
  assert.equal(after, before)
  // It not only answers: it goes on counting.
  const { n } = await on.get<{ n: number }>('/next')
  assert.is(n, before.look.n + 1)
}

const PACKAGES: readonly (readonly [what: string, make: () => Promise<string>, words: string])[] = [
  [
    'with a path that leaves its folder',
    () => withEntry('up.tar.gz', rawEntry('../evil', '0', '', 'x')),
    'up.tar.gz: entry "../evil" leads out of the release with ".."; nothing was unpacked',
  ],
  [
    'with an absolute path',
    () => withEntry('absolute.tar.gz', rawEntry(`${shop.dir}/evil`, '0', '', 'x')),
    '/evil" is an absolute path; nothing was unpacked',
  ],
  [
    'with a link out of its folder',
    () => withEntry('link.tar.gz', rawEntry('lib/counter-1.1.0/out', '2', '../../../evil', '')),
    'link.tar.gz: entry "lib/counter-1.1.0/out" is a link out of the release, to "../../../evil"; nothing was unpacked',
  ],
  [
    'cut short',
    async () => {
      const whole = await readFile(tar('1.1.0'))
      const file = shop.path('short.tar.gz')
      await writeFile(file, whole.subarray(0, whole.length / 2))
      return file
    },
    'short.tar.gz: is truncated or corrupt (zlib: unexpected end of file); nothing was unpacked',
  ],
  [
    'with one changed byte in a module',
    async () => {
      const edit = async (dir: string) => {
        const module = join(dir, 'lib', 'counter-1.1.0', 'ebin', 'words.js')
        const text = await readFile(module, 'utf8')
        await writeFile(module, text.replace('the count is', 'the bount is'))
      }
      await repack(tar('1.1.0'), shop.path('byte.tar.gz'), edit, 'sums as they were')
      return shop.path('byte.tar.gz')
    },
    'releases/1.1.0/checksums.json does not agree with the files; different content: "lib/counter-1.1.0/ebin/words.js"',
  ],
]

for (const [what, make, words] of PACKAGES) {
  test(`unpack: a package ${what}`, async () => {
    const file = await make()
    await refuses(node, () => node.bin(['unpack', file]), 11, words)
    // An upgrade to it is no way round.
    await refuses(node, () => node.bin(['upgrade', '1.1.0', '--tar', file]), 11, words)
    assert.not('evil' in (await contentsOf(shop.dir)))
  })
}

// ---- upgrades

test('upgrade: a version that is installed', () =>
  refuses(node, () => node.bin(['upgrade', '1.0.0']), 9, 'error: release "1.0.0" is the one that runs'))

test('upgrade: a version nobody has', () =>
  refuses(
    node,
    () => node.bin(['upgrade', '7.7.7']),
    9,
    `error: the node has no version "7.7.7", and there is no package of it: looked for "${node.root}/releases/counter-7.7.7.tar.gz"`,
  ))

test('upgrade: a package that is not there', () =>
  refuses(
    node,
    () => node.bin(['upgrade', '7.7.7', '--tar', '/nowhere.tar.gz']),
    3,
    'error: there is no package "/nowhere.tar.gz"',
  ))

test('upgrade: the package of another version', async () => {
  const other = await shop.deploy('other', tar('1.0.0'))
  await other.start()
  const ran = await other.bin(['upgrade', '7.7.7', '--tar', tar('1.1.0')])
  said(ran, 11, 'holds counter 1.1.0, not 7.7.7; nothing was done')
  assert.is((await other.get()).version, '1.0.0')
  done(await other.bin(['stop']))
})

/** A 1.1.0 with something wrong in it that its checksums agree with. */
async function spoilt(name: string, path: string, edit: (text: string) => string): Promise<void> {
  const file = shop.path(`${name}.tar.gz`)
  await repack(tar('1.1.0'), file, async (dir) => {
    const text = await readFile(join(dir, path), 'utf8')
    assert.is.not(edit(text), text)
    await writeFile(join(dir, path), edit(text))
  })
  done(await node.bin(['unpack', file]))
}

test('upgrade: a module with a syntax error fails at the check', async () => {
  await spoilt('syntax', 'lib/counter-1.1.0/ebin/words.js', (text) => text.replace(/["'`]the count is/, ') $&'))
  await refuses(
    node,
    () => node.bin(['upgrade', '1.1.0']),
    9,
    /error: "counter\/words" would not load: \S+\/lib\/counter-1\.1\.0\/ebin\/words\.js:\d+(:\d+)?: .*(SyntaxError|Unexpected|Invalid|missing)/,
  )
  done(await node.bin(['remove', '1.1.0']))
})

test('upgrade: a configuration that is no JSON', async () => {
  await spoilt('config', 'releases/1.1.0/sys.config.json', () => '{ "counter": { "step": 2 }')
  await refuses(
    node,
    () => node.bin(['upgrade', '1.1.0']),
    11,
    'releases/1.1.0/sys.config.json:1:27: expected "}"; found the end of the line or file',
  )
  done(await node.bin(['remove', '1.1.0']))
})

test('upgrade: a module that throws while it is loaded fails at the check', async () => {
  done(await node.bin(['unpack', tar('1.1.1')]))
  await refuses(
    node,
    () => node.bin(['upgrade', '1.1.1']),
    9,
    /error: "counter\/words" would not load: \S+\/lib\/counter-1\.1\.1\/src\/words\.ts:1:7: the top-level code of "counter\/words" threw: Error: no words today/,
  )
})

test('upgrade: a code_change that throws is undone', async () => {
  done(await node.bin(['unpack', tar('1.1.2')]))
  await refuses(
    node,
    () => node.bin(['upgrade', '1.1.2']),
    10,
    /error: code_change of counter\/counter failed: <0\.\d+\.0> of "counter" refused: Error: cannot migrate this, at \S*codeChange \(\S+\/lib\/counter-1\.1\.2\/src\/counter\.ts:\d+:\d+\); the node runs "1\.0\.0" as before\n$/,
  )
})

test('upgrade: a code_change that never returns is undone', async () => {
  // A node of its own: should it stay stuck, the others are not to suffer.
  const stuck = await shop.deploy('stuck', tar('1.0.0'))
  await stuck.start()
  await stuck.get('/next')
  done(await stuck.bin(['unpack', tar('1.1.3')]))
  await refuses(
    stuck,
    () => stuck.bin(['upgrade', '1.1.3', '--code-change-timeout', '300']),
    10,
    /error: code_change of counter\/counter failed: <0\.\d+\.0> of "counter".*timeout.*; the node runs "1\.0\.0" as before\n$/,
  )
  done(await stuck.bin(['stop']))
})

test('what was refused and undone stands in the history', async () => {
  const { history } = await node.call('history')
  if (!Array.isArray(history)) throw new Error('no history')
  const outcomes = history.filter((one) => one.action === 'install').map((one) => `${one.to} ${one.outcome}`)
  assert.equal(outcomes, [
    '1.0.0 already_installed',
    '1.1.0 bad_module',
    '1.1.0 bad_file',
    '1.1.1 bad_module',
    '1.1.2 install_failed',
  ])
})

test('after all of that a good version is installed', async () => {
  const { n } = await node.get()
  done(await node.bin(['upgrade', '1.1.0', '--tar', tar('1.1.0')]))
  const look = await node.get()
  assert.is(look.version, '1.1.0')
  assert.is(look.n, n)
  assert.equal(look.shape, ['count', 'since'])
})

// ---- nodes that cannot be asked

test('a node of another name', async () => {
  const ran = await otpRel(['status', '--root', node.root, '--name', 'shop'], { cwd: shop.dir })
  said(ran, 7, /error: the node in node is "counter" \(process \d+\), not "shop"/)
})

test('a node that does not run', async () => {
  const idle = await shop.deploy('idle', tar('1.0.0'))
  const before = await contentsOf(idle.root)
  for (const args of [['status'], ['upgrade', '1.1.0', '--tar', tar('1.1.0')], ['commit'], ['stop']]) {
    said(await idle.bin(args), 5, `error: no node runs in ${idle.root}`)
  }
  assert.equal(await contentsOf(idle.root), before)
})

test('a node that was killed and left its file behind; it starts again', async () => {
  const stale = await shop.deploy('stale', tar('1.0.0'))
  // A process that was, and is no more.
  const { pid } = spawnSync('true')
  const file = {
    pid,
    socket: join(stale.root, 'run', 'counter.sock'),
    name: 'counter',
    vsn: '1.0.0',
    node: '',
    started: '',
  }
  await shop.put('stale/run', { 'node.json': file })
  const before = await contentsOf(stale.root)
  said(
    await stale.bin(['upgrade', '1.1.0', '--tar', tar('1.1.0')]),
    5,
    `error: no node runs in ${stale.root}; process ${pid} ended without taking its run/node.json away`,
  )
  assert.equal(await contentsOf(stale.root), before)
  await stale.start()
  assert.is((await stale.get()).version, '1.0.0')
  done(await stale.bin(['stop']))
})

test('a copy of an installation is not its original, whether that runs or was killed', async () => {
  const original = await shop.deploy('original', tar('1.0.0'))
  await original.start()
  await copyFolder(original.root, shop.path('copy'))
  await original.kill()
  await copyFolder(original.root, shop.path('later'))
  await original.start()
  // As if the copy had been made just now.
  await copyFolder(join(original.root, 'run'), shop.path('copy', 'run'))
  const before = await contentsOf(join(original.root, 'run'))
  for (const copy of [release(shop.path('copy')), release(shop.path('later'))]) {
    for (const command of ['status', 'stop']) said(await copy.bin([command]), 5, `error: no node runs in ${copy.root}`)
    await copy.start()
    assert.is.not((await copy.get()).os, (await original.get()).os)
    done(await copy.bin(['stop']))
    assert.equal(await contentsOf(join(original.root, 'run')), before)
  }
  done(await original.bin(['stop']))
})

test('a socket at which nobody answers', async () => {
  const connections: { destroy(): void }[] = []
  const silent = createServer((socket) => connections.push(socket))
  const socket = shop.path('silent.sock')
  await new Promise<void>((resolve) => silent.listen(socket, resolve))
  try {
    const root = shop.path('silent')
    await mkdir(join(root, 'releases'), { recursive: true })
    const file = { pid: process.pid, socket, name: 'counter', vsn: '1.0.0', node: '', started: '' }
    await shop.put('silent/run', { 'node.json': file })
    const before = await contentsOf(root)
    const ran = await otpRel(['upgrade', '1.1.0', '--root', root, '--timeout', '0.3'], { cwd: shop.dir })
    said(
      ran,
      8,
      `error: process ${process.pid} in silent did not answer within 300 ms: its event loop is busy or stopped`,
    )
    assert.ok(ran.ms < 3_000, `it took ${ran.ms} ms`)
    assert.equal(await contentsOf(root), before)
  } finally {
    for (const one of connections) one.destroy()
    silent.close()
  }
})

test.run()
