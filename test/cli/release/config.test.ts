import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseConfig, readConfig } from '../../../cli/release/config.js'
import { findConfig } from '../../../cli/release/config_file.js'
import { releasesNamed } from '../../../cli/release/release.js'
import { configOf, fixture, printed } from './fixtures.js'

const test = suite('cli/release/config')

const parse = (text: string) => parseConfig({ file: '/p/otp.config.json', text })

test('what is left out has its default, and paths are absolute', () => {
  const config = parse('{"releases":[{"name":"r","vsn":"1","applications":["a"],"sys_config":"c/sys.config.json"}]}')
  assert.ok(config.ok)
  if (!config.ok) return
  const { libDirs, output, root, releases } = config.value
  assert.equal({ libDirs, output, root }, { libDirs: ['apps/*'], output: '/p/_build', root: '/p' })
  assert.equal(releases, [
    {
      name: 'r',
      vsn: '1',
      goals: [{ name: 'a', type: 'permanent', path: ['releases', 0, 'applications', 0] }],
      sysConfig: '/p/c/sys.config.json',
      includeErts: false,
      devMode: false,
      includeSrc: false,
      strip: false,
      overlay: [],
      overlayVars: {},
      upgradeFrom: [],
      appup: 'written',
      allowSecrets: [],
      path: ['releases', 0],
      origins: {
        vsn: ['releases', 0, 'vsn'],
        applications: ['releases', 0, 'applications'],
        sys_config: ['releases', 0, 'sys_config'],
      },
    },
  ])
})

test('a goal keeps its range, type and included applications', () => {
  const goal = '{"name":"a","vsn":"^1.0.0","type":"load","included_applications":[]}'
  const config = parse(`{"releases":[{"name":"r","vsn":"1","applications":[${goal}],"include_erts":"bin/node"}]}`)
  const release = config.ok ? config.value.releases[0] : undefined
  assert.equal(release?.goals, [
    { name: 'a', range: '^1.0.0', type: 'load', included_applications: [], path: ['releases', 0, 'applications', 0] },
  ])
  assert.is(release?.includeErts, '/p/bin/node')
})

test('a release or a goal stands there once', async () => {
  const config = await readConfig(join(fixture('doubled_goal'), 'otp.config.json'))
  assert.equal(printed('doubled_goal', config), [
    'otp.config.json:4:15 releases[1].name: release "shop 1.0.0" stands here twice; give each its own name or version',
    'otp.config.json:3:64 releases[0].applications[1]: application "sasl" stands here twice; keep one of the two',
  ])
})

test('files that the configuration names have to be there', async () => {
  const config = await readConfig(join(fixture('missing_files'), 'otp.config.json'))
  assert.equal(printed('missing_files', config), [
    'otp.config.json:4:19 releases[0].sys_config: "config/sys.config.json" is not there',
    'otp.config.json:5:16 releases[0].vm_args: "config" is a folder, not a file',
  ])
})

test('a file that --set names is told with its setting, which stands in no file', async () => {
  const where = join(fixture('good_project'), 'otp.config.json')
  const config = await readConfig(where, { set: ['defaults.include_erts=maybe'] })
  const [fault] = config.ok ? [] : config.error
  assert.match(
    fault?.message ?? '',
    /^"include_erts": ".*maybe" is not there; allowed are true, false, and the file of a /,
  )
})

test('outside a project that is what is said', async () => {
  const config = await readConfig(join(fixture('runtime_apps'), 'otp.config.json'))
  assert.equal(printed('runtime_apps', config), [
    'otp.config.json: no otp.config.json here; run this in a project, or make one with "otp-rel new NAME"',
  ])
})

test('the configuration of a folder is that of the project around it', () => {
  const inside = join(fixture('good_project'), 'apps/shop/src')
  assert.is(findConfig(inside), join(fixture('good_project'), 'otp.config.json'))
  assert.is(findConfig('/'), undefined)
})

test('a release is found by name, the first one without', async () => {
  const config = await configOf('good_project')
  assert.is(releasesNamed(config).ok, true)
  assert.equal(printed('good_project', releasesNamed(config, 'shopp')), [
    'otp.config.json:2:15 releases: no release is called "shopp"; there are: "shop"; did you mean "shop"?',
  ])
})

test.run()
