// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
/**
 * A release that was committed and does not boot: it is warned of beforehand; the launcher, between its tries, is told of;
 * and an older release is made what boots without a node that runs.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildTars, done, openWorkshop, type Release, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/boot_fails')

const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  RELEASE_RESTARTS: '50/600',
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

test.run()
