/** kernel, stdlib and sasl are one thing with this package: what differs in content must differ in version. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('house/runtime_vsn')
const vsnIn = (file: string, key: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))[key]

test('the applications of the runtime have one version, and their appups are of it', () => {
  const versions = ['kernel', 'stdlib', 'sasl'].flatMap((name) => [
    vsnIn(`runtime/${name}/app.json`, 'vsn'),
    vsnIn(`runtime/${name}/appup.json`, 'vsn'),
  ])
  assert.is(new Set(versions).size, 1, versions.join(', '))
})

test('from the second version of the package on it is that of the package', () => {
  const version = vsnIn('package.json', 'version')
  // The first one was made before there was anything to be upgraded from.
  if (version !== '0.1.0') assert.is(vsnIn('runtime/kernel/app.json', 'vsn'), version)
  else assert.is(vsnIn('runtime/kernel/app.json', 'vsn'), '1.0.0')
})

test.run()
