import { spawn } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildTars,
  done,
  isAlive,
  jsonOf,
  openWorkshop,
  type Ran,
  type Release,
  record,
  repack,
  telling,
  until,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/launcher')

/** A program of another version than this node, which is this node all the same. */
const OTHER_NODE = `#!/bin/sh
[ "$1" = --version ] && { echo v20.99.0; exit; }
exec "${process.execPath}" "$@"
`

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  RELEASE_RESTARTS: '3/60',
  RELEASE_RESTART_DELAY: '0',
  ...more,
})

let shop: Workshop
let tarOf: (vsn: string) => string
/** 1.1.0 whose application does not start, and one whose call of its own fails. */
let broken: string
let failing: string

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const node = shop.path('other-node')
    await writeFile(node, OTHER_NODE)
    await chmod(node, 0o755)
    const project = await shop.project('project', [{ vsn: '1.0.0' }, { vsn: '1.1.0' }])
    const file = join(project, 'otp.config.json')
    const config = JSON.parse(await readFile(file, 'utf8'))
    config.releases[1].include_erts = node
    await writeFile(file, JSON.stringify(config))
    tarOf = await buildTars(project)
    broken = shop.path('broken-1.1.0.tar.gz')
    await repack(tarOf('1.1.0'), broken, async (dir) => {
      const script = join(dir, 'releases', '1.1.0', 'start.script.json')
      const text = await readFile(script, 'utf8')
      await writeFile(script, text.replace('["web","permanent"]', '["nothing","permanent"]'))
    })
    failing = shop.path('failing-1.1.0.tar.gz')
    await repack(tarOf('1.1.0'), failing, async (dir) => {
      const relup = join(dir, 'releases', '1.1.0', 'relup.json')
      const value = JSON.parse(await readFile(relup, 'utf8'))
      value.up[0].instructions.push({ op: 'apply', mfa: ['counter/words', 'nothing', []] })
      await writeFile(relup, JSON.stringify(value))
    })
  }),
)
test.after(() => shop.close())

let deployed = 0
async function started(options: NodeJS.ProcessEnv = {}): Promise<Release> {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  done(await node.bin(['start'], { env: env(options) }))
  return node
}

const stopped = async (node: Release): Promise<void> => {
  done(await node.bin(['stop']))
}

const pidOf = async (node: Release): Promise<number> =>
  Number(record(JSON.parse(await readFile(join(node.root, 'run', 'node.json'), 'utf8')))?.pid)

const launcherOf = async (node: Release): Promise<number> =>
  Number(await readFile(join(node.root, 'run', 'launcher.pid'), 'utf8'))

/** Kills the node, and waits for the next one. */
async function crash(node: Release): Promise<void> {
  const pid = await pidOf(node)
  process.kill(pid, 'SIGKILL')
  await until('the node is back', async () => {
    const now = await pidOf(node).catch(() => pid)
    if (now === pid) return undefined
    const ran = await node.bin(['status', '--json'])
    return ran.code === 0 && jsonOf(ran).status === 'started' ? true : undefined
  })
}

const last = async (node: Release): Promise<Readonly<Record<string, unknown>>> => {
  const { history } = await node.call('history')
  return (Array.isArray(history) ? record(history.at(-1)) : undefined) ?? {}
}

test('another version of Node: the node is restarted on it, up and down, and the client is told of the whole', async () => {
  const node = await started()
  const before = await pidOf(node)
  await node.get('/next')
  const dry = done(await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0'), '--dry-run']))
  assert.match(dry, /restarts the node: states are new/)
  assert.is(await pidOf(node), before)

  const up = jsonOf(await lastLine(node.bin(['upgrade', '1.1.0', '--json'])))
  assert.equal([up.from, up.to, up.outcome], ['1.0.0', '1.1.0', 'ok'])
  assert.not.equal(up.pid, before)
  const look = await node.get()
  assert.equal([look.version, look.n, look.os], ['1.1.0', 0, up.pid])
  assert.is(await node.versions(), '1.1.0 current, 1.0.0 permanent')
  const nodePath = await node.bin(['eval', 'process.env.RELEASE_NODE'])
  assert.is(nodePath.code, 0)

  const down = done(await node.bin(['downgrade']))
  assert.match(down, /counter is 1\.0\.0: restarted in .*, process \d+ on Node /)
  assert.is((await node.get()).version, '1.0.0')
  assert.is(await node.versions(), '1.1.0 old, 1.0.0 permanent')
  const { action, from, to, outcome } = await last(node)
  assert.equal([action, from, to, outcome], ['install', '1.1.0', '1.0.0', 'ok'])

  // Committed, it is what boots.
  done(await node.bin(['upgrade', '1.1.0']))
  done(await node.bin(['commit']))
  await crash(node)
  assert.is((await node.get()).version, '1.1.0')
  await stopped(node)
})

for (const [what, tar, why] of [
  [
    'does not boot',
    () => broken,
    /"1\.1\.0" did not start: its node ended with status \d+ .*; "1\.0\.0" was booted again/,
  ],
  ['boots, and a call of the plan fails,', () => failing, /"1\.1\.0" did not start: counter\/words\.nothing failed: /],
] as const) {
  test(`D22, D23: a release that ${what} is told of, and the one of before runs again`, async () => {
    const node = await started()
    const ran = await node.bin(['upgrade', '1.1.0', '--tar', tar()])
    assert.is(ran.code, 10, ran.stdout + ran.stderr)
    assert.match(ran.stderr, why)
    assert.is((await node.get()).version, '1.0.0')
    assert.is(await node.versions(), '1.1.0 unpacked, 1.0.0 permanent')
    assert.is((await last(node)).outcome, 'restart_failed')
    await stopped(node)
  })
}

test('D20: a node without a launcher refuses, and nothing is changed', async () => {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const text = await readFile(join(node.root, 'bin', 'counter'), 'utf8')
  await writeFile(join(node.root, 'bin', 'bare'), text.replace(/^\s*RELEASE_LAUNCHER=\$\$$/m, '  RELEASE_LAUNCHER=\n'))
  await chmod(join(node.root, 'bin', 'bare'), 0o755)
  const child = spawn(join(node.root, 'bin', 'bare'), ['foreground'], { env: env(), stdio: 'ignore' })
  await until('the node runs', async () => ((await node.bin(['ping'])).code === 0 ? true : undefined))
  const ran = await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0')])
  assert.is(ran.code, 9, ran.stderr)
  assert.match(ran.stderr, /needs a restart of the node .* and nothing would start it again/)
  assert.is(await node.versions(), '1.1.0 unpacked, 1.0.0 permanent')
  await stopped(node)
  await until('the launcher ends', () => (child.exitCode === null ? undefined : true))
})

test('a crashed node is started again with what boots, and too many crashes end it with 17', async () => {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  done(await node.bin(['unpack', tarOf('1.1.0')]).then((ran) => ({ ...ran, code: 0 })))
  let over: Ran | undefined
  const ends = node.bin(['foreground'], { env: env() }).then((ran) => {
    over = ran
  })
  await until('the node runs', async () => ((await node.bin(['ping'])).code === 0 ? true : undefined))
  done(await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0')]))
  await crash(node)
  assert.is((await node.get()).version, '1.0.0')
  await crash(node)
  await crash(node)
  assert.is(over, undefined)
  process.kill(await pidOf(node), 'SIGKILL')
  await ends
  assert.is(over?.code, 17)
  assert.match(over?.stderr ?? '', /ended with status 137, 4 times within 60 s; it is not started again/)
})

test('a signal to the launcher stops the node in order', async () => {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  let launcher = 0
  const ends = node.bin(['foreground'], { env: env(), onStart: (child) => (launcher = child.pid ?? 0) })
  await until('the node runs', async () => ((await node.bin(['ping'])).code === 0 ? true : undefined))
  assert.is(await launcherOf(node), launcher)
  const pid = await pidOf(node)
  process.kill(launcher, 'SIGTERM')
  const { code, stderr } = await ends
  assert.equal([code, stderr, isAlive(pid)], [0, '', false])
})

/** The last of the documents that a `--json` call prints. */
async function lastLine(running: Promise<Ran>): Promise<Ran> {
  const ran = await running
  return { ...ran, stdout: `{${ran.stdout.split(/^\{/m).at(-1) ?? ''}` }
}

test.run()
