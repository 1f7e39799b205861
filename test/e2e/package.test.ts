/**
 * Packages between the machine that builds and the nodes that take them: the same bytes wherever they are built, whole
 * or refused, and signed where a node asks for it.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildTars,
  done,
  jsonOf,
  openWorkshop,
  otpRel,
  repack,
  run,
  telling,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/package')

const VERSIONS = [{ vsn: '1.0.0' }, { vsn: '1.1.0' }] as const

let shop: Workshop
let project: string
/** The package of a version, signed by deploy.key. */
let tar: (vsn: string) => string

const sum = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

test.before(
  telling(async () => {
    shop = await openWorkshop()
    project = await shop.project('project', VERSIONS)
    for (const name of ['deploy.key', 'other.key']) done(await otpRel(['keygen', shop.path(name)]))
    done(await otpRel(['tar', '--project', project, '--sign', shop.path('deploy.key')]))
    tar = (vsn) => `${project}/_build/tar/counter-${vsn}.tar.gz`
  }),
)

test.after(() => shop.close())

const verify = (...args: string[]) => otpRel(['verify', ...args], { cwd: shop.dir })

test('two projects in two folders give the same bytes', async () => {
  const other = await buildTars(await shop.project('somewhere/else', VERSIONS))
  const unsigned = await buildTars(await shop.project('third', VERSIONS))
  assert.is(await sum(other('1.1.0')), await sum(unsigned('1.1.0')))
  assert.is.not(await sum(other('1.1.0')), await sum(tar('1.1.0')), 'a signature is content')
})

test('the sum beside is what sha256sum expects', async () => {
  const file = tar('1.0.0')
  assert.match(
    await readFile(`${file}.sha256`, 'utf8'),
    new RegExp(`^${await sum(file)}  counter-1\\.0\\.0\\.tar\\.gz\n$`),
  )
  const checked = await run('sha256sum', ['-c', `${file}.sha256`], { cwd: `${project}/_build/tar` })
  assert.is(done(checked), 'counter-1.0.0.tar.gz: OK\n')
})

test('a package built again is the same; with other content it is refused', async () => {
  done(await otpRel(['tar', '--project', project, '--sign', shop.path('deploy.key')]))
  const unsigned = await otpRel(['tar', '--project', project])
  assert.is(unsigned.code, 4)
  assert.match(unsigned.stderr, /counter-1\.0\.0\.tar\.gz: is there with other content .* give the release a new "vsn"/)
})

test('verify tells what is in a package and who signed it', async () => {
  const text = done(await verify(tar('1.0.0'), '--key', 'deploy.key.pub'))
  assert.match(text, /^counter 1\.0\.0 is whole: 5 applications, every file and link as listed\n/)
  assert.match(text, /\nsignature {2}by deploy\.key\.pub\n$/)
  assert.match(done(await verify(tar('1.0.0'))), /\nsignature {2}there; say whose it has to be with --key FILE\n$/)
  const facts = jsonOf(await verify(tar('1.0.0'), '--key', 'deploy.key.pub', '--json'))
  assert.equal([facts.name, facts.vsn, facts.signed, facts.signed_by], ['counter', '1.0.0', true, 'deploy.key.pub'])
})

test('verify refuses a foreign signature, a changed byte, and what is no package', async () => {
  const foreign = await verify(tar('1.0.0'), '--key', 'other.key.pub')
  assert.is(foreign.code, 11)
  assert.match(foreign.stderr, /checksums\.sig: is by none of the trusted keys \(other\.key\.pub\)/)

  const raw = gunzipSync(await readFile(tar('1.0.0')))
  raw[raw.indexOf('gen_server') + 1] = 0x41
  await writeFile(shop.path('changed.tar.gz'), gzipSync(raw))
  const changed = await verify('changed.tar.gz')
  assert.is(changed.code, 11)
  assert.match(changed.stderr, /checksums\.json does not agree with the files; different content: "/)

  await writeFile(shop.path('text.tar.gz'), 'no archive')
  const text = await verify('text.tar.gz')
  assert.is(text.code, 11)
  assert.match(text.stderr, /^error: text\.tar\.gz: is truncated or corrupt/)
  assert.is((await verify('nowhere.tar.gz')).code, 3)
})

test('a node with release_keys takes what is signed by one of them, and nothing else', async () => {
  const node = await shop.deploy('node', tar('1.0.0'))
  const config = `${node.root}/releases/1.0.0/sys.config.json`
  const settings = JSON.parse(await readFile(config, 'utf8'))
  const key = await readFile(shop.path('deploy.key.pub'), 'utf8')
  await writeFile(config, JSON.stringify({ ...settings, sasl: { release_keys: [key] } }))
  await node.start()

  await repack(tar('1.1.0'), shop.path('forged.tar.gz'), async (dir) => {
    await writeFile(`${dir}/lib/counter-1.1.0/ebin/words.js`, 'evil')
  })
  const forged = await node.bin(['unpack', shop.path('forged.tar.gz')])
  assert.is(forged.code, 11)
  assert.match(forged.stderr, /checksums\.sig: is by none of the trusted keys \(key 1 of release_keys\)/)
  assert.is(await node.versions(), '1.0.0 permanent')

  done(await node.bin(['unpack', tar('1.1.0')]))
  assert.is(await node.versions(), '1.1.0 unpacked, 1.0.0 permanent')
})

test.run()
