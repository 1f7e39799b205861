/** The programs of the tutorial print what their seeds show, in JavaScript's notation of the same terms. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('examples/tutorial')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** By folder of examples/tutorial: every line that its main.ts prints. Pids differ from run to run. */
const OUTPUT: Readonly<Record<string, readonly string[]>> = {
  ch4: [
    'ok',
    'ok',
    'ok',
    "ch4 event = [ 'in', 'alloc', <0.N.0> ]",
    "ch4 event = [ 'out', [ 'ch4', 'ch1' ], <0.N.0> ]",
    'ch1',
    'ok',
    "ch4 event = [ 'in', [ 'free', 'ch1' ] ]",
    "[ [ 'messages_in', 2 ], [ 'messages_out', 1 ] ]",
    'ok',
    'ok',
    "[ 'status', [ 'module', 'module' ], 'running', true ]",
    "[ 'ch1', 'ch2', 'ch3' ]",
    "[ 'ch1', 'ch2', 'ch3', 'ch4' ]",
    'ok',
  ],
  ch_app: [
    "[ 'error', [ 'not_started', 'sasl' ] ]",
    'ok',
    "[ 'kernel', 'stdlib', 'ch_app', 'sasl' ]",
    'ok',
    "[ 'error', [ 'already_started', 'ch_app' ] ]",
    "[ 'ch_app', 'sasl', 'stdlib', 'kernel' ]",
    "[ 'ok', '/usr/local/log' ]",
    "[ 'ok', 'testlog' ]",
    "[ 'ok', [ 'ch3' ] ]",
    "[ 'ch1', 'ch2' ]",
    'ok',
    'ch1',
    "[ 'error', [ 'running', 'ch_app' ] ]",
    'ok',
    'undefined',
    'ok',
    'undefined',
  ],
  code_lock: [
    'ok',
    'ok',
    'ok',
    "*DBG* code_lock got event [ 'button', 4 ] in state closed",
    '*DBG* code_lock switched to state closed',
    "*DBG* code_lock got event [ 'button', 3 ] in state closed",
    '*DBG* code_lock switched to state closed',
    "*DBG* code_lock got event [ 'button', 2 ] in state closed",
    '*DBG* code_lock switched to state closed',
    "*DBG* code_lock got event [ 'button', 1 ] in state closed",
    'OPEN DOOR',
    '*DBG* code_lock switched to state open',
    '*DBG* code_lock got event timeout in state open',
    'CLOSE DOOR',
    '*DBG* code_lock switched to state closed',
    "[ [ 'messages_in', 5 ], [ 'messages_out', 0 ] ]",
    'ok',
    'ok',
    "[ 'closed', [ [], [ 1, 2, 3, 4 ] ] ]",
    'ok',
    'LOCK',
    'ok',
    "*DBG* code_lock receive cast [ 'button', 9 ] in state locked",
    "*DBG* code_lock consume cast [ 'button', 9 ] in state locked",
    "*DBG* code_lock receive cast [ 'button', 1 ] in state locked",
    "*DBG* code_lock consume cast [ 'button', 1 ] in state locked",
    "*DBG* code_lock receive cast [ 'button', 2 ] in state locked",
    "*DBG* code_lock consume cast [ 'button', 2 ] in state locked",
    "*DBG* code_lock receive cast [ 'button', 3 ] in state locked",
    'UNLOCK',
    "*DBG* code_lock consume cast [ 'button', 3 ] in state locked => open",
    "*DBG* code_lock start_timer [ 'state_timeout', 100, 'lock', [] ] in state open",
    '*DBG* code_lock receive state_timeout lock in state open',
    'LOCK',
    '*DBG* code_lock consume state_timeout lock in state open => locked',
    "[ [ 'messages_in', 5 ], [ 'messages_out', 0 ] ]",
    'UNLOCK',
    'LOCK',
    'ok',
  ],
  error_man: [
    'ok',
    'ok',
    'ok',
    '***Error*** no_reply',
    'ok',
    "***Error*** [ 'disk_full', '/var' ]",
    'ok',
    '[ true, false ]',
    'ok',
    "[ 'error', 'module_not_found' ]",
    'ok',
    'ok',
    "***Error*** [ 'disk_full', '/var' ]",
    "***Error*** 'only in the file'",
  ],
  event_handler: ['true', 'motor controller: too hot', 'motor controller, shouting: TOO HOT'],
  forwarder: [
    'ok',
    'ok',
    'ok',
    'ok',
    'flushed ping',
    'ok',
    'hello',
    'ok',
    'flushed hello',
    'ok',
    'world',
    '2',
    'flushed world',
  ],
  kv: ['ok', 'ok', '42', 'true'],
  my_bank: ['ok', "[ 'joe' ]", "[ 'sue', 'joe' ]", 'terminate reason: normal', 'stopped', 'undefined'],
  name_server: ['true', 'ok', "[ 'ok', 'at home' ]", 'error', 'ack', "[ 'joe' ]", 'ok', 'error'],
  ping_pong: ['ok', 'ok', 'pong', 'ok', 'pong', 'Map(0) {}', 'ok', 'Symbol(timeout)', 'ok', 'pong'],
  prim_app: [
    'ok',
    'prim_app_cb start normal []',
    'prim_app_server init',
    'incl_app_server init',
    'prim_app_cb startPhase init normal []',
    'prim_app_cb startPhase go normal []',
    'incl_app_cb startPhase go normal []',
    'ok',
    "[ 'prim_app', 'sasl', 'stdlib', 'kernel' ]",
    'prim_app_cb stop',
    'ok',
  ],
  sequence: ['100', '101', 'ok', '302', '999', "[ 'factors_of', 12, [ 1, 2, 3, 4, 6, 12 ] ]", 'ok', '1199'],
  simple_server: [
    '[',
    "  [ 'init', 1 ],",
    "  [ 'handleReq', 2 ],",
    "  [ 'terminate', 0 ],",
    "  [ 'formatState', 1 ]",
    ']',
    "[ [ 'formatState', 1 ] ]",
    'ok',
    'ok',
    "[ 'ok', 42 ]",
    'error',
    '{ answer: 42 }',
    '"module" does not export callback "handleReq" (2 arguments) of behaviour "simple_server"; it exports "handleRequest", was that meant?',
    'db terminates',
    'ok',
  ],
  simple_sup: [
    '[',
    "  [ 'specs', 1 ],",
    "  [ 'active', 0 ],",
    "  [ 'supervisors', 0 ],",
    "  [ 'workers', 0 ]",
    ']',
    'id1',
    '[',
    "  [ 'specs', 1 ],",
    "  [ 'active', 2 ],",
    "  [ 'supervisors', 0 ],",
    "  [ 'workers', 2 ]",
    ']',
    "[ 'error', 'simple_one_for_one' ]",
    'ok',
    '1',
  ],
}

/** A report of the default handler, which comes when it comes: it is no output of the program's own. */
const REPORT = /^=\w+ REPORT====.*\n(?: {4}.*\n)*/gm

test('every folder of the tutorial is tested', () => {
  const folders = readdirSync(`${ROOT}examples/tutorial`, { withFileTypes: true }).filter((one) => one.isDirectory())
  assert.equal(folders.map(({ name }) => name).sort(), Object.keys(OUTPUT).sort())
})

function run(name: string): Promise<{ readonly status: number | null; readonly output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/tutorial/${name}/main.ts`], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, output })))
}

for (const [name, lines] of Object.entries(OUTPUT)) {
  test(`${name} runs and prints what it should`, async () => {
    const { status, output } = await run(name)
    const same = output.replaceAll(/<0\.\d+\.0>/g, '<0.N.0>').replaceAll(REPORT, '')
    assert.equal(same.trimEnd().split('\n'), lines)
    assert.is(status, 0)
  })
}

test.run()
