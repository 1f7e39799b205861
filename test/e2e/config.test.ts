// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
/**
 * Configuration from the project to the running node: a computed otp.config.ts with a profile and settings of the
 * command line, overlays, environment variables in sys.config.json and vm.args, env_sh, a config provider; and all of
 * it again at an upgrade of the running node.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, openWorkshop, otpRel, type Release, run, telling, type Workshop } from '../support/e2e_node.js'
import { projectFiles } from '../support/e2e_project.js'

const test = suite('e2e/config')

let shop: Workshop
let project: string
let node: Release

const ENVIRONMENT = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', STEP: '7', OTP_REL_TEST_TITLE: 'counting' }

const CONFIG = `import { defineConfig } from 'otp-rel/config'

const release = (vsn: string) => ({
  vsn,
  name: 'counter',
  applications: ['sasl', { name: 'counter', vsn }, 'web'],
  sys_config: 'config/sys.config.json',
})

export default defineConfig(({ profile }) => ({
  defaults: {
    env_sh: 'config/env.sh',
    overlay_vars: { made_for: profile },
    overlay: [
      { mkdir: 'data' },
      { template: 'config/about.hbs', to: 'etc/about.txt' },
      { template: 'config/about.hbs', to: 'releases/{{release.vsn}}/about.txt' },
    ],
  },
  releases: [release('1.0.0'), release('1.1.0')],
  profiles: { site: { defaults: { vm_args: 'config/vm.args', strip: true } } },
}))
`

const VAULT = `import { readFile } from 'node:fs/promises'
import type { Application } from 'otp-rel'

export const load: Application.ConfigProvider<[file: string]> = async (config, file) => {
  return { counter: { secret: (await readFile(file, 'utf8')) + ' of VERSION', seen: config.counter?.step } }
}
`

const vault = (vsn: string) => ({ 'src/vault.ts': VAULT.replace('VERSION', vsn) })

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const releases = ['1.0.0', '1.1.0'].map((vsn) => ({ vsn, counter: vault(vsn) }))
    const { 'otp.config.json': _json, ...files } = projectFiles(releases)
    const upgraded = files['apps/counter-1.1.0/appup.json'] as {
      up: { instructions: object[] }[]
      down: { instructions: object[] }[]
    } // projectFiles makes it
    for (const { instructions } of [...upgraded.up, ...upgraded.down])
      instructions.push({ op: 'load_module', module: 'vault' })
    await shop.put('project', {
      ...files,
      'otp.config.ts': CONFIG,
      'config/sys.config.json': {
        kernel: { config_providers: [['counter/vault', 'load', [shop.path('secret')]]] },
        counter: { step: '${STEP|number}', place: '${PLACE}/${OTP_REL_TEST_NONE:-none}' },
      },
      'config/vm.args': '# what ps shows\n--title=${OTP_REL_TEST_TITLE}\n',
      'config/env.sh': 'export PLACE="$RELEASE_NAME"\n',
      'config/about.hbs': '{{release.name}} {{release.vsn}} for {{made_for}} with {{application.web.dir}}',
    })
    project = shop.path('project')
    await writeFile(shop.path('secret'), 'first')
    const set = ['--set', 'defaults.include_src=true']
    done(await otpRel(['tar', '--project', project, '--profile', 'site', ...set]))
    node = await shop.deploy('node', join(project, '_build', 'site', 'tar', 'counter-1.0.0.tar.gz'))
  }),
)

test.after(() => shop.close())

/** All parameters of the counter. */
async function parameters(): Promise<unknown> {
  const ran = await node.bin(['eval', '--json', "Application.getAllEnv('counter')"], { env: ENVIRONMENT })
  return Object.fromEntries(JSON.parse(done(ran)))
}

test('a node whose environment lacks something does not start, and says everything that is missing', async () => {
  const { STEP: _step, OTP_REL_TEST_TITLE: _title, ...bare } = ENVIRONMENT
  const noTitle = await node.bin(['foreground'], { env: bare })
  assert.is(noTitle.code, 3)
  assert.match(
    noTitle.stderr,
    /vm\.args needs environment variables that are not set: OTP_REL_TEST_TITLE; sys\.config\.json needs: STEP/,
  )
  const noStep = await node.bin(['foreground'], { env: { ...bare, OTP_REL_TEST_TITLE: 'x' } })
  assert.is(noStep.code, 12)
  assert.match(
    noStep.stderr,
    /releases\/1\.0\.0\/sys\.config\.json:\d+:\d+ counter\.step: environment variable "STEP" is not set/,
  )
})

test('the node runs with overlays, variables, what env_sh exports and what the provider gives', async () => {
  done(await node.bin(['start'], { env: ENVIRONMENT }))
  const about = 'counter 1.0.0 for site with lib/web-1.0.0'
  assert.is(await readFile(join(node.root, 'etc/about.txt'), 'utf8'), about)
  assert.is(await readFile(join(node.root, 'releases/1.0.0/about.txt'), 'utf8'), about)
  assert.match(await readFile(join(node.root, 'lib/counter-1.0.0/src/vault.ts'), 'utf8'), /of 1\.0\.0/)
  assert.is((await node.get()).step, 7)
  const title = await run('ps', ['-o', 'args=', '-p', String((await node.get()).os)])
  assert.match(title.stdout, /counting/)
  assert.equal(await parameters(), { step: 7, place: 'counter/none', secret: 'first of 1.0.0', seen: 7 })
})

test('an upgrade makes the configuration anew, with the new provider and what it finds now', async () => {
  await writeFile(shop.path('secret'), 'second')
  const before = await node.get()
  const tar = join(project, '_build', 'site', 'tar', 'counter-1.1.0.tar.gz')
  done(await node.bin(['unpack', tar]))
  done(await node.bin(['upgrade', '1.1.0']))
  const after = await node.get()
  assert.equal([after.os, after.version, after.step], [before.os, '1.1.0', 7])
  assert.equal(await parameters(), { step: 7, place: 'counter/none', secret: 'second of 1.1.0', seen: 7 })
  assert.match(await readFile(join(node.root, 'etc/about.txt'), 'utf8'), / 1\.0\.0 /)
  assert.match(await readFile(join(node.root, 'releases/1.1.0/about.txt'), 'utf8'), / 1\.1\.0 /)
})

test('other commands find what was built with the profile, and its package is whole', async () => {
  const where = ['--project', project, '--profile', 'site']
  const plan = done(await otpRel(['plan', '1.0.0', '1.1.0', ...where]))
  assert.match(plan, /counter 1\.0\.0 -> 1\.1\.0/)
  assert.match(plan, /config +counter\/vault\.load is asked again/)
  assert.is((await otpRel(['plan', '1.0.0', '1.1.0', '--project', project])).code === 0, false)
  done(await otpRel(['verify', join(project, '_build', 'site', 'tar', 'counter-1.1.0.tar.gz')]))
})

test.run()
