import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../../cli/commands/run.js'
import { COMMANDS, SHARED_OPTIONS } from '../../../cli/commands/table.js'
import { capture } from '../support/capture.js'
import { startFakeNode } from '../support/fake_node.js'

const test = suite('cli/commands/run')

const folders: string[] = []
test.after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder with these files. */
function folder(files: Record<string, string> = {}): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'otp-run-')))
  folders.push(dir)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, path, '..'), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

const config = (...names: string[]) =>
  JSON.stringify({ releases: names.map((name) => ({ name, vsn: '1.0.0', applications: ['sasl'] })) })

async function cli(cwd: string, ...argv: string[]) {
  const { captured, world } = capture()
  const code = await runCli(argv, { ...world, cwd })
  return { code, ...captured }
}

// command line, exit code, what standard error says, why
const REFUSED = [
  [
    ['biuld'],
    2,
    /^error: unknown command "biuld"; did you mean "build"\?\n {2}see "otp-rel help"\n$/,
    'the nearest command',
  ],
  [['xyzzy'], 2, /there is no otp\.config\.json here/, 'no nearest one: the real cause may be the folder'],
  [
    ['build'],
    3,
    /^error: no otp\.config\.json here, nor in any folder above: this is not an otp-rel project\n/,
    'no project',
  ],
  [['status'], 3, /or say where the release is with --root DIR/, 'a node of no project'],
  [
    ['build', '--project', 'nowhere'],
    3,
    /no otp\.config\.json in nowhere, where --project says/,
    'a project that is none',
  ],
  [
    ['build', '--project', 'conf/otp.config.json'],
    3,
    /^error: --project takes the folder of the project; conf\/otp\.config\.json is a file\n {2}--project conf\n/,
    'a file of a project',
  ],
  [
    ['upgrade'],
    2,
    /^error: "upgrade" needs VSN\n {2}otp-rel upgrade VSN\n {2}see "otp-rel help upgrade"\n$/,
    'a missing argument',
  ],
  [['build', '--dry-run=1'], 2, /^error: "--dry-run" takes no value; got "1"/, 'a switch with a value'],
  [
    ['build', '--json=false'],
    2,
    /^error: "--json" takes no value; got "false"/,
    'a switch of every command with a value',
  ],
  [['build', '--dryrun'], 2, /unknown option "--dryrun"; did you mean "--dry-run"\?/, 'an unknown option'],
  [['status', '--root', '/nonexistent'], 3, /no release in \/nonexistent/, 'no release there'],
  [['help', 'upgrad'], 2, /did you mean "upgrade"/, 'help of no command'],
] as const
for (const [argv, code, said, why] of REFUSED) {
  test(`refused: ${why}`, async () => {
    const { code: got, out, err } = await cli(folder({ 'conf/otp.config.json': '{}' }), ...argv)
    assert.equal([got, out], [code, ''])
    assert.match(err, said)
  })
}

// command line, what is to be typed next
const AGAIN = [
  [['status', '--profile', 'prod', '--root', 'rel'], 'otp-rel --profile prod --root rel start'],
  [['--root', 'rel', '--set', "a=it's", 'status'], "otp-rel --set 'a=it'\\''s' --root rel start"],
  [['--project=.', 'status', '--root', 'rel'], 'otp-rel --project . --root rel start'],
  [['plan', '1.0.0', '1.1.0', '--profile', 'prod', '--root', 'rel'], 'otp-rel --profile prod build'],
] as const
for (const [argv, said] of AGAIN) {
  test(`what to type next means the same project and node: ${argv.join(' ')}`, async () => {
    const { err } = await cli(folder({ 'rel/bin/shop': '', 'rel/releases/start_otp.json': '{}' }), ...argv)
    assert.ok(err.includes(`"${said}"`), err)
  })
}

test('dev --json prints one document a line, its refusal too', async () => {
  const { out } = await cli(folder(), 'dev', '--json')
  assert.is(out.indexOf('\n'), out.length - 1)
  assert.is(JSON.parse(out).error.tag, 'no_config')
})

test('with --json a refusal is a document with the same words', async () => {
  const { out, err } = await cli(folder(), 'build', '--json')
  assert.is(err, '')
  const { error } = JSON.parse(out)
  assert.equal([error.tag, error.exit, error.code], ['no_config', 'bad_input', 3])
})

test('what belongs to the called function is not ours', async () => {
  const node = await startFakeNode({ eval: ({ id }, answer) => answer({ id, result: 1 }) })
  const { code, out } = await cli(folder(), 'eval', '--root', node.root, '--', '--json')
  assert.equal([code, out], [0, '1\n'])
  assert.equal(node.requests.at(-1)?.params, { expression: '--json' })
  await node.close()
})

test('faults of a configuration stand first, from where the user stands', async () => {
  const dir = folder({ 'otp.config.json': '{ "releases": [],\n  "relases": 1 }', 'apps/shop/x': '' })
  const { code, err } = await cli(dir, 'status')
  assert.is(code, 3)
  assert.match(err, /^otp\.config\.json:\d+:\d+ /)
})

test('the node is that of the only release, looked for from below the project too', async () => {
  const dir = folder({ 'otp.config.json': config('shop'), 'apps/shop/x': '', '_build/rel/shop/releases/x': '' })
  const { code, err } = await cli(join(dir, 'apps', 'shop'), 'ping')
  assert.is(code, 5)
  assert.ok(err.startsWith(`error: no node runs in ${join(dir, '_build', 'rel', 'shop')}\n`), err)
})

test('one of several releases must be named', async () => {
  const dir = folder({ 'otp.config.json': config('shop', 'mail'), '_build/rel/mail/releases/x': '' })
  assert.match((await cli(dir, 'ping')).err, /otp\.config\.json has several releases: "shop", "mail"/)
  assert.is((await cli(dir, 'ping', '--name', 'mail')).code, 5)
  assert.match(
    (await cli(dir, 'ping', '--name', 'mial')).err,
    /has no release "mial", only "shop", "mail"; did you mean "mail"\?/,
  )
})

test('a release folder can be stood in', async () => {
  const node = await startFakeNode()
  mkdirSync(join(node.root, 'bin'))
  assert.equal(await cli(node.root, 'ping'), { code: 0, out: 'pong\n', err: '' })
  await node.close()
})

test('upgrade takes the package that the project built', async () => {
  const node = await startFakeNode({
    releases: ({ id }, answer) => answer({ id, result: [{ name: 'shop', vsn: '1.0.0', status: 'permanent' }] }),
    upgrade: ({ id }, answer) => answer({ id, result: { to: '1.1.0', from: '1.0.0' } }),
  })
  const dir = folder({ 'otp.config.json': config('shop'), '_build/tar/shop-1.1.0.tar.gz': '' })
  const { code, out } = await cli(dir, 'upgrade', '1.1.0', '--root', node.root)
  const again = `otp-rel --root ${node.root}`
  assert.is(code, 0)
  assert.is(
    out,
    `shop is 1.1.0. Not permanent yet:\nmake it so with "${again} commit"; go back with "${again} downgrade 1.0.0"\n`,
  )
  assert.is(
    node.requests.find(({ method }) => method === 'upgrade')?.params?.tar,
    join(dir, '_build', 'tar', 'shop-1.1.0.tar.gz'),
  )
  await node.close()
})

test('start uses the script of the release, and its words and code', async () => {
  const dir = folder({ 'otp.config.json': config('shop') })
  const bin = join(dir, '_build', 'rel', 'shop', 'bin')
  assert.is((await cli(dir, 'start')).code, 3)
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'shop'), '#!/bin/sh\necho "error: $*" >&2\necho "  look there" >&2\nexit 12\n', {
    mode: 0o755,
  })
  const { code, err } = await cli(dir, 'start', '--shop', 'port=1')
  assert.equal([code, err], [12, 'error: daemon --shop port=1\n  look there\n'])
})

test('help shows every command that is not hidden', async () => {
  const { code, out } = await cli(folder(), 'help')
  assert.is(code, 0)
  for (const { name, hidden } of COMMANDS) assert.is(new RegExp(`^  ${name}\\b`, 'm').test(out), hidden !== true, name)
  assert.is((await cli(folder())).out, out)
  assert.is((await cli(folder(), '--help')).out, out)
})

test('no line of help is longer than a wide terminal', async () => {
  for (const name of ['', ...COMMANDS.map((command) => command.name)]) {
    const { out } = await cli(folder(), 'help', ...(name === '' ? [] : [name]))
    for (const line of out.split('\n')) assert.ok(line.length <= 120, `${name}: ${line}`)
  }
})

test('on a narrow terminal help is narrow', async () => {
  for (const name of [undefined, 'exit-codes', ...COMMANDS.map((command) => command.name)]) {
    const { captured, world } = capture()
    await runCli(name === undefined ? ['help'] : ['help', name], {
      ...world,
      cwd: folder(),
      env: { ...world.env, COLUMNS: '60' },
    })
    const prose = captured.out.split('\n').filter((line) => !/^(Usage| {2}\S)/.test(line))
    for (const line of prose) assert.ok(line.length <= 60, `${name}: ${line}`)
  }
})

test('no command has an option twice, and each has an example', () => {
  for (const { name, options, examples } of COMMANDS) {
    const names = [...options, ...SHARED_OPTIONS].map((option) => option.name)
    assert.is(new Set(names).size, names.length, name)
    assert.ok(examples.length > 0, name)
  }
})

test('every command can be loaded', async () => {
  for (const { load } of COMMANDS) assert.type(await load(), 'function')
})

test('--version', async () => {
  assert.equal(await cli(folder(), '--version'), { code: 0, out: '0.0.0\n', err: '' })
})

test.run()
