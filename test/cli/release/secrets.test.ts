import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { planRelease } from '../../../cli/release/plan.js'
import { findSecrets, formatSecretFault } from '../../../cli/release/secrets.js'
import { found, planApplication, planInput } from '../../support/plan_input.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/secrets')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})
test.after.each(() => folder.remove())

const KEY = '-----BEGIN EC PRIVATE KEY-----\nMHQCAQ\n-----END EC PRIVATE KEY-----\n'

/** The faults of a release with one file in priv, and `key.pem` in a package. */
async function faults(name: string, text: string, allowed: readonly string[] = []): Promise<string[]> {
  await folder.put(`apps/shop/priv/${name}`, text)
  const file = (path: string) => found(path, folder.path(`apps/shop/priv/${name}`), text)
  const packages = [{ name: 'b', version: '1.0.0', key: 'b@1.0.0', links: [], files: [file('test/.env')] }]
  const shop = planApplication('shop', '1.0.0', { key: KEY }, { priv: [file(name)] })
  const plan = planRelease(planInput('1.0.0', shop, { packages }))
  return (await findSecrets(plan, folder.path('.'), allowed)).map(formatSecretFault)
}

// file in priv, its text, whether it may travel
const FILES = [
  ['server.pem', KEY, 'a private key'],
  ['deep/id_ed25519', 'x', 'a private key'],
  ['.env', 'PASSWORD=x', 'an environment file'],
  ['.env.production', 'PASSWORD=x', 'an environment file'],
  ['.npmrc', '//host/:_authToken=x', 'a file of credentials'],
  ['.env.example', 'PASSWORD=', undefined],
  ['ca.pem', '-----BEGIN CERTIFICATE-----', undefined],
  ['public.pem', '-----BEGIN PUBLIC KEY-----', undefined],
  ['words.txt', 'environment', undefined],
] as const

for (const [name, text, why] of FILES) {
  test(`${name} ${why === undefined ? 'travels' : `is refused as ${why}`}`, async () => {
    const found = await faults(name, text)
    assert.is(found.length, why === undefined ? 0 : 1)
    if (why !== undefined)
      assert.ok(found[0]?.startsWith(`apps/shop/priv/${name}: looks like ${why}, and would`), found[0])
  })
}

test('what allow_secrets lists travels, by name or pattern', async () => {
  assert.equal(await faults('test.key', KEY, ['apps/shop/priv/test.key']), [])
  assert.equal(await faults('test.key', KEY, ['apps/*/priv/*.key']), [])
  assert.is((await faults('test.key', KEY, ['apps/*.key'])).length, 1)
})

test('configuration is looked at as well', async () => {
  const config = new Map([['sys.config.json', JSON.stringify({ shop: { key: KEY } })]])
  const plan = planRelease(planInput('1.0.0', planApplication('shop', '1.0.0', {}), { config }))
  assert.equal(
    (await findSecrets(plan, folder.path('.'), [])).map(({ file }) => file),
    ['releases/1.0.0/sys.config.json'],
  )
})

test.run()
