import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  askSocket,
  buildTars,
  done,
  isAlive,
  jsonOf,
  openWorkshop,
  otpRel,
  type Ran,
  type Release,
  record,
  repack,
  run,
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
/** And one whose call never comes back. */
let hanging: string

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
    const calling = async (name: string, mfa: unknown): Promise<string> => {
      const tar = shop.path(`${name}-1.1.0.tar.gz`)
      await repack(tarOf('1.1.0'), tar, async (dir) => {
        const relup = join(dir, 'releases', '1.1.0', 'relup.json')
        const value = JSON.parse(await readFile(relup, 'utf8'))
        value.up[0].instructions.push({ op: 'apply', mfa })
        await writeFile(relup, JSON.stringify(value))
      })
      return tar
    }
    failing = await calling('failing', ['counter/words', 'nothing', []])
    hanging = await calling('hanging', ['stdlib/timer', 'sleep', [600_000]])
  }),
)
test.after(() => shop.close())

/** A test that cannot be made here says so. */
const skipped = (what: string): void => console.log(`  skipped: ${what}`)

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
  Number.parseInt(await readFile(join(node.root, 'run', 'launcher.pid'), 'utf8'), 10)

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
  assert.match(down, /counter is 1\.0\.0: restarted in .*, process \d+ on Node .* It is what boots\./)
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
  ['does not become ready in time', () => hanging, /"1\.1\.0" did not start: its node ended with status 137 /],
] as const) {
  test(`D22, D23: a release that ${what} is told of, and the one of before runs again`, async () => {
    const node = await started({ RELEASE_TRIAL_SECONDS: '4' })
    const ran = await node.bin(['upgrade', '1.1.0', '--tar', tar()])
    assert.is(ran.code, 10, ran.stdout + ran.stderr)
    assert.match(ran.stderr, why)
    assert.is((await node.get()).version, '1.0.0')
    assert.is(await node.versions(), '1.1.0 unpacked, 1.0.0 permanent')
    assert.is((await last(node)).outcome, 'restart_failed')
    await stopped(node)
  })
}

test('D57, D55: a release that no relup leads to is booted on trial, with its own configuration', async () => {
  const node = await started()
  const cold = shop.path('cold-1.1.0.tar.gz')
  await repack(tarOf('1.1.0'), cold, (dir) => rm(join(dir, 'releases', '1.1.0', 'relup.json')))
  const refused = await node.bin(['upgrade', '1.1.0', '--tar', cold])
  assert.is(refused.code, 9, refused.stderr)
  assert.match(refused.stderr, /or boot it, without keeping states: .*counter upgrade VSN --restart/)
  const before = await node.get<{ version: string; step: number }>()
  assert.equal([before.version, before.step], ['1.0.0', 1])
  const text = done(await node.bin(['upgrade', '1.1.0', '--restart']))
  assert.match(text, /counter is 1\.1\.0: restarted in /)
  const after = await node.get<{ version: string; step: number }>()
  assert.equal([after.version, after.step], ['1.1.0', 2])
  assert.is(await node.versions(), '1.1.0 current, 1.0.0 permanent')
  done(await node.bin(['commit']))
  await crash(node)
  assert.is((await node.get<{ step: number }>()).step, 2, 'the configuration of what boots')
  await stopped(node)
})

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

test('hooks run in order with what they need to know, and veto a start, a stop and an upgrade', async () => {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const said = join(node.root, 'said')
  const text = '#!/bin/sh\necho "$HOOK $HOOK_VSN $HOOK_CODE $RELEASE_NODE_NAME $PWD" >>"$RELEASE_ROOT/said"\n'
  const all = ['pre_start', 'post_start', 'pre_stop', 'post_stop', 'pre_upgrade', 'post_upgrade']
  for (const name of all)
    await shop.put(basename(node.root), { [`hooks/${name}`]: `${text}[ ! -f "$RELEASE_ROOT/no_$HOOK" ]\n` })
  for (const name of all) await chmod(join(node.root, 'hooks', name), 0o755)
  const veto = (name: string) => writeFile(join(node.root, `no_${name}`), '')
  const allow = (name: string) => rm(join(node.root, `no_${name}`))

  await veto('pre_start')
  const vetoed = await node.bin(['start'])
  assert.is(vetoed.code, 12)
  assert.match(vetoed.stderr, /hooks\/pre_start ended with 1: pre_start of counter 1\.0\.0 is refused/)
  assert.is((await node.bin(['foreground'])).code, 9)
  await allow('pre_start')
  await rm(said)

  await node.start()
  await until('post_start ran', async () => ((await readFile(said, 'utf8')).includes('post_start') ? true : undefined))
  await veto('pre_upgrade')
  assert.is((await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0')])).code, 9)
  assert.is((await otpRel(['upgrade', '1.1.0', '--tar', tarOf('1.1.0'), '--root', node.root])).code, 9)
  assert.is((await node.get()).version, '1.0.0')
  await allow('pre_upgrade')
  assert.is((await node.bin(['upgrade', '7.0.0'])).code, 9, 'what is not there asks no hook')
  assert.is((await node.bin(['upgrade', '1.0.0'])).code, 9, 'it runs already')
  await veto('pre_stop')
  assert.is((await node.bin(['stop'])).code, 9)
  await allow('pre_stop')
  done(await node.bin(['stop']))
  await until('post_stop ran', async () => ((await readFile(said, 'utf8')).includes('post_stop') ? true : undefined))
  assert.equal(
    (await readFile(said, 'utf8')).trimEnd().split('\n'),
    [
      'pre_start 1.0.0 0',
      'post_start 1.0.0 0',
      'pre_upgrade 1.1.0 0',
      'pre_upgrade 1.1.0 0',
      'pre_upgrade 1.0.0 0',
      'post_upgrade 1.0.0 9',
      'pre_stop 1.0.0 0',
      'pre_stop 1.0.0 0',
      'post_stop 1.0.0 0',
    ].map((line) => `${line} counter ${node.root}`),
  )
})

test('a restart that a hook refuses says so at once, and that no node runs now', async () => {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const hook = join(node.root, 'hooks', 'pre_start')
  await shop.put(basename(node.root), { 'hooks/pre_start': '#!/bin/sh\n[ ! -f "$RELEASE_ROOT/no" ]\n' })
  await chmod(hook, 0o755)
  for (const restart of [() => node.bin(['restart']), () => otpRel(['restart', '--root', node.root])]) {
    // A launcher that starts what crashed again ends for a veto all the same.
    done(await node.bin(['start'], { env: env() }))
    const [pid, launcher] = [await pidOf(node), await launcherOf(node)]
    await writeFile(join(node.root, 'no'), '')
    const ran = await restart()
    assert.is(ran.code, 9, ran.stderr)
    assert.ok(
      ran.stderr.startsWith(
        `error: ${hook} ended with 1: pre_start of counter 1.0.0 is refused; the node has stopped, and none runs now\n`,
      ),
      ran.stderr,
    )
    assert.ok(ran.ms < 15_000, `${ran.ms} ms`)
    await until('the launcher ends', () => !isAlive(launcher) || undefined)
    assert.is(isAlive(pid), false)
    assert.is((await node.bin(['ping'])).code, 5)
    await rm(join(node.root, 'no'))
  }
})

test('a node in a PID namespace of its own, as in a container, is asked and stopped from outside', async () => {
  if (spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status !== 0)
    return skipped('a PID namespace: unshare is not there, or not allowed')
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const bin = join(node.root, 'bin', 'counter')
  const ends = run('unshare', ['--pid', '--fork', '--mount-proc', bin, 'foreground'], { env: env() })
  await until('the node runs', async () => ((await node.bin(['ping'])).code === 0 ? true : undefined))
  // Its process 2 or so is one of the system's here, or nobody's.
  assert.ok((await pidOf(node)) < 100)
  const ran = await node.bin(['stop'])
  assert.is(ran.code, 0, ran.stderr)
  assert.ok(ran.ms < 15_000, `${ran.ms} ms`)
  assert.is((await ends).code, 0)
  assert.is((await node.bin(['status'])).code, 5)
})

test('two nodes from one folder whose root is read-only for them', async () => {
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const own = (name: string): NodeJS.ProcessEnv =>
    env({
      RELEASE_NODE_NAME: name,
      RELEASE_RUN_DIR: shop.path('own', name, 'run'),
      RELEASE_LOG_DIR: shop.path('own', name, 'my log'),
    })
  const nobody = await readOnly(node.root)
  try {
    for (const name of ['a', 'b']) done(await node.bin(['start'], { env: own(name) }))
    const pids = await Promise.all(
      ['a', 'b'].map(async (name) => jsonOf(await node.bin(['status', '--json'], { env: own(name) })).pid),
    )
    assert.is(new Set(pids).size, 2)
    assert.is((await node.bin(['ping'])).code, 5)
    for (const name of ['a', 'b']) done(await node.bin(['stop'], { env: own(name) }))
  } finally {
    await nobody()
  }
  assert.match(await readFile(shop.path('own', 'a', 'my log', 'a.log'), 'utf8'), /./)
  assert.is(existsSync(join(node.root, 'run')) || existsSync(join(node.root, 'log')), false)
})

test('systemd is told: ready, reloading, stopping, and for as long as the loop turns, that it lives', async () => {
  for (const program of ['systemd-notify', 'python3']) {
    if (spawnSync(program, ['--version']).status !== 0) return skipped(`what systemd is told: there is no ${program}`)
  }
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const socket = shop.path('notify.sock')
  const server = spawn('python3', ['-u', '-c', LISTEN, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const heard: { readonly atMs: number; readonly line: string }[] = []
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trimEnd().split('\n')) heard.push({ atMs: Date.now(), line })
  })
  /** Waits for a line with these words among those from a place on. @returns the place behind it */
  const hears = (words: string, from = 0): Promise<number> =>
    until(words, () => {
      const at = heard.findIndex(({ line }, index) => index >= from && line.includes(words))
      return at < 0 ? undefined : at + 1
    })
  try {
    await until('the socket is there', () => (existsSync(socket) ? true : undefined))
    const options = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000' }
    done(await node.bin(['start'], { env: env(options) }))
    const launcher = await launcherOf(node)
    await hears(`READY=1 MAINPID=${launcher} STATUS=counter 1.0.0 (process ${await pidOf(node)})`)
    await hears('WATCHDOG=1', heard.length)

    // A loop that stands still gives no sign; what was on its way when it stopped has half a second to arrive.
    const stood = '(() => { const since = Date.now(); while (Date.now() < since + 2000); return since })()'
    const sinceMs = Number(await askSocket(join(node.root, 'run', 'counter.sock'), 'eval', { expression: stood }))
    assert.ok(sinceMs > 0)
    await hears('WATCHDOG=1', heard.length)
    const signs = heard.filter(({ atMs }) => atMs > sinceMs + 500 && atMs < sinceMs + 2000)
    assert.equal(signs, [])

    const before = heard.length
    done(await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0')]))
    const reloads = await hears('RELOADING=1', before)
    await hears(`READY=1 MAINPID=${launcher} STATUS=counter 1.1.0 (process ${await pidOf(node)})`, reloads)
    const last = heard.length
    done(await node.bin(['stop']))
    await hears('STOPPING=1', last)
  } finally {
    server.kill()
  }
})

/** Prints each datagram in a line. */
const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True: print(s.recv(4096).decode().strip().replace('\\n', ' '))
`

/** As systemd does: a listening socket as descriptor 3, told by LISTEN_FDS and LISTEN_PID. */
const WITH_SOCKET = `
import os, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', 0)); s.listen(511)
with open(sys.argv[1], 'w') as f: f.write(str(s.getsockname()[1]))
os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
`

test('with a listening socket of systemd no connection is refused while the node is restarted on another binary', async () => {
  if (spawnSync('python3', ['--version']).status !== 0) return skipped('a socket of systemd: there is no python3')
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  const file = shop.path('port')
  const script = join(node.root, 'bin', 'counter')
  const ends = run('python3', ['-c', WITH_SOCKET, file, script, 'foreground'], { env: env() })
  await until('the node runs', async () => ((await node.bin(['ping'])).code === 0 ? true : undefined))
  const port = Number(await readFile(file, 'utf8'))
  let asking = true
  let longestMs = 0
  const failures: string[] = []
  const versions = new Set<string>()
  const client = (async () => {
    while (asking) {
      const since = performance.now()
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1')
        socket.once('connect', () => socket.end('GET / HTTP/1.0\r\n\r\n'))
        let text = ''
        socket.setEncoding('utf8').on('data', (more: string) => {
          text += more
        })
        socket.once('error', (failure) => failures.push(failure.message))
        socket.once('close', () => {
          const [, version] = /"version":"([^"]+)"/.exec(text) ?? []
          if (version !== undefined) versions.add(version)
          longestMs = Math.max(longestMs, performance.now() - since)
          resolve()
        })
      })
    }
  })()
  done(await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0')]))
  await until('the new node answers', () => (versions.has('1.1.0') ? true : undefined))
  asking = false
  await client
  done(await node.bin(['stop']))
  await ends
  assert.equal(
    failures.filter((one) => one.includes('ECONNREFUSED')),
    [],
  )
  console.log(`  longest wait for an answer over the restart: ${Math.round(longestMs)} ms`)
})

test('as process 1 it reaps what others leave, passes SIGTERM on, and ends with its node', async () => {
  const unshare = ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child']
  if (spawnSync('unshare', [...unshare, 'true']).status !== 0) return skipped('process 1: unshare is not possible here')
  const node = await shop.deploy(`node-${++deployed}`, tarOf('1.0.0'))
  let outer = 0
  const ends = run('unshare', [...unshare, join(node.root, 'bin', 'counter'), 'foreground'], {
    env: env(),
    onStart: (child) => {
      outer = child.pid ?? 0
    },
  })
  const socket = join(node.root, 'run', 'counter.sock')
  await until('the node runs', () => (existsSync(join(node.root, 'run', 'started')) ? true : undefined))
  assert.is(await launcherOf(node), 1)
  assert.ok(existsSync(socket))
  // Orphans become children of process 1: none stays a zombie.
  const expression = `new Promise((resolve) => {
    const { spawn } = process.getBuiltinModule('node:child_process')
    const { readdirSync, readFileSync } = process.getBuiltinModule('node:fs')
    spawn('sh', ['-c', 'sh -c "sleep 0.1" & sh -c "sleep 0.1" &'], { stdio: 'ignore' }).once('close', () =>
      setTimeout(() => resolve(readdirSync('/proc').filter((pid) => {
        try { return /^State:\\s+Z/m.test(readFileSync('/proc/' + pid + '/status', 'utf8')) } catch { return false }
      }).length), 1000))
  })`
  assert.is(await node.call('eval', { expression }).then(() => 'asked'), 'asked')
  assert.is(await zombies(node, expression), 0)
  const [inner = ''] = spawnSync('ps', ['-o', 'pid=', '--ppid', String(outer)], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/)
  process.kill(Number(inner), 'SIGTERM')
  const { code, stderr } = await ends
  assert.equal([code, stderr], [0, ''])
})

/** The number that an expression gives. */
const zombies = async (node: Release, expression: string): Promise<number> =>
  Number(await askSocket(join(node.root, 'run', 'counter.sock'), 'eval', { expression }))

/** Makes a folder unwritable, also for root, where the system can. @returns undoes it */
async function readOnly(root: string): Promise<() => Promise<void>> {
  const mounted = spawnSync('sh', ['-c', 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"', 'sh', root])
  if (mounted.status === 0) {
    // The mount ends with this process at the latest, however that ends: the other end of the pipe is here.
    const guard = spawn('sh', ['-c', 'cat >/dev/null; umount "$1"', 'guard', root], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    return async () => {
      const over = new Promise((resolve) => guard.once('close', resolve))
      guard.stdin.end()
      await over
    }
  }
  spawnSync('chmod', ['-R', 'a-w', root])
  return async () => void spawnSync('chmod', ['-R', 'u+w', root])
}

/** The last of the documents that a `--json` call prints. */
async function lastLine(running: Promise<Ran>): Promise<Ran> {
  const ran = await running
  return { ...ran, stdout: `{${ran.stdout.split(/^\{/m).at(-1) ?? ''}` }
}

test.run()
