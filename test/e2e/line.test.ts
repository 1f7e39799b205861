/**
 * The whole line on real processes: build, package, first installation, upgrade under load, back and forth, commit,
 * restart, remove, stop; with no environment but a PATH, from elsewhere and through a link; every command as text and
 * as JSON.
 */
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  contentsOf,
  done,
  jsonOf,
  openWorkshop,
  otpRel,
  type Ran,
  type Release,
  record,
  run,
  telling,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/line')

let shop: Workshop
let project: string
let tars: string
let node: Release
/** `bin/counter` through a link, from another folder, with nothing in the environment but a PATH. */
let bin: (...args: string[]) => Promise<Ran>
let withInput: (input: string, ...args: string[]) => Promise<Ran>

const SYSTEM_PATH = [dirname(process.execPath), '/usr/bin', '/bin'].join(':')

test.before(
  telling(async () => {
    shop = await openWorkshop()
    project = await shop.project('project', [{ vsn: '1.0.0' }, { vsn: '1.1.0' }])
    tars = join(project, '_build', 'tar')
    await mkdir(shop.path('elsewhere'))
    await symlink('../node/bin/counter', shop.path('elsewhere', 'link'))
    await symlink('link', shop.path('elsewhere', 'ctl'))
    const options = { cwd: shop.path('elsewhere'), env: { PATH: SYSTEM_PATH } }
    bin = (...args) => run(shop.path('elsewhere', 'ctl'), args, options)
    withInput = (input, ...args) => run(shop.path('elsewhere', 'ctl'), args, { ...options, input })
  }),
)

test.after(() => shop.close())

/** Requests one after the other, until told to stop; every number that was given out, in order. */
function load(): { stop(): Promise<readonly number[]> } {
  let goesOn = true
  const numbers: number[] = []
  const running = (async () => {
    while (goesOn) numbers.push((await node.get<{ n: number }>('/next')).n)
    return numbers
  })()
  running.catch(() => {})
  return {
    stop: () => {
      goesOn = false
      return running
    },
  }
}

/** Runs a change under load. Fails when a request fails, or a number is lost or given out twice. */
async function underLoad(change: () => Promise<void>): Promise<void> {
  const { n } = await node.get()
  const clients = Array.from({ length: 4 }, load)
  let answers: readonly (readonly number[])[] = []
  try {
    await change()
  } finally {
    answers = await Promise.all(clients.map((client) => client.stop()))
  }
  const numbers = answers.flat().sort((a, b) => a - b)
  assert.ok(numbers.length > 10, `only ${numbers.length} requests`)
  assert.equal(
    numbers,
    numbers.map((_, index) => n + 1 + index),
  )
  const look = await node.get()
  assert.equal([look.n, look.noted], [n + numbers.length, n + numbers.length])
}

test('build', async () => {
  const text = done(await otpRel(['build', '--project', project]))
  for (const line of [
    '* resolving    counter 1.0.0: kernel 1.0.0, stdlib 1.0.0, sasl 1.0.0, counter 1.0.0, web 1.0.0',
    '* generating   releases/1.1.0/start.script.json, relup.json from 1.0.0',
    '* assembled    _build/rel/counter',
  ]) {
    assert.ok(text.includes(`${line}\n`), text)
  }
})

test('tar: the same input gives the same bytes', async () => {
  const text = done(await otpRel(['tar', '--project', project]))
  assert.match(text, /upgrade 1\.0\.0 --restart \(it has no relup: \S+ holds no version that its appups lead from\)/)
  assert.match(text, /otp-rel --project \S+ upgrade 1\.1\.0 --root DIR \(a node that runs 1\.0\.0\)/)
  const first = await contentsOf(tars)
  assert.equal(
    Object.keys(first),
    ['1.0.0', '1.1.0'].flatMap((vsn) =>
      ['cdx.json', 'tar.gz', 'tar.gz.sha256'].map((ending) => `counter-${vsn}.${ending}`),
    ),
  )
  const { releases } = jsonOf(await otpRel(['tar', '--project', project, '--json']))
  assert.equal(Array.isArray(releases) && releases.map(({ name, vsn }) => `${name} ${vsn}`), [
    'counter 1.0.0',
    'counter 1.1.0',
  ])
  assert.equal(await contentsOf(tars), first)
})

test('unpacked into an empty folder it starts', async () => {
  node = await shop.deploy('node', join(tars, 'counter-1.0.0.tar.gz'))
  assert.equal((await readdir(node.root)).sort(), ['bin', 'lib', 'releases'])
  assert.match(done(await bin('start')), /^counter 1\.0\.0 started \(process \d+, .*\)\n$/)
  const again = await bin('start')
  assert.is(again.code, 9)
  assert.match(again.stderr, /^error: counter is running already\n/)
  assert.equal(
    [(await node.get()).version, await node.get('/words'), await node.versions()],
    ['1.0.0', { words: 'number 7' }, '1.0.0 permanent'],
  )
})

/** Commands that change nothing, and what both their forms say. */
const QUESTIONS: readonly (readonly [args: readonly string[], text: RegExp, words: (json: never) => unknown])[] = [
  [
    ['status'],
    /^counter 1\.0\.0 is started\n {2}process +\d+, for .*\n(.*\n)* {2}applications +kernel 1\.0\.0, stdlib 1\.0\.0, sasl 1\.0\.0, counter 1\.0\.0, web 1\.0\.0\n/,
    ({ name, vsn, status }: Record<string, unknown>) => `${name} ${vsn} is ${status}`,
  ],
  [['ping'], /^pong\n$/, ({ pong }: Record<string, unknown>) => (pong === true ? 'pong' : '')],
  [['pid'], /^\d+\n$/, ({ pid }: Record<string, unknown>) => pid],
  [
    ['versions'],
    /^VERSION +STATUS +NODE\n1\.0\.0 +permanent +\S+ +runs and boots\n$/,
    ({ permanent }: Record<string, unknown>) => permanent,
  ],
  [['history'], /^nothing was unpacked/, ({ history }: Record<string, unknown>) => (history as unknown[]).join('')],
  [['rpc', 'counter/words', 'say', '[3]'], /number 3/, (value) => value],
  [['eval', '20 + 1'], /^21\n$/, (value) => value],
]

for (const [args, text, words] of QUESTIONS) {
  test(`${args.join(' ')}: as text and as JSON`, async () => {
    const said = done(await bin(...args))
    assert.match(said, text)
    const json: never = JSON.parse(done(await bin(...args, '--json'))) as never // each row knows its own answer
    assert.ok(said.includes(String(words(json))), `${words(json)} is not in ${said}`)
  })
}

/** otp-rel shows paths from where it is called. */
const typed = (message: unknown): string => String(message).replaceAll(`${shop.dir}/`, '')

test('a refusal has the same words and code in both forms, and so has otp-rel', async () => {
  for (const args of [
    ['upgrade', '9.9.9'],
    ['remove', '1.0.0'],
    ['downgrade', '9.9.9'],
    ['rpc', 'counter/nothing', 'say'],
    ['verions'],
    ['upgrade'],
  ]) {
    const text = await bin(...args)
    const ran = await bin(...args, '--json')
    const error = record(jsonOf(ran).error)
    assert.equal([ran.code, error?.code], [text.code, text.code])
    assert.is(text.stderr.split('\n')[0], `error: ${String(error?.message).split('\n')[0]}`)
    assert.is.not(text.code, 0)
    if (args.length < 2) continue
    const other = await otpRel([...args, '--root', node.root, '--json'], { cwd: shop.dir })
    assert.equal([other.code, record(jsonOf(other).error)?.message], [text.code, typed(error?.message)])
  }
})

test('a module without its application, and half an expression, are told with what was meant and where', async () => {
  const rpc = await bin('rpc', 'words', 'say', '[3]')
  assert.is(rpc.code, 14)
  assert.match(rpc.stderr, /^error: there is no module "words" on this node: .*; did you mean "counter\/words"\?\n/)
  const half = await bin('eval', '1+')
  assert.is(half.code, 14)
  assert.match(half.stderr, /^error: eval:1:3: this is no JavaScript: Unexpected end of input\n {2}1\+\n {4}\^\n/)
})

test('upgrade --dry-run says what it would do and changes nothing that runs', async () => {
  done(await bin('unpack', join(tars, 'counter-1.1.0.tar.gz')))
  const text = done(await bin('upgrade', '1.1.0', '--dry-run'))
  const host = hostname().replaceAll('.', '\\.')
  for (const line of [
    '^counter 1\\.0\\.0 -> 1\\.1\\.0 {3}hot upgrade, nothing restarts',
    `^ {4}counter +update, state converted by code_change \\(1 process on node counter@${host}\\)`,
    `^ {4}tally +update, its processes stand still meanwhile \\(1 process on node counter@${host}\\)`,
    '^ {4}words +load_module',
    '^ {2}config +counter\\.step {2}1 -> 2 \\(no configChange: .*; read by web/listener\\)',
    '^It can be installed: .* 1\\.1\\.0 is on the node; nothing that runs was changed\\.',
  ]) {
    assert.match(text, new RegExp(`${line}$`, 'm'))
  }
  const planned = done(await bin('plan', '1.1.0'))
  assert.is(planned.slice(0, planned.lastIndexOf('Do it:')), text.slice(0, text.lastIndexOf('It can be installed')))
  const otherProject = done(await otpRel(['plan', '1.0.0', '1.1.0', '--root', node.root]))
  assert.is(otherProject.slice(0, otherProject.lastIndexOf('Do it:')), planned.slice(0, planned.lastIndexOf('Do it:')))
  const json = jsonOf(await bin('upgrade', '1.1.0', '--dry-run', '--json'))
  assert.equal([json.from, json.vsn, json.direction], ['1.0.0', '1.1.0', 'up'])
  assert.is((await node.get()).version, '1.0.0')
  assert.is(await node.versions(), '1.1.0 unpacked, 1.0.0 permanent')
})

test('upgrade under load: no request fails, no number is lost, the state is migrated in place', async () => {
  const { pid, os } = await node.get()
  await underLoad(async () => {
    const text = done(await bin('upgrade', '1.1.0'))
    assert.match(text, /^ {2}1\/6 checked the plan, 3 modules compile and evaluate +\S+ m?s\n/)
    assert.match(text, /\ncounter is 1\.1\.0: .* 0 restarted, 1 state converted\. Not permanent yet:\n/)
  })
  const look = await node.get()
  assert.equal([look.version, look.shape, look.step], ['1.1.0', ['count', 'since'], 2])
  assert.equal([look.pid, look.os], [pid, os], 'the same process of the same node')
  assert.equal(await node.get('/words'), { words: 'the count is 7' })
  assert.is(await node.versions(), '1.1.0 current, 1.0.0 permanent')
  assert.match(done(await bin('status')), /^counter 1\.1\.0 is started\n/)
})

test('downgrade under load, to what boots', async () => {
  await underLoad(async () => {
    const { from, to, direction, migrated } = jsonOf(await bin('downgrade', '--json'))
    assert.equal([from, to, direction, migrated], ['1.1.0', '1.0.0', 'down', 1])
  })
  const look = await node.get()
  assert.equal([look.version, look.shape, look.step], ['1.0.0', ['n'], 1])
  assert.is(await node.versions(), '1.1.0 old, 1.0.0 permanent')
})

test('upgrade again, as JSON: progress as lines on standard error, the summary alone on standard output', async () => {
  await underLoad(async () => {
    const ran = await bin('upgrade', '1.1.0', '--json')
    assert.equal([jsonOf(ran).from, jsonOf(ran).to, jsonOf(ran).restarted], ['1.0.0', '1.1.0', 0])
    const steps = ran.stderr
      .trim()
      .split('\n')
      .map((line) => record(record(JSON.parse(line))?.progress))
    assert.equal(
      steps.map((step) => step?.step),
      [1, 2, 3, 4, 5, 6],
    )
    assert.is(steps.at(-1)?.of, 6)
  })
})

test('commit, restart: 1.1.0 boots', async () => {
  const before = (await node.get()).os
  assert.is(done(await bin('commit')), 'counter 1.1.0 is permanent: it is what boots from now on\n')
  assert.equal(jsonOf(await bin('commit', '--json')), {
    vsn: '1.1.0',
    permanent: true,
    on_old_code: {},
    ended: [],
  })
  assert.is(await node.versions(), '1.1.0 permanent, 1.0.0 old')
  assert.match(done(await bin('restart')), /^counter 1\.1\.0 started \(process \d+, .*\)\n$/)
  const look = await node.get()
  assert.equal([look.version, look.n, look.step], ['1.1.0', 0, 2])
  assert.is.not(look.os, before)
})

test('remove takes what only 1.0.0 needs', async () => {
  const { vsn, removed } = jsonOf(await bin('remove', '1.0.0', '--json'))
  assert.equal([vsn, removed], ['1.0.0', true])
  assert.is(await node.versions(), '1.1.0 permanent')
  const left = await contentsOf(node.root)
  assert.equal(
    Object.keys(left).filter((path) => /counter-1\.0\.0|releases\/1\.0\.0/.test(path)),
    [],
  )
  assert.is((await node.get()).version, '1.1.0')
})

test('history tells all of it, in order', async () => {
  const { history } = jsonOf(await bin('history', '--json'))
  if (!Array.isArray(history)) throw new Error('no history')
  assert.equal(
    history.filter(({ outcome }) => outcome === 'ok').map(({ action, to }) => `${action} ${to}`),
    ['unpack 1.1.0', 'install 1.1.0', 'install 1.0.0', 'install 1.1.0', 'make_permanent 1.1.0', 'remove 1.0.0'],
  )
  const rows = done(await bin('history'))
    .trim()
    .split('\n')
    // Why something failed stands below it.
    .filter((line) => !line.startsWith(' '))
  assert.is(rows.length, history.length + 1)
})

test('remote evaluates what is piped into it, and the node goes on', async () => {
  const ran = await withInput('1 + 1\n', 'remote')
  assert.is(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /\b2\b/)
  assert.is((await node.get()).version, '1.1.0')
})

test('stop, as JSON; then nothing runs, and nothing leads to it any more', async () => {
  const { os } = await node.get()
  const { stopped, name, vsn, pid } = jsonOf(await bin('stop', '--json'))
  assert.equal([stopped, name, vsn, pid], [true, 'counter', '1.1.0', os])
  assert.is(await node.hasEnded(), true)
  assert.is((await bin('status')).code, 5)
  // What is left of it is what makes the next start quick.
  assert.equal(
    (await readdir(join(node.root, 'run'))).filter((name) => name !== 'cache'),
    [],
  )
})

test.run()
