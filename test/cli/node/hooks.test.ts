import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { NodeCommand, NodeContext } from '../../../cli/node/command.js'
import { askHooks, betweenHooks } from '../../../cli/node/hooks.js'
import { type Outcome, report } from '../../../cli/render/failure.js'
import { err, ok } from '../../../schemas/result.js'
import { emptyRelease } from '../support/fake_node.js'

const test = suite('cli/node/hooks')

const SAYS =
  'echo "$0 $HOOK $HOOK_VSN $HOOK_CODE $RELEASE_NAME $RELEASE_VSN $RELEASE_NODE_NAME $PWD" >>"$RELEASE_ROOT/said"\n'

/** A release 1.0.0 of "shop" with these hooks, by path; each writes down that it was asked. */
function release(hooks: Readonly<Record<string, string>>) {
  const root = emptyRelease()
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  put('releases/1.0.0/shop.rel.json', '{}')
  put('releases/start_otp.json', '{ "vsn": "1.0.0" }')
  for (const [path, text] of Object.entries(hooks)) {
    put(path, `${SAYS}${text}\n`)
    chmodSync(join(root, path), 0o755)
  }
  const said = (): readonly string[] => {
    const text = existsSync(join(root, 'said')) ? readFileSync(join(root, 'said'), 'utf8') : ''
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replaceAll(root, 'ROOT'))
  }
  return { root, said }
}

function contextOf(root: string, shown: unknown[] = []): NodeContext {
  return {
    program: 'otp-rel',
    progress: () => {},
    show: ({ data }) => shown.push(data),
    signal: new AbortController().signal,
    // Reasons for the casts: no hook and none of these commands reads or writes them.
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    stdout: new PassThrough() as unknown as NodeJS.WriteStream,
    target: { root },
    timeoutMs: 1_000,
    packagesOf: () => [],
  }
}

const answers =
  (outcome: Outcome): NodeCommand =>
  async () =>
    outcome
const done = answers(ok(report({ to: '1.1.0' })))
const failed = answers(err({ exit: 'upgrade_undone', tag: 'install_failed', message: 'undone' }))

test('that of the version comes before that of the installation; each knows what it is about', async () => {
  const { root, said } = release({ 'releases/1.0.0/hooks/pre_stop': '', 'hooks/pre_stop': '' })
  assert.equal(await askHooks('pre_stop', contextOf(root)), ok(undefined))
  const rest = 'pre_stop 1.0.0 0 shop 1.0.0 shop ROOT'
  assert.equal(said(), [`ROOT/releases/1.0.0/hooks/pre_stop ${rest}`, `ROOT/hooks/pre_stop ${rest}`])
})

test('without start_otp.json the only version counts', async () => {
  const { root, said } = release({ 'releases/1.0.0/hooks/pre_stop': '' })
  rmSync(join(root, 'releases', 'start_otp.json'))
  await askHooks('pre_stop', contextOf(root))
  assert.is(said().length, 1)
})

test('the first that fails is a veto, and nothing after it is asked', async () => {
  const { root, said } = release({ 'releases/1.0.0/hooks/pre_upgrade': 'exit 3', 'hooks/pre_upgrade': '' })
  let called = false
  const command = betweenHooks(async (...given) => {
    called = true
    return done(...given)
  })
  const outcome = await command({ vsn: '1.1.0' }, contextOf(root))
  assert.equal(outcome.ok ? [] : [outcome.error.exit, outcome.error.tag, outcome.error.message.replace(root, 'ROOT')], [
    'refused',
    'hook_failed',
    'ROOT/releases/1.0.0/hooks/pre_upgrade ended with 3: pre_upgrade of shop 1.1.0 is refused',
  ])
  assert.equal([called, said().length], [false, 1])
})

test('an upgrade is told how it ended; a dry run asks nobody', async () => {
  const { root, said } = release({ 'hooks/pre_upgrade': '', 'hooks/post_upgrade': '' })
  const context = contextOf(root)
  assert.is((await betweenHooks(done)({ vsn: '1.1.0' }, context)).ok, true)
  assert.is((await betweenHooks(failed)({}, context)).ok, false)
  const asked = said()
  assert.equal(
    asked.map((line) => line.split(' ').slice(1, 4).join(' ')),
    ['pre_upgrade 1.1.0 0', 'post_upgrade 1.1.0 0', 'pre_upgrade 1.0.0 0', 'post_upgrade 1.0.0 10'],
  )
  await betweenHooks(done)({ vsn: '1.1.0', 'dry-run': true }, context)
  assert.equal(said(), asked)
})

test('a failing post_upgrade: what was done is told, then 9; a failed upgrade keeps its own failure', async () => {
  const { root } = release({ 'hooks/post_upgrade': 'exit 1' })
  const shown: unknown[] = []
  const after = await betweenHooks(done)({ vsn: '1.1.0' }, contextOf(root, shown))
  assert.equal([after.ok ? '' : after.error.tag, shown], ['hook_failed', [{ to: '1.1.0' }]])
  const own = await betweenHooks(failed)({ vsn: '1.1.0' }, contextOf(root))
  assert.equal(own.ok ? [] : [own.error.tag, own.error.hints?.map((line) => line.replace(root, 'ROOT'))], [
    'install_failed',
    ['ROOT/hooks/post_upgrade ended with 1: post_upgrade of shop 1.1.0 is refused'],
  ])
})

test.run()
