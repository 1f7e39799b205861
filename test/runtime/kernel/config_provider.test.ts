import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Mfa } from '../../../runtime/erts/modules.js'
import { provideConfig } from '../../../runtime/kernel/src/config_provider.js'

const test = suite('kernel/config_provider')

const withProviders = (...providers: unknown[]) => ({ kernel: { config_providers: providers }, shop: { a: 1, b: 1 } })

test('without providers a configuration stays as it is', async () => {
  const config = { shop: { a: 1 } }
  assert.equal(await provideConfig(config, () => assert.unreachable()), { ok: true, value: config })
})

test('D10: each gets what those before it gave and its own arguments, and is merged over it', async () => {
  const calls: Mfa[] = []
  const config = withProviders(['shop/x', 'one', ['arg']], ['shop/x', 'two', []])
  const provided = await provideConfig(config, async (mfa) => {
    calls.push(mfa)
    return mfa[1] === 'one' ? { shop: { b: 2 }, web: { port: 80 } } : { shop: { c: 3 } }
  })
  assert.equal(provided.ok && provided.value, { ...config, shop: { a: 1, b: 2, c: 3 }, web: { port: 80 } })
  assert.equal(calls, [
    ['shop/x', 'one', [config, 'arg']],
    ['shop/x', 'two', [{ ...config, shop: { a: 1, b: 2 }, web: { port: 80 } }]],
  ])
})

// what the provider gives, why that is refused
const REFUSED = [
  [undefined, /^config provider shop\/x\.load must return \{ "APPLICATION"/],
  [[], /must return/],
  [{ shop: 1 }, /^config provider shop\/x\.load returned shop: /],
  [{ 'Shop!': {} }, /^config provider shop\/x\.load returned /],
] as const

for (const [given, why] of REFUSED) {
  test(`${JSON.stringify(given)} is no configuration`, async () => {
    const provided = await provideConfig(withProviders(['shop/x', 'load', []]), () => given)
    assert.match(provided.ok ? '' : provided.error, why)
  })
}

for (const list of [{}, [['shop/x', 'load']], [['shop', 'load', []]], ['shop/x']]) {
  test(`${JSON.stringify(list)} is no list of providers`, async () => {
    const provided = await provideConfig({ kernel: { config_providers: list } }, () => ({}))
    assert.match(provided.ok ? '' : provided.error, /^kernel\.config_providers must be a list/)
  })
}

test.run()
