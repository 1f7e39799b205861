/**
 * The keys of `otp-rel dev` in a real terminal, which `script` of util-linux makes: they work at the beginning, after a
 * restart, after a crash of the node, and the terminal is given back at the end.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readNodeFile } from '../../cli/node/node_file.js'
import { openWorkshop, ROOT, telling, until, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/dev_keys')

/** Whether there is a program that makes terminals as we ask for them. */
const canTry = (() => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
})()

let shop: Workshop
let terminal: ChildProcess
let screen = ''
let seen = 0

/** Waits until something is on the screen that was not there before. */
const shows = (text: string) =>
  until(`"${text}" on the screen`, () => {
    const at = screen.indexOf(text, seen)
    if (at < 0) return undefined
    seen = at + text.length
    return true
  })
const press = (key: string) => terminal.stdin?.write(key)
const pid = () => {
  const file = readNodeFile({ root: shop.path('one', '_build/dev/rel/one') })
  return file.ok ? file.value.pid : 0
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    await shop.put('one', {
      'package.json': { name: 'one', private: true, type: 'module' },
      'otp.config.json': { releases: [{ name: 'one', vsn: '1.0.0', applications: ['sasl', 'one'] }] },
      'apps/one/app.json': { name: 'one', vsn: '1.0.0', applications: ['kernel', 'stdlib'] },
      'apps/one/src/one.ts': 'export const n = () => 1\n',
    })
    if (!canTry) return
    const command = `'${process.execPath}' '${join(ROOT, 'dist/cli/main.js')}' dev; echo "ended with $?"; stty -a`
    terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: shop.path('one'),
      env: { ...process.env, NO_COLOR: '1', TERM: 'xterm', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    terminal.stdout?.setEncoding('utf8').on('data', (text: string) => {
      screen += text
    })
    await shows('save a file, and it is live')
    await shows('keys: r build and restart')
  }),
)

test.after(async () => {
  terminal?.kill('SIGKILL')
  const node = pid()
  if (node > 0) process.kill(node, 'SIGKILL')
  await shop.close()
})

if (canTry) {
  test('h tells the keys, Enter makes a line, c clears, others do nothing', async () => {
    press('xh')
    await shows('keys: r build and restart')
    press('\r')
    press('c')
    await shows('\x1b[2J')
    assert.not.match(screen, /xh/)
  })

  test('r restarts, once for whoever presses it twice, and the keys still work', async () => {
    const before = pid()
    press('rr')
    await shows('you asked for it')
    await shows('save a file, and it is live')
    assert.is.not(pid(), before)
    press('h')
    await shows('keys: r build and restart')
    assert.is(screen.split('you asked for it').length, 2)
  })

  test('a crash of the node leaves the keys working', async () => {
    process.kill(pid(), 'SIGKILL')
    await shows('the node has ended')
    press('r')
    await shows('save a file, and it is live')
  })

  test('q stops the node and gives the terminal back', async () => {
    const node = pid()
    press('q')
    await shows('stopped')
    await shows('ended with 0')
    assert.throws(() => process.kill(node, 0), 'ESRCH')
    await until('the settings of the terminal', () => (screen.includes('echoke') ? true : undefined))
    assert.match(screen, / icanon/)
    assert.match(screen, / echo /)
  })
}

test.run()
