import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runTool } from '../../../cli/node/tool.js'
import { capture } from '../support/capture.js'
import { emptyRelease, type FakeNode, type Handler, STATUS, startFakeNode } from '../support/fake_node.js'

const test = suite('cli/node/tool')

let opened: FakeNode[] = []
const fake = async (handlers: Record<string, Handler> = {}) => {
  const node = await startFakeNode(handlers)
  opened.push(node)
  return node
}
test.after.each(async () => {
  for (const node of opened) await node.close()
  opened = []
})

const result =
  (value: unknown): Handler =>
  ({ id }, answer) =>
    answer({ id, result: value })
const refusal =
  (error: unknown): Handler =>
  ({ id }, answer) =>
    answer({ id, error })

/** Runs `bin/shop ARGV` on the release in root. */
async function tool(root: string, ...argv: string[]) {
  const { captured, world } = capture()
  const code = await runTool(['--root', root, '--name', 'shop', '--program', 'bin/shop', ...argv], world)
  return { code, ...captured }
}

const RELEASES = [
  { name: 'shop', vsn: '1.1.0', erts: '20.0.0', libs: [], status: 'current' },
  { name: 'shop', vsn: '1.0.0', erts: '20.0.0', libs: [], status: 'permanent' },
]

test('ping prints pong', async () => {
  const { root } = await fake()
  assert.equal(await tool(root, 'ping'), { code: 0, out: 'pong\n', err: '' })
})

test('a node that does not run ends with 5 and says how to start it', async () => {
  const root = emptyRelease()
  const { code, out, err } = await tool(root, 'status')
  assert.equal([code, out], [5, ''])
  assert.is(err, `error: no node runs in ${root}\n  start it with "bin/shop start"\n`)
})

/** A folder in which no node runs: 1.1.0 boots, as start_otp.json says, whatever RELEASES.json does. */
function withReleases(): string {
  const root = emptyRelease()
  const libs = [{ application: 'shop', vsn: '1.0.0', dir: 'lib/shop-1.0.0' }]
  const list = ['1.1.0 unpacked', '1.0.0 permanent'].map((one) => {
    const [vsn, status] = one.split(' ')
    return { name: 'shop', vsn, erts: '20.0.0', libs, status }
  })
  for (const { vsn = '' } of list) {
    mkdirSync(join(root, 'releases', vsn))
    writeFileSync(join(root, 'releases', vsn, 'start.script.json'), '{}')
  }
  writeFileSync(join(root, 'releases', 'RELEASES.json'), JSON.stringify(list))
  writeFileSync(join(root, 'releases', 'start_otp.json'), '{"erts":"20.0.0","vsn":"1.1.0"}')
  return root
}

test('without a node versions and commit look at the disk, where start_otp.json has the last word', async () => {
  const root = withReleases()
  assert.equal((await tool(root, 'versions')).out.split('\n'), [
    'VERSION  STATUS     NODE',
    '1.1.0    permanent  20.0.0  boots',
    '1.0.0    old        20.0.0  ran before',
    '',
    `no node runs in ${root}`,
    '',
  ])
  assert.equal(await tool(root, 'commit', '1.1.0'), {
    code: 0,
    out: 'shop 1.1.0 is what boots already; no node runs\nStart it:     bin/shop start\n',
    err: '',
  })
  const { code, err } = await tool(root, 'commit')
  assert.is(code, 5)
  assert.match(err, /say which version is to boot\n {2}have it boot: "bin\/shop commit 1\.0\.0"\n$/)
  assert.is((await tool(root, 'commit', '2.0.0')).code, 9)
  assert.is((await tool(root, 'commit', '1.0.0')).code, 0)
  assert.match(readFileSync(join(root, 'releases', 'start_otp.json'), 'utf8'), /"vsn":"1\.0\.0"/)
  assert.match(readFileSync(join(root, 'releases', 'RELEASES.json'), 'utf8'), /"1\.1\.0".*"old"/)
  assert.match(
    readFileSync(join(root, 'releases', 'history.json'), 'utf8'),
    /"make_permanent".*"message":"no node ran"/,
  )
})

test('a node that its launcher is starting, or has given up, is not simply one that does not run', async () => {
  const root = withReleases()
  const run = join(root, 'run')
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, 'crashed'), '{"state":"given_up","since":1000,"ends":6,"status":12,"next":0}\n')
  const given = await tool(root, 'status')
  assert.is(given.code, 5)
  assert.match(given.err, /it ended 6 times since .*, the last time with status 12; its launcher has given up\n/)

  const launcher = spawn('/bin/sh', ['-c', 'sleep 60 & wait', 'launch'], { detached: true, stdio: 'ignore' })
  try {
    writeFileSync(join(run, 'launcher.pid'), `${launcher.pid}\n${realpathSync(run)}\n`)
    writeFileSync(join(run, 'crashed'), '')
    assert.match(
      (await tool(root, 'status')).err,
      /no node runs in .* yet: it is being started \(launcher, process \d+\)/,
    )
    const refused = await tool(root, 'commit', '1.0.0', '--timeout', '0.1')
    assert.is(refused.code, 9)
    assert.match(refused.err, /is starting the node: what boots is not changed meanwhile/)
    writeFileSync(join(run, 'crashed'), '{"state":"waiting","since":1000,"ends":1,"status":137,"next":9000000000}\n')
    assert.match(
      (await tool(root, 'status')).err,
      /it ended 1 time since .*; its launcher \(process \d+\) starts it again in /,
    )
    assert.match((await tool(root, 'commit', '1.0.0')).out, /The launcher starts it at its next try, in /)
  } finally {
    process.kill(-Number(launcher.pid), 'SIGKILL')
  }
})

test('with --json the failure is a document on standard output', async () => {
  const root = emptyRelease()
  const { code, out, err } = await tool(root, 'status', '--json')
  assert.equal([code, err], [5, ''])
  assert.equal(JSON.parse(out).error.tag, 'not_running')
})

test('status shows what the node says of itself, and only what it says', async () => {
  const { root } = await fake()
  const { out } = await tool(root, 'status')
  assert.match(
    out,
    /^shop 1\.0\.0 is started\n {2}process {6}\d+, for .*\n {2}node {9}Node 20\.20\.2\n {2}applications kernel 1\.0\.0\n$/,
  )
})

test('status ends with 19 where an application that should run does not, and names it', async () => {
  const down = { ...STATUS, not_running: ['shop', 'web'] }
  const { root } = await fake({ status: result(down) })
  const { code, out, err } = await tool(root, 'status')
  assert.is(code, 19)
  assert.match(out, /\n {2}not running {2}shop, web\n/)
  assert.match(err, /^error: the release starts "shop", "web" permanently, and they do not run\n.*bin\/shop restart\n/)
  const asked = await tool(root, 'status', '--json')
  const { error } = JSON.parse(asked.out)
  assert.equal([asked.code, error.code, error.facts.not_running, error.facts.vsn], [19, 19, ['shop', 'web'], '1.0.0'])
  assert.equal(await tool(root, 'ping'), { code: 0, out: 'pong\n', err: '' })
})

test('versions are a table that tells what runs and what boots', async () => {
  const { root } = await fake({ releases: result(RELEASES) })
  assert.equal((await tool(root, 'versions')).out.split('\n'), [
    'VERSION  STATUS     NODE',
    '1.1.0    current    20.0.0  runs, does not boot: not committed',
    '1.0.0    permanent  20.0.0  boots',
    '',
  ])
  assert.equal(JSON.parse((await tool(root, 'releases', '--json')).out), RELEASES)
})

test("OTP's form of a release is read too", async () => {
  const { root } = await fake({ releases: result([['shop', '1.0.0', ['kernel-1.0.0'], 'permanent']]) })
  assert.match((await tool(root, 'versions')).out, /1\.0\.0 {4}permanent {8}runs and boots/)
})

const CHECKED = {
  vsn: '1.2.0',
  from: '1.1.0',
  modules: { loaded: ['shop/cart', 'shop/price'], removed: [] },
  applications: {},
  irreversible: ['shop/mail.send'],
  plan: {
    format: 1,
    name: 'shop',
    from: '1.1.0',
    to: '1.2.0',
    direction: 'up',
    file: 'releases/1.2.0/relup.json',
    verdict: { kind: 'hot' },
    applications: [
      {
        application: 'shop',
        change: 'changed',
        from: '1.1.0',
        to: '1.2.0',
        type: null,
        modules: [{ id: 'shop/cart', change: 'update', migrated: true, same: false }],
      },
    ],
    config: [],
    providers: [],
    packages: [],
    runtime: { node: null, erts: null, restart: null },
    calls: [{ call: 'shop/mail:send()', when: 'upgrade', undone: false }],
    live: { node: 'shop@host', processes: { 'shop/cart': 12 } },
  },
}

const PLAN_TEXT = [
  'shop 1.1.0 -> 1.2.0   hot upgrade, nothing restarts',
  '  shop 1.1.0 -> 1.2.0',
  '    cart          update, state converted by code_change (12 processes on node shop@host)',
  '  no undo  shop/mail:send() (a failure after it cannot take it back)',
]

/** The last request's parameters; each says who asks. */
function withoutWho(node: FakeNode) {
  const { who, ...params } = node.requests.filter(({ params = {} }) => 'who' in params).at(-1)?.params ?? {}
  assert.type(who, 'string')
  return params
}

const UPGRADED = { from: '1.0.0', to: '1.2.0', duration_ms: 34, longest_pause_ms: 3, restarted: 0, migrated: 12 }

test('upgrade finds the package beside the release, shows each step and says what to type next', async () => {
  const node = await fake({
    releases: result(RELEASES),
    upgrade: ({ id }, answer) => {
      answer({ id, progress: { step: 1, of: 2, text: 'checked the plan', ms: 18 } })
      answer({ id, progress: { unknown: 'form' } })
      answer({ id, result: UPGRADED })
    },
  })
  const tar = join(node.root, 'releases', 'shop-1.2.0.tar.gz')
  writeFileSync(tar, '')
  const { code, out } = await tool(node.root, 'upgrade', '1.2.0')
  assert.is(code, 0)
  assert.equal(out.split('\n'), [
    '  1/2 checked the plan                                               18 ms',
    'shop is 1.2.0: 34 ms, longest pause of a process 3 ms, 0 restarted, 12 states converted. Not permanent yet:',
    'make it so with "bin/shop commit"; go back with "bin/shop downgrade 1.0.0"',
    '',
  ])
  assert.equal(withoutWho(node), { vsn: '1.2.0', tar })
})

test('with --json steps are lines on standard error and the result alone is on standard output', async () => {
  const { root } = await fake({
    releases: result([...RELEASES, { vsn: '1.2.0', status: 'unpacked' }]),
    install: result(UPGRADED),
    upgrade: ({ id }, answer) => {
      answer({ id, progress: { step: 1, of: 2, text: 'checked' } })
      answer({ id, result: UPGRADED })
    },
  })
  const { out, err } = await tool(root, 'install', '1.2.0', '--json')
  assert.equal(JSON.parse(out), UPGRADED)
  assert.is(err, '{"progress":{"step":1,"of":2,"text":"checked"}}\n')
})

test('a version that is nowhere names the places that were looked at', async () => {
  const { root } = await fake({ releases: result(RELEASES) })
  const { code, err } = await tool(root, 'upgrade', '9.9.9')
  assert.is(code, 9)
  assert.ok(err.includes(`no version "9.9.9"`) && err.includes(join(root, 'releases', 'shop-9.9.9.tar.gz')), err)
})

test('a version that was built in place needs no package', async () => {
  const node = await fake({ releases: result(RELEASES), upgrade: result(UPGRADED) })
  mkdirSync(join(node.root, 'releases', '1.2.0'))
  writeFileSync(join(node.root, 'releases', '1.2.0', 'shop.rel.json'), '{}')
  assert.is((await tool(node.root, 'upgrade', '1.2.0')).code, 0)
  assert.equal(withoutWho(node), { vsn: '1.2.0' })
})

test('a package that is named and absent is a wrong input', async () => {
  const { root } = await fake({ releases: result(RELEASES) })
  assert.is((await tool(root, 'upgrade', '9.9.9', '--tar', '/nonexistent.tgz')).code, 3)
})

test('a package of another version is refused before a hook is asked', async () => {
  const node = await fake({ releases: result(RELEASES), package: result({ name: 'shop', vsn: '1.0.0' }) })
  mkdirSync(join(node.root, 'hooks'))
  writeFileSync(join(node.root, 'hooks', 'pre_upgrade'), '#!/bin/sh\necho asked >&2\nexit 1\n', { mode: 0o755 })
  const tar = join(node.root, 'shop.tar.gz')
  writeFileSync(tar, '')
  assert.equal(await tool(node.root, 'upgrade', '1.2.0', '--tar', tar), {
    code: 11,
    out: '',
    err: `error: ${tar} holds shop 1.0.0, not 1.2.0; nothing was done\n`,
  })
  const { code, err } = await tool(node.root, 'upgrade', '1.0.0', '--tar', tar)
  assert.is(code, 9)
  assert.match(err, /pre_upgrade of shop 1\.0\.0 is refused/)
})

test('a downgrade of what boots goes to the version that ran before, or says which did', async () => {
  const all = ['1.3.0 permanent', '1.2.0 unpacked', '1.1.0 old'].map((one) => {
    const [vsn, status] = one.split(' ')
    return { name: 'shop', vsn, erts: '20.0.0', libs: [], status }
  })
  const history = [{ action: 'install', from: '1.1.0', to: '1.3.0', outcome: 'ok' }]
  const node = await fake({ releases: result(all), history: result({ history }), downgrade: result(UPGRADED) })
  assert.is((await tool(node.root, 'downgrade')).code, 0)
  assert.equal(node.requests.find(({ method }) => method === 'downgrade')?.params?.vsn, '1.1.0')
  const unknown = await fake({ releases: result(all), history: result({ history: [] }) })
  const { code, err } = await tool(unknown.root, 'downgrade')
  assert.is(code, 9)
  assert.match(
    err,
    /1\.3\.0 runs and is what boots, and no other .*\n {2}say which version: "bin\/shop downgrade 1\.1\.0"\n$/,
  )
})

test('a dry run checks and changes nothing', async () => {
  const node = await fake({
    releases: result([...RELEASES, { vsn: '1.2.0', status: 'unpacked' }]),
    check: result(CHECKED),
  })
  const { code, out } = await tool(node.root, 'upgrade', '1.2.0', '--dry-run')
  assert.is(code, 0)
  assert.equal(out.split('\n'), [
    ...PLAN_TEXT,
    'It can be installed: files, configuration and every new module were tried. 1.2.0 is on the node; nothing that runs was changed.',
    '',
  ])
  assert.not.ok(node.requests.some(({ method }) => method === 'upgrade'))
})

test('a node that plans in another form is still told to be ready', async () => {
  const releases = result([...RELEASES, { vsn: '1.2.0', status: 'unpacked' }])
  const node = await fake({ releases, check: result({ ...CHECKED, plan: { format: 2 } }) })
  assert.match(
    (await tool(node.root, 'upgrade', '1.2.0', '--dry-run')).out,
    /^shop 1\.1\.0 -> 1\.2\.0\nIt can be installed/,
  )
})

test('plan shows what the node plans, and asks for nothing that changes it', async () => {
  const node = await fake({ plan: result(CHECKED.plan) })
  const { code, out } = await tool(node.root, 'plan', '1.2.0')
  assert.is(code, 0)
  assert.equal(out.split('\n'), [...PLAN_TEXT, 'Do it:         bin/shop upgrade 1.2.0', ''])
  assert.equal(
    node.requests.map(({ method }) => method),
    ['status', 'plan'],
  )
  assert.equal(JSON.parse((await tool(node.root, 'plan', '1.2.0', '--json')).out), CHECKED.plan)
})

test('a dry run of a restart is asked for as such, and says that states are new', async () => {
  const checked = { vsn: '1.2.0', from: '1.1.0', restart: { instruction: 'restart_emulator' }, plan: null }
  const node = await fake({ releases: result([{ vsn: '1.2.0', status: 'unpacked' }]), check: result(checked) })
  const { code, out } = await tool(node.root, 'upgrade', '1.2.0', '--restart', '--dry-run')
  assert.is(code, 0)
  assert.match(out, /1\.1\.0 -> 1\.2\.0\nIt can be booted: the node is restarted, states are new/)
})

// the node's refusal, exit code, why
const REFUSALS = [
  [{ tag: 'already_installed', message: 'x' }, 9, 'a version that runs already is refused'],
  [{ tag: 'no_matching_relup', message: 'x' }, 9, 'so is one without a way to it'],
  [{ tag: 'install_failed', message: 'x', notUndone: [] }, 10, 'a failure that was undone has its own code'],
  [{ tag: 'install_failed', message: 'x', notUndone: ['y'] }, 16, 'and another one when not all of it was'],
  [{ tag: 'checksum_mismatch', message: 'x' }, 11, 'a broken package'],
  [{ tag: 'no_space', message: 'x' }, 15, 'a full disk'],
  [{ tag: 'cancelled', message: 'x' }, 130, 'an upgrade that the user gave up'],
  [{ tag: 'of_the_future', message: 'x' }, 9, 'a reason this program does not know is a refusal'],
] as const
for (const [error, expected, why] of REFUSALS) {
  test(why, async () => {
    const { root } = await fake({ releases: result([{ vsn: '1.2.0', status: 'unpacked' }]), upgrade: refusal(error) })
    assert.is((await tool(root, 'upgrade', '1.2.0')).code, expected)
  })
}

test('what an upgrade could not put back ends with the ways out', async () => {
  const error = { tag: 'install_failed', message: 'x', notUndone: ['y'] }
  const { root } = await fake({ releases: result([{ vsn: '1.2.0', status: 'unpacked' }]), upgrade: refusal(error) })
  const { err } = await tool(root, 'upgrade', '1.2.0')
  assert.match(err, /^error: x\n.*bin\/shop status\n.*bin\/shop restart\n.*--error-action restart/)
})

test('going back to what boots needs no commit, and is what downgrade does by itself', async () => {
  const node = await fake({
    releases: result({ releases: RELEASES, running: '1.1.0', permanent: '1.0.0' }),
    downgrade: result({ from: '1.1.0', to: '1.0.0', duration_ms: 5 }),
  })
  assert.is((await tool(node.root, 'downgrade')).out, 'shop is 1.0.0: 5 ms. It is what boots.\n')
  assert.equal(withoutWho(node), { vsn: '1.0.0' })
})

test('processes that are not as the others are named', async () => {
  const left = { ...UPGRADED, skipped: ['<0.9.0>'], on_old_code: { 'shop/cart': ['<0.7.0>'] } }
  const { root } = await fake({ releases: result([{ vsn: '1.2.0', status: 'unpacked' }]), upgrade: result(left) })
  assert.equal((await tool(root, 'upgrade', '1.2.0')).out.split('\n').slice(2), [
    'not suspended in time and left out: <0.9.0>',
    'still on the code of before, in a callback that has not returned: shop/cart (<0.7.0>)',
    '',
  ])
})

test('commit without a version means the one that runs', async () => {
  const node = await fake({ releases: result(RELEASES), commit: result('ok') })
  assert.is((await tool(node.root, 'commit')).out, 'shop 1.1.0 is permanent: it is what boots from now on\n')
  assert.equal(withoutWho(node), { vsn: '1.1.0' })
})

test('rpc passes its arguments as JSON and prints a term', async () => {
  const node = await fake({ rpc: result(['ok', { $pid: '<0.7.0>' }]) })
  assert.is((await tool(node.root, 'rpc', 'shop/cart', 'add', '["apple", 2]')).out, "[ 'ok', <0.7.0> ]\n")
  assert.equal(node.requests.at(-1)?.params, { module: 'shop/cart', function: 'add', args: ['apple', 2] })
})

test('arguments of rpc that are no array are refused before the node is asked', async () => {
  const { code, err } = await tool(emptyRelease(), 'rpc', 'shop/cart', 'add', '"apple"')
  assert.is(code, 2)
  assert.match(err, /must be a JSON array/)
})

test('a function that is not there is named', async () => {
  const reason = ['undef', ['a/b', 'c', []]]
  const { root } = await fake({ rpc: refusal({ tag: 'error', message: '[..]', error: { $error: { reason } } }) })
  const { code, err } = await tool(root, 'rpc', 'a/b', 'c')
  assert.is(code, 14)
  assert.match(err, /^error: there is no function "c" in "a\/b" on this node/)
})

test('a module or function that is not there is named with what was probably meant', async () => {
  const reason = ['undef', ['counter', 'c', []]]
  const error = { tag: 'error', message: '[..]', error: { $error: { reason } } }
  const { root } = await fake({ rpc: refusal({ ...error, missing: 'module', near: 'shop/counter' }) })
  const { code, err } = await tool(root, 'rpc', 'counter', 'c')
  const words =
    'there is no module "counter" on this node: a module is APPLICATION/MODULE; did you mean "shop/counter"?'
  assert.equal([code, err], [14, `error: ${words}\n`])
  const { root: other } = await fake({ rpc: refusal({ ...error, missing: 'function' }) })
  assert.is((await tool(other, 'rpc', 'counter', 'c')).err, 'error: "counter" exports no function "c"\n')
})

test('an expression that is no JavaScript is shown with the place', async () => {
  const refused = { tag: 'syntax_error', message: "Unexpected token ';'", line: 2, column: 5, text: 'b = ; b' }
  const { root } = await fake({ eval: refusal(refused) })
  const { code, err } = await tool(root, 'eval', '1\nb = ; b')
  assert.is(code, 14)
  assert.is(err, "error: eval:2:5: this is no JavaScript: Unexpected token ';'\n  b = ; b\n      ^\n")
})

test('a function that fails on the node has its own exit code, and shows where', async () => {
  const stack =
    'Error: no\n    at f (a.ts:1:2)\n    at run (/r/lib/kernel-1.0.0/priv/erts.mjs:1:1)\n    at node:internal/x'
  const { root } = await fake({ rpc: refusal({ tag: 'error', message: 'no', error: { $error: { stack } } }) })
  const { code, err } = await tool(root, 'rpc', 'a/b', 'c')
  assert.equal([code, err], [14, 'error: no\n  at f (a.ts:1:2)\n'])
})

test('a process that ended by an error: the error without its stack, and where it was thrown, once', async () => {
  const stack = 'TypeError: no\n    at f (a.ts:1:2)\n    at serve (/r/lib/stdlib-1.0.0/src/gen_call.ts:1:1)'
  const error = { $error: { name: 'TypeError', message: 'no', stack } }
  const reason = [
    [error, ['f (a.ts:1:2)', 'serve (/r/lib/stdlib-1.0.0/src/gen_call.ts:1:1)']],
    ['gen_server', 'call', ['x']],
  ]
  const { root } = await fake({ rpc: refusal({ tag: 'exit', message: `${stack} ${stack}`, reason }) })
  const { code, err } = await tool(root, 'rpc', 'a/b', 'c')
  assert.equal(
    [code, err],
    [
      14,
      `error: "x" ended before it answered: [ TypeError: no, [ 'gen_server', 'call', [ 'x' ] ] ]\n  at f (a.ts:1:2)\n`,
    ],
  )
})

for (const [cause, words] of [
  ['noproc', 'there is no process "cart": '],
  ['timeout', '"cart" did not answer in time: '],
  ['calling_self', '"cart" called itself: '],
  [['nodedown', 'a@b'], '"cart" is on a node that cannot be reached: '],
  ['shutdown', '"cart" ended before it answered: '],
] as const) {
  test(`a call that failed with ${JSON.stringify(cause)} is told in words before the term`, async () => {
    const reason = [cause, ['GenServer', 'call', ['cart', 'count']]]
    const { root } = await fake({ rpc: refusal({ tag: 'exit', message: 'x', reason }) })
    const { err } = await tool(root, 'rpc', 'shop/cart', 'count')
    assert.is(err.slice(0, err.indexOf('[')), `error: ${words}`)
  })
}

test('a reason that is no failed call stays as it is', async () => {
  const { root } = await fake({ rpc: refusal({ tag: 'exit', message: 'x', reason: ['no', 'idea'] }) })
  assert.is((await tool(root, 'rpc', 'shop/cart', 'count')).err, "error: [ 'no', 'idea' ]\n")
})

test('eval sends the text as it is', async () => {
  const node = await fake({ eval: result(2) })
  assert.is((await tool(node.root, 'eval', '1 + 1')).out, '2\n')
  assert.equal(node.requests.at(-1)?.params, { expression: '1 + 1' })
})

// what becomes of the node that was told to stop, where its number is that of this test, exit code, what is said
const STOPS: readonly (readonly [string, (root: string, socket: Socket) => void, number, RegExp])[] = [
  [
    'goes',
    (root, socket) => rmSync(join(root, 'run'), { recursive: true }) ?? socket.end(),
    0,
    /^shop 1\.0\.0 stopped/,
  ],
  ['leaves its file', (root, socket) => rmSync(join(root, 'run', 'shop.sock')) ?? socket.end(), 8, /in its container/],
  [
    'goes on',
    () => {},
    8,
    /still runs after 0\.2 s\n.*\n {2}end it by force in its container: process \d+ is another here\n$/,
  ],
  ['closes the connection and goes on', (_, socket) => socket.end(), 8, /still runs after 0\.2 s/],
  [
    'is another already',
    (root, socket) => writeFileSync(join(root, 'run', 'node.json'), nodeFileOf(root, 'later')) ?? socket.end(),
    0,
    /^shop 1\.0\.0 stopped/,
  ],
]
for (const [what, ends, expected, said] of STOPS) {
  test(`stop of a node in a container that ${what} is judged by its socket, and nobody's process is to be killed`, async () => {
    const { root } = await fake({
      stop: ({ id }, answer, socket) => {
        answer({ id, result: 'ok' })
        ends(root, socket)
      },
    })
    writeFileSync(join(root, 'run', 'node.json'), nodeFileOf(root, 'first'))
    const { code, out, err } = await tool(root, 'stop', '--wait', '0.2')
    assert.is(code, expected, err)
    assert.match(out + err, said)
    assert.not.match(err, /kill/)
  })
}

function nodeFileOf(root: string, started: string): string {
  const socket = join(root, 'run', 'shop.sock')
  const pid_namespace = 'pid:[1]'
  return JSON.stringify({ pid: process.pid, pid_namespace, socket, name: 'shop', vsn: '1.0.0', started })
}

test('wait notices that the process it waits for has ended', async () => {
  const root = emptyRelease()
  const { code, err } = await tool(root, 'wait', '--pid', String(2 ** 22 + 1), '--wait', '60')
  assert.is(code, 12)
  assert.match(err, /ended before the node had started/)
})

test('wait goes on while the node says that it is starting', async () => {
  let asked = 0
  const { root } = await fake({
    status: ({ id }, answer) => answer({ id, result: { name: 'shop', status: ++asked < 3 ? 'starting' : 'started' } }),
  })
  const { code, out } = await tool(root, 'wait')
  assert.equal([code, asked], [0, 3])
  assert.match(out, /^shop 1\.0\.0 started \(process \d+, /)
})

test('history is a line for each thing that was done', async () => {
  const entry = {
    at: '2025-01-01T00:00:00Z',
    who: 'eve',
    action: 'install',
    from: '1.0.0',
    to: '1.1.0',
    outcome: 'ok',
    duration_ms: 34.2,
  }
  const { root } = await fake({ history: result({ history: [entry] }) })
  assert.equal((await tool(root, 'history')).out.split('\n'), [
    'AT                    WHO  ACTION   FROM   TO     OUTCOME   TOOK',
    '2025-01-01T00:00:00Z  eve  install  1.0.0  1.1.0  ok       34 ms',
    '',
  ])
})

test('below it stands why something failed, and which processes were not as usual', async () => {
  const failed = { at: 'T', who: 'eve', action: 'install', from: '1', to: '2', outcome: 'check_failed', duration_ms: 1 }
  const done = { ...failed, outcome: 'ok', processes: { suspended: 2, converted: 1, killed: ['<0.7.0> (shop/cart)'] } }
  const entries = [{ ...failed, message: 'two faults:\n  - one\n  - two' }, done]
  const { root } = await fake({ history: result({ history: entries }) })
  assert.equal((await tool(root, 'history')).out.split('\n').slice(1), [
    'T   eve  install  1     2   check_failed  1 ms',
    '  two faults:',
    '    - one',
    '    - two',
    'T   eve  install  1     2   ok            1 ms',
    '  killed: <0.7.0> (shop/cart)',
    '',
  ])
})

test('an upgrade tells what became of children and processes', async () => {
  const summary = {
    from: '1.0.0',
    to: '1.1.0',
    duration_ms: 5,
    migrated: 1,
    restarted: 0,
    skipped: [],
    killed: ['<0.7.0> (shop/cart) of "shop"'],
    died: [],
    ended: [],
    children_started: ["child 'audit' of shop/shop_sup"],
    children_stopped: [],
    on_old_code: {},
  }
  let asked: unknown
  const { root } = await fake({
    releases: result({ releases: [{ name: 'shop', vsn: '1.1.0', status: 'unpacked' }] }),
    upgrade: (request, answer) => {
      asked = request.params
      answer({ id: request.id, result: summary })
    },
  })
  const { out } = await tool(root, 'upgrade', '1.1.0', '--unsuspended', 'kill', '--keep-children')
  assert.match(out, /started: child 'audit' of shop\/shop_sup/)
  assert.match(out, /killed; their supervisors start them again: <0\.7\.0> \(shop\/cart\)/)
  assert.is((asked as { unsuspended: string }).unsuspended, 'kill')
  assert.is((asked as { update_children: boolean }).update_children, false)
})

test('a command that is none has a nearest one', async () => {
  const { code, err } = await tool(emptyRelease(), 'upgrad')
  assert.is(code, 2)
  assert.match(err, /unknown command "upgrad"; did you mean "upgrade"\?/)
})

test('help lists every command and every exit code', async () => {
  const { code, out } = await tool(emptyRelease(), 'help')
  assert.is(code, 0)
  for (const word of ['foreground', 'daemon', 'upgrade VSN', 'rpc MODULE FUNCTION [ARGS]', 'not_answering'])
    assert.ok(out.includes(word), word)
})

test('help of a command has its usage and examples', async () => {
  const { out } = await tool(emptyRelease(), 'upgrade', '--help')
  assert.ok(out.includes('Usage  bin/shop upgrade VSN [options]'), out)
  assert.ok(out.includes('bin/shop upgrade 1.1.0 --dry-run'), out)
})

test('remote passes bytes both ways until the node ends it', async () => {
  const { root } = await fake({
    remote: ({ id }, _answer, socket) => {
      socket.write(`${JSON.stringify({ id, result: true })}\n> `)
      socket.removeAllListeners('data')
      socket.on('data', (chunk) => socket.end(`you said ${chunk}`))
    },
  })
  const { world } = capture()
  const said: string[] = []
  world.stdout.on('data', (chunk) => {
    said.push(String(chunk))
    // Reason for the cast: the input of the test is a PassThrough, see capture.
    if (String(chunk) === '> ') (world.stdin as unknown as { write(text: string): void }).write('.exit')
  })
  assert.is(await runTool(['--root', root, '--name', 'shop', 'remote'], world), 0)
  assert.is(said.join(''), '> you said .exit')
})

test('stop is done when the process has ended', async () => {
  // The fake node is this process, which does not end: the command must say so.
  const { root } = await fake({ stop: result('ok') })
  const { code, err } = await tool(root, 'stop', '--wait', '0.1')
  assert.is(code, 8)
  assert.match(err, /was told to stop and still runs/)
})

test('unpack takes a version or a file', async () => {
  const node = await fake({ unpack: result({ vsn: '1.2.0' }) })
  mkdirSync(join(node.root, 'x'))
  const file = join(node.root, 'x', 'any.tar.gz')
  writeFileSync(file, '')
  assert.is(
    (await tool(node.root, 'unpack', file)).out,
    'shop 1.2.0 is unpacked\nInstall it:   bin/shop upgrade 1.2.0\n',
  )
  assert.equal(withoutWho(node), { tar: file })
})

test('unpack of a file that is not there ends with 3, and does not ask the node for a version of that name', async () => {
  const node = await fake({ unpack: result({ vsn: '1.2.0' }) })
  for (const missing of ['missing.tar.gz', 'folder/missing']) {
    const { code, err } = await tool(node.root, 'unpack', missing)
    assert.equal([code, node.requests.filter(({ method }) => method === 'unpack')], [3, []])
    assert.match(err, new RegExp(missing))
  }
})

test.run()
