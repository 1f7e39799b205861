import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ertsVersion } from '../../../cli/release/erts.js'
import { fixture, printed, releaseOf } from './fixtures.js'

const test = suite('cli/release/release')

test('versions that cannot be looked up are faults of the files that ask for them', async () => {
  const lines = printed('unknown_versions', await releaseOf('unknown_versions'))
  assert.match(
    lines[0] ?? '',
    /^otp\.config\.json:6:21 releases\[0\]\.include_erts: "otp\.config\.json" does not run: /,
  )
  assert.equal(lines.slice(1), [
    'otp.config.json:4:12 releases[0].vsn: release "shop" has no version: package.json has no "version"',
    'apps/shop/app.json:1:26 vsn: package.json has no "version"',
  ])
})

test('paths within a sentence are those of the project', async () => {
  const release = await releaseOf('two_versions')
  const said = release.ok ? [] : release.error.map(({ message }) => message)
  assert.ok(said.some((message) => message.includes('(apps/')))
  assert.not.ok(said.some((message) => message.includes(fixture('two_versions'))))
})

test('the version of the node binary', async () => {
  const own = { ok: true, value: process.versions.node }
  assert.equal(await ertsVersion(true), own)
  assert.equal(await ertsVersion(false), own)
  assert.equal(await ertsVersion(process.execPath), own)
  const other = await ertsVersion('/bin/echo')
  assert.match(other.ok ? '' : other.error, /^"\/bin\/echo" is not node: it says ".*" for --version$/)
})

test.run()
