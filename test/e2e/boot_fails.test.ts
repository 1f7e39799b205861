// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
/**
 * A release that was committed and does not boot: it is warned of beforehand; the launcher, between its tries, is told of;
 * and an older release is made what boots without a node that runs.
 */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildTars,
  done,
  jsonOf,
  openWorkshop,
  type Release,
  record,
  telling,
  until,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/boot_fails')

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  RELEASE_RESTARTS: '50/4',
  RELEASE_RESTART_DELAY: '1',
  ...more,
})

let shop: Workshop
let tarOf: (vsn: string) => string
let node: Release

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const config = { counter: { step: 2 }, web: { admin_port: '${ADMIN_PORT|number}' } }
    tarOf = await buildTars(await shop.project('project', [{ vsn: '1.0.0' }, { vsn: '1.1.0', config }]))
    node = await shop.deploy('node', tarOf('1.0.0'))
    done(await node.bin(['start'], { env: env() }))
  }),
)
test.after(async () => {
  await node.bin(['stop'])
  await shop.close()
})

const WARNING =
  /1\.1\.0 needs the environment variable "ADMIN_PORT", which is set in this process only; set it where the node gets its environment \(unit file, env\.sh\), or 1\.1\.0 will not boot/

test('a variable that only the running process has is warned of at the upgrade and at the commit', async () => {
  const refused = await node.bin(['upgrade', '1.1.0', '--tar', tarOf('1.1.0')])
  assert.is(refused.code, 9)
  assert.match(refused.stderr, /"ADMIN_PORT" is not set/)
  assert.match(refused.stderr, /set it where the node gets its environment \(unit file, env\.sh\)/)
  done(await node.bin(['eval', 'process.env.ADMIN_PORT = "8081"']))
  const dry = await node.bin(['upgrade', '1.1.0', '--dry-run'])
  assert.match(dry.stderr, WARNING)
  const upgraded = await node.bin(['upgrade', '1.1.0'])
  assert.is(upgraded.code, 0)
  assert.match(upgraded.stderr, WARNING)
  const committed = await node.bin(['commit'])
  assert.is(committed.code, 0)
  assert.match(committed.stderr, WARNING)
})

/** Kills the node, and waits until its launcher waits for the next try. */
async function crash(): Promise<void> {
  await node.kill()
  await until('the launcher waits', async () => {
    const { state, ends } = record(record(jsonOf(await node.bin(['status', '--json'])).error)?.facts) ?? {}
    return state === 'waiting' && Number(ends) >= 2 ? true : undefined
  })
}

test('between two tries of the launcher status tells all, and an older release is made what boots', async () => {
  await crash()
  const status = await node.bin(['status'])
  assert.is(status.code, 5)
  assert.match(status.stderr, /no node runs in .*: it ended \d+ times since \d\d:\d\d:\d\d without coming up again/)
  assert.match(status.stderr, /its launcher \(process \d+\) starts it again in /)
  assert.match(status.stderr, /releases\/1\.1\.0\/sys\.config\.json:\d+:\d+ web\.admin_port: .*"ADMIN_PORT" is not set/)
  assert.match(status.stderr, /bin\/counter commit VSN" makes one what boots/)

  const versions = await node.bin(['versions'])
  assert.is(versions.code, 0)
  assert.match(versions.stdout, /^1\.1\.0 +permanent .* boots\n1\.0\.0 +old .* ran before\n\nno node runs in /m)
  assert.is(jsonOf(await node.bin(['versions', '--json'])).permanent, '1.1.0')

  const which = await node.bin(['commit'])
  assert.is(which.code, 5)
  assert.match(which.stderr, /say which version is to boot\n {2}have it boot: ".*bin\/counter commit 1\.0\.0"/)
  const unknown = await node.bin(['commit', '3.0.0'])
  assert.is(unknown.code, 9)
  assert.match(unknown.stderr, /"3\.0\.0"/)

  const committed = done(await node.bin(['commit', '1.0.0']))
  assert.match(committed, /counter 1\.0\.0 is permanent: it is what boots from now on; no node runs/)
  await until('the node is back', async () => ((await node.bin(['ping'])).code === 0 ? true : undefined))
  assert.is((await node.get()).version, '1.0.0')
  assert.is(await node.versions(), '1.1.0 old, 1.0.0 permanent')
  const { history } = await node.call('history')
  const last = record(Array.isArray(history) ? history.at(-1) : undefined) ?? {}
  assert.equal([last.action, last.from, last.to, last.outcome], ['make_permanent', '1.1.0', '1.0.0', 'ok'])
  assert.match(String(last.who), /./)
})

test('stop ends a launcher between two tries, and says so; without one a version is chosen, too', async () => {
  done(await node.bin(['eval', 'process.env.ADMIN_PORT = "8081"']))
  done(await node.bin(['upgrade', '1.1.0']))
  done(await node.bin(['commit']))
  await crash()
  const stopped = await node.bin(['stop'])
  assert.equal([stopped.code, stopped.stderr], [0, ''])
  assert.match(stopped.stdout, /the launcher has stopped \(process \d+\): counter is not started again/)
  const { stderr } = await node.bin(['status'])
  assert.match(stderr, /no node runs in .*\n {2}start it with/)
  // What boots is not even whole.
  await rename(join(node.root, 'releases/1.1.0/env.sh'), join(node.root, 'releases/1.1.0/env.sh.away'))
  assert.match(done(await node.bin(['commit', '1.0.0'])), /no node runs\nStart it: {5}.*bin\/counter start/)
  done(await node.bin(['start'], { env: env() }))
  assert.is((await node.get()).version, '1.0.0')
})

test.run()
