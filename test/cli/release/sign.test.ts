import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatKeyFault, makeKeys, readSigner } from '../../../cli/release/sign.js'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import { readKeys, verifySignature } from '../../../runtime/sasl/src/signature.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/sign')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})
test.after.each(() => folder.remove())

/** A signer with a key made now. */
async function signer(name = 'deploy.key') {
  const made = await makeKeys(folder.path(name))
  if (!made.ok) throw new Error(formatKeyFault(made.error))
  const read = await readSigner(made.value.private)
  if (!read.ok) throw new Error(formatKeyFault(read.error))
  return read.value
}

test('keys are made for their owner alone, and never overwritten', async () => {
  await signer()
  assert.is((await stat(folder.path('deploy.key'))).mode & 0o777, 0o600)
  const before = await folder.read('deploy.key')
  const again = await makeKeys(folder.path('deploy.key'))
  assert.is(again.ok ? '' : again.error.tag, 'key_exists')
  assert.is(await folder.read('deploy.key'), before)
})

test('where the public key would overwrite another, no private one is left either', async () => {
  await folder.put('deploy.key.pub', 'mine')
  assert.is((await makeKeys(folder.path('deploy.key'))).ok, false)
  assert.is(await stat(folder.path('deploy.key')).catch(() => 'none'), 'none')
  assert.is(await folder.read('deploy.key.pub'), 'mine')
})

test('a signature is that of openssl, and always the same', async () => {
  const sign = await signer()
  const key = createPublicKey(await folder.read('deploy.key.pub'))
  assert.ok(verify(null, Buffer.from('list'), key, Buffer.from(sign('list').trim(), 'base64')))
  assert.is(sign('list'), sign('list'))
})

test('a key can be given as a text, as build servers keep secrets', async () => {
  const sign = await signer()
  const other = await readSigner(await folder.read('deploy.key'))
  assert.is(other.ok && other.value('list'), sign('list'))
})

const rsa = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey

const REFUSED = [
  ['a file that is not there', undefined, /deploy\.key: is not there$/],
  ['a text that is no key', 'hello', /is no Ed25519 private key in PEM without a passphrase: .*otp-rel keygen FILE/],
  ['a key of another type', rsa(), /it is of type rsa/],
] as const
for (const [what, text, words] of REFUSED) {
  test(`refused: ${what}`, async () => {
    if (text !== undefined) await folder.put('deploy.key', text)
    const read = await readSigner(folder.path('deploy.key'))
    assert.match(read.ok ? '' : formatKeyFault(read.error), words)
  })
}

/** A release folder whose list is signed by `sign`, and what verifying it says. */
async function verified(list: string, signature: string | undefined, keys: readonly string[]): Promise<string> {
  await mkdir(folder.path('releases/1'), { recursive: true })
  await writeFile(folder.path('releases/1/checksums.json'), list)
  if (signature !== undefined) await writeFile(folder.path('releases/1/checksums.sig'), signature)
  const trusted = await readKeys(folder.path('.'), keys)
  if (!trusted.ok) return formatReleaseError(trusted.error)
  const by = await verifySignature(folder.path('.'), '1', trusted.value)
  return by.ok ? by.value.name : formatReleaseError(by.error)
}

test('a release is taken with the signature of one of the trusted keys, and with no other', async () => {
  const [mine, other] = [await signer('mine'), await signer('other')]
  assert.is(await verified('list', mine('list'), ['other.pub', 'mine.pub']), 'mine.pub')
  const text = await readFile(folder.path('mine.pub'), 'utf8')
  assert.is(await verified('list', mine('list'), [text]), 'key 1 of release_keys')
  const none = 'releases/1/checksums.sig: is by none of the trusted keys (mine.pub)'
  assert.is(await verified('list', other('list'), ['mine.pub']), none)
  assert.is(await verified('lust', mine('list'), ['mine.pub']), none)
  assert.is(await verified('list', 'garbage', ['mine.pub']), none)
  assert.match(await verified('list', mine('list'), ['mine']), /is no Ed25519 public key: is a private key/)
  await folder.put('text', 'hello')
  assert.is(await verified('list', mine('list'), ['text']), 'text: is no Ed25519 public key: its text is none in PEM')
  assert.is(await verified('list', mine('list'), ['gone']), 'gone: is not there')
})

test('a release without a signature says so', async () => {
  await signer('mine')
  assert.is(
    await verified('list', undefined, ['mine.pub']),
    'releases/1/checksums.sig: is missing: the release is not signed',
  )
})

test.run()
