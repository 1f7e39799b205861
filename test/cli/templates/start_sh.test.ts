import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { renderTemplate } from '../../../cli/release/template.js'

const test = suite('cli/templates/start_sh')

/**
 * A node that only says how it was called: one argument a line in `said`. As nodetool it ends with what `codes` says
 * for the command; as the release's node it ends with what `exit` says, with `once` first with 75, as by an upgrade.
 */
const FAKE_NODE = `#!/bin/sh
here=$(dirname "$0")
[ "$1" = --version ] && { cat "$here/version"; exit; }
# In one write: two of these run at a time.
{ for word in "$@"; do printf '%s\\n' "$word"; done; echo --; } >"$here/$$"
cat "$here/$$" >>"$here/said"
case "$*" in
  *nodetool.mjs*)
    while [ $# -gt 0 ]; do
      [ -f "$here/code_$1" ] && { echo "$1 said so" >&2; exit "$(cat "$here/code_$1")"; }
      shift
    done
    exit 0 ;;
esac
echo "booting $RELEASE_NAME $RELEASE_VSN"
[ -f "$here/once" ] && {
  rm "$here/once"
  echo '{"erts":"20","vsn":"1.1.0"}' >"$RELEASE_ROOT/releases/start_otp.json"
  exit 75
}
[ -f "$here/exit" ] && exit "$(cat "$here/exit")"
exit 0
`

interface Release {
  readonly root: string
  write(path: string, text: string, mode?: number): void
  /** Runs bin/shop. */
  run(
    argv: readonly string[],
    options?: { cwd?: string; script?: string; path?: string },
  ): { code: number | null; out: string; err: string }
  /** How node was called, one list for each call. */
  calls(): string[][]
}

const roots: string[] = []
test.after(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

async function release(env: Record<string, string> = {}, shell = 'sh'): Promise<Release> {
  const root = mkdtempSync(join(tmpdir(), 'otp start '))
  roots.push(root)
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    chmodSync(join(root, path), mode)
  }
  const facts = {
    name: 'shop',
    vsn: '1.0.0',
    kernelDir: 'lib/kernel-1.0.0',
    nodePath: 'erts-20/bin/node',
    nodeMin: '20.19.0',
  }
  write('bin/shop', await renderTemplate('bin/start.sh', { name: 'shop' }), 0o755)
  write('releases/1.0.0/env.sh', await renderTemplate('releases/vsn/env.sh', { ...facts, ...env }))
  write('releases/1.0.0/start.script.json', '{}')
  write('releases/start_otp.json', '{ "erts": "20.20.2",\n  "vsn": "1.0.0" }\n')
  write('erts-20/bin/node', FAKE_NODE, 0o755)
  return {
    root,
    write,
    run(argv, { cwd = '/', script = join(root, 'bin/shop'), path = process.env.PATH ?? '' } = {}) {
      const { status, stdout, stderr } = spawnSync(shell, [script, ...argv], {
        cwd,
        encoding: 'utf8',
        env: { PATH: path },
      })
      return { code: status, out: stdout, err: stderr }
    },
    calls() {
      const said = join(root, 'erts-20/bin/said')
      if (!existsSync(said)) return []
      const calls = readFileSync(said, 'utf8').split('--\n').slice(0, -1)
      return calls.map((call) => call.split('\n').slice(0, -1))
    },
  }
}

const bootArgs = (root: string, ...more: string[]) => [
  `${root}/lib/kernel-1.0.0/priv/erts.cjs`,
  '--root',
  root,
  '--boot',
  `${root}/releases/1.0.0/start.script.json`,
  '--config',
  `${root}/releases/1.0.0/sys.config.json`,
  '--name',
  'shop',
  ...more,
]

const SHELLS = ['sh', 'dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0)

for (const shell of SHELLS) {
  const parse = shell === 'bash' ? ['--posix', '-n'] : ['-n']

  test(`${shell} finds no fault in the syntax of both scripts`, async () => {
    const { root } = await release()
    for (const file of ['bin/shop', 'releases/1.0.0/env.sh']) {
      const { status, stderr } = spawnSync(shell, [...parse, join(root, file)], { encoding: 'utf8' })
      assert.equal([status, stderr], [0, ''])
    }
  })

  test(`${shell}: foreground is the node itself, with its flags first and what follows last`, async () => {
    const shop = await release({}, shell)
    shop.write('releases/1.0.0/vm.args', '# memory\n\n  --max-old-space-size=512\r\n--title=a b *\n')
    shop.write('erts-20/bin/exit', '7')
    const { code, out } = shop.run(['foreground', '--shop', 'motd="a  b" $HOME *', ''])
    assert.equal([code, out], [7, 'booting shop 1.0.0\n'])
    assert.equal(shop.calls(), [
      ['--max-old-space-size=512', '--title=a b *', ...bootArgs(shop.root, '--shop', 'motd="a  b" $HOME *', '')],
    ])
  })

  test(`${shell}: vm.args may hold environment variables; those that are not set are told together`, async () => {
    const shop = await release({}, shell)
    const variables = ['--title=$' + '{RELEASE_NAME}-$' + '{OTP_REL_NONE:-a $HOME *}!', '--x=$' + '{OTP_REL_NONE:-}']
    shop.write('releases/1.0.0/vm.args', variables.join('\n'))
    assert.is(shop.run(['foreground']).code, 0)
    assert.equal(shop.calls(), [['--title=shop-a $HOME *!', '--x=', ...bootArgs(shop.root)]])
    shop.write('releases/1.0.0/vm.args', '--a=$' + '{OTP_REL_A}\n--b=$' + '{OTP_REL_B}/$' + '{OTP_REL_C}\n')
    const missing = shop.run(['foreground'])
    assert.is(missing.code, 3)
    assert.match(missing.err, /vm\.args needs environment variables that are not set: OTP_REL_A OTP_REL_B OTP_REL_C\n/)
    const dollar = '$'
    const values = [
      `${dollar}{OTP_REL_C} ${dollar}{OTP_REL_D} ${dollar}{OTP_REL_D}`,
      `${dollar}{OTP_REL_E|number}`,
      `${dollar}{OTP_REL_F:-x} ${dollar}${dollar}{OTP_REL_G} ${dollar}{RELEASE_NAME}`,
    ]
    shop.write('releases/1.0.0/sys.config.json', JSON.stringify({ shop: { values } }))
    assert.match(
      shop.run(['foreground']).err,
      /not set: OTP_REL_A OTP_REL_B OTP_REL_C; sys\.config\.json needs: OTP_REL_D OTP_REL_E\n/,
    )
    shop.write('releases/1.0.0/vm.args', '--a=$' + '{;id}\n')
    assert.match(shop.run(['foreground']).err, /vm\.args: "\$\{;id\}" is no environment variable/)
  })

  test(`${shell}: daemon starts in the background, waits for the node's word, and keeps its output in log`, async () => {
    const shop = await release({}, shell)
    const { code } = shop.run(['daemon', '--shop', 'port=1'])
    assert.is(code, 0)
    const wait = shop.calls().find((call) => call.includes('wait'))
    assert.equal(wait?.slice(0, 7), [
      `${shop.root}/lib/kernel-1.0.0/priv/nodetool.mjs`,
      '--root',
      shop.root,
      '--name',
      'shop',
      '--program',
      `${shop.root}/bin/shop`,
    ])
    assert.match(wait?.slice(7).join(' ') ?? '', /^wait --pid \d+ --wait 60$/)
    // The node of this test ends by itself, some time after it has been started.
    for (
      let look = 0;
      look < 200 && !readFileSync(join(shop.root, 'log/shop.log'), 'utf8').includes('booting');
      look++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.is(readFileSync(join(shop.root, 'log/shop.log'), 'utf8'), 'booting shop 1.0.0\n')
    assert.equal(
      shop.calls().find((call) => call.includes('--boot')),
      bootArgs(shop.root, '--shop', 'port=1'),
    )
  })
}

test('a node that does not start ends with its code and shows what it wrote since', async () => {
  const shop = await release()
  shop.write('log/shop.log', 'of an earlier start\n')
  shop.write('erts-20/bin/code_wait', '12')
  const { code, err } = shop.run(['daemon'])
  assert.is(code, 12)
  assert.ok(err.startsWith('wait said so\nthe end of '), err)
  assert.not.ok(err.includes('earlier'), err)
})

for (const command of ['daemon', 'foreground', 'console']) {
  test(`a node that runs is not started twice, by ${command}, and keeps its launcher`, async () => {
    const shop = await release()
    shop.write('run/node.json', '{}')
    shop.write('run/launcher.pid', '1\n')
    shop.write('run/started', '')
    const { code, err } = shop.run([command])
    assert.is(code, 9)
    assert.match(err, /^error: shop is running already\n/)
    assert.not.ok(shop.calls().some((call) => call.includes('--boot')))
    assert.is(readFileSync(join(shop.root, 'run/launcher.pid'), 'utf8'), '1\n')
    assert.ok(existsSync(join(shop.root, 'run/started')))
  })
}

test('what was left by a node that was killed does not stop a start', async () => {
  const shop = await release()
  shop.write('run/node.json', '{}')
  shop.write('erts-20/bin/code_ping', '5')
  assert.is(shop.run(['start']).code, 0)
})

test("another user's node does, with nodetool's words and code", async () => {
  const shop = await release()
  shop.write('run/node.json', '{}')
  shop.write('erts-20/bin/code_ping', '6')
  const { code, err } = shop.run(['daemon'])
  assert.equal([code, err], [6, 'ping said so\n'])
})

test('a node that ends with 75 is started again, with what is to be booted by then', async () => {
  const shop = await release()
  shop.write('erts-20/bin/once', '')
  shop.write('releases/1.1.0/env.sh', 'RELEASE_KERNEL=lib/kernel-1.0.0\nRELEASE_NODE=erts-20/bin/node\n')
  assert.equal(shop.run(['launch', '--shop', 'port=1']), {
    code: 0,
    out: 'booting shop 1.0.0\nbooting shop 1.1.0\n',
    err: '',
  })
  assert.equal(
    shop.calls().map((call) => call.slice(-2)),
    [
      ['--shop', 'port=1'],
      ['--shop', 'port=1'],
    ],
  )
})

test('one that ends otherwise is not', async () => {
  const shop = await release()
  shop.write('erts-20/bin/exit', '3')
  assert.equal(shop.run(['launch']), { code: 3, out: 'booting shop 1.0.0\n', err: '' })
})

/** Pauses are noted, not made. */
const FAKE_SLEEP = '#!/bin/sh\necho "$1" >>"$(dirname "$0")/slept"\n'

for (const shell of SHELLS) {
  test(`${shell}: a node that ran and crashed is started again, later each time, until it was too often`, async () => {
    const shop = await release({}, shell)
    shop.write('tools/sleep', FAKE_SLEEP, 0o755)
    // The node says that it runs, as it does when its release has started.
    const crashing = FAKE_NODE.replace(
      'echo "booting',
      'mkdir -p "$RELEASE_ROOT/run"; echo 1 >"$RELEASE_ROOT/run/started"\necho "booting',
    )
    shop.write('erts-20/bin/node', crashing, 0o755)
    shop.write('erts-20/bin/exit', '134')
    const { code, out, err } = shop.run(['foreground'], { path: `${join(shop.root, 'tools')}:${process.env.PATH}` })
    assert.equal([code, out], [17, 'booting shop 1.0.0\n'.repeat(6)])
    assert.is(readFileSync(join(shop.root, 'tools/slept'), 'utf8'), '1\n2\n4\n8\n16\n')
    assert.match(err, /shop: the node ended with status 134, 6 times within 60 s; it is not started again\n$/)
  })
}

test('what boots is told without any node', async () => {
  const shop = await release()
  assert.equal(shop.run(['version']), { code: 0, out: 'shop 1.0.0\n', err: '' })
  assert.equal(JSON.parse(shop.run(['version', '--json']).out), { name: 'shop', vsn: '1.0.0' })
  assert.match(shop.run(['version', '--jsno']).err, /^error: "version" does not take "--jsno"\n/)
  assert.equal(shop.calls(), [])
})

test('limits of the launcher that are no numbers are refused', async () => {
  const shop = await release()
  chmodSync(join(shop.root, 'bin/shop'), 0o755)
  const { status, stderr } = spawnSync(join(shop.root, 'bin/shop'), ['foreground'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, RELEASE_RESTARTS: 'many' },
  })
  assert.is(status, 2)
  assert.match(stderr, /^error: RELEASE_RESTARTS=many /)
})

test('every other command goes to nodetool as it is', async () => {
  const shop = await release()
  shop.write('erts-20/bin/code_rpc', '14')
  assert.is(shop.run(['rpc', 'shop/cart', 'add', '["a b", 1]']).code, 14)
  assert.equal(shop.calls()[0]?.slice(7), ['rpc', 'shop/cart', 'add', '["a b", 1]'])
})

test('no command is help', async () => {
  const shop = await release()
  assert.is(shop.run([]).code, 0)
  assert.equal(shop.calls()[0]?.slice(7), ['help'])
})

test('help of a command of the script starts nothing', async () => {
  const shop = await release()
  chmodSync(join(shop.root, 'bin/shop'), 0o755)
  assert.is(shop.run(['daemon', '--help']).code, 0)
  assert.equal(
    shop.calls().map((call) => call.slice(7)),
    [['help', 'daemon']],
  )
})

test('the release is where the script is, through links and from anywhere', async () => {
  const shop = await release()
  const away = mkdtempSync(join(tmpdir(), 'otp-away-'))
  roots.push(away)
  symlinkSync(join(shop.root, 'bin/shop'), join(away, 'absolute'))
  mkdirSync(join(away, 'deep'))
  symlinkSync('../absolute', join(away, 'deep', 'relative'))
  assert.is(shop.run(['ping'], { cwd: away, script: './deep/relative' }).code, 0)
  assert.equal(shop.calls()[0]?.slice(1, 3), ['--root', shop.root])
})

test('without start_otp.json the only release is started', async () => {
  const shop = await release()
  rmSync(join(shop.root, 'releases/start_otp.json'))
  assert.is(shop.run(['foreground']).out, 'booting shop 1.0.0\n')
})

test('without start_otp.json several releases are too many', async () => {
  const shop = await release()
  rmSync(join(shop.root, 'releases/start_otp.json'))
  shop.write('releases/1.1.0/start.script.json', '{}')
  const { code, err } = shop.run(['foreground'])
  assert.is(code, 3)
  assert.match(err, /several releases/)
})

test('start_otp.json says which of several it is, whatever its characters', async () => {
  const shop = await release()
  const vsn = "1.1.0-rc.1+$(x)';&"
  shop.write('releases/start_otp.json', JSON.stringify({ erts: '20.20.2', vsn }))
  shop.write(`releases/${vsn}/env.sh`, 'RELEASE_KERNEL=lib/kernel-1.0.0\nRELEASE_NODE=erts-20/bin/node\n')
  assert.is(shop.run(['foreground']).out, `booting shop ${vsn}\n`)
})

test('a version that is not there is named', async () => {
  const shop = await release()
  shop.write('releases/start_otp.json', '{"erts":"20","vsn":"2.0.0"}')
  const { code, err } = shop.run(['foreground'])
  assert.is(code, 3)
  assert.match(err, /names version "2\.0\.0", but .*releases\/2\.0\.0\/env\.sh does not exist/)
})

// version of node on the PATH, exit code, why
const VERSIONS = [
  ['v20.19.0', 0, 'the oldest version that will do'],
  ['v22.1.0', 0, 'a later major version'],
  ['v20.18.9', 15, 'an earlier minor version is refused'],
  ['v18.20.0', 15, 'an earlier major version is refused'],
] as const
for (const [version, expected, why] of VERSIONS) {
  test(`without a node of its own the release takes the one on the PATH: ${why}`, async () => {
    const shop = await release({ nodePath: '' })
    shop.write('erts-20/bin/version', `${version}\n`)
    const path = `${join(shop.root, 'erts-20/bin')}:/usr/bin:/bin`
    const { code, err } = shop.run(['ping'], { path })
    assert.is(code, expected)
    if (expected !== 0)
      assert.match(err, new RegExp(`is version ${version.slice(1)}; shop 1.0.0 needs 20.19.0 or later`))
  })
}

test('a node of its own that is missing is not replaced by another', async () => {
  const shop = await release({ nodePath: 'erts-99/bin/node' })
  const { code, err } = shop.run(['foreground'])
  assert.is(code, 15)
  assert.match(err, /the node of this release is missing: .*erts-99\/bin\/node/)
})

test.run()
