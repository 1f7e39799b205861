import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as tar from 'tar'
import { Header, Pax } from 'tar'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { verifyInPlace } from '../../../runtime/sasl/src/checksums.js'
import { formatReleaseError, type ReleaseError } from '../../../runtime/sasl/src/release_error.js'
import type { Release } from '../../../runtime/sasl/src/releases_file.js'
import { finishRemovals, noteRemoval, removableUnits, removeUnits } from '../../../runtime/sasl/src/remove_release.js'
import { cleanStaging, findPackage, unpack } from '../../../runtime/sasl/src/unpack.js'

interface Context {
  dir: string
  root: string
}

const test = suite<Context>('sasl/unpack')

test.before.each(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), 'otp-rel-unpack-'))
  context.root = join(context.dir, 'root')
  await mkdir(join(context.root, 'releases'), { recursive: true })
})
test.after.each(({ dir }) => rm(dir, { recursive: true }))

type Files = Record<string, string>

const sum = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A release of one application: its files by path. */
function filesOf(vsn: string, more: Files = {}): Files {
  const rel = { name: 'shop', vsn, erts: '20.20.2', applications: [{ name: 'shop', vsn }] }
  return {
    'bin/shop': '#!/bin/sh\n',
    [`lib/shop-${vsn}/ebin/app.json`]: `{"name":"shop","vsn":"${vsn}"}`,
    [`lib/shop-${vsn}/ebin/shop.js`]: `// ${vsn}`,
    'lib/.npm/ws@8.0.0/node_modules/ws/index.js': '// ws',
    [`releases/${vsn}/shop.rel.json`]: JSON.stringify(rel),
    [`releases/${vsn}/start.script.json`]: '{}',
    ...more,
  }
}

async function writeAll(dir: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
  }
}

/** Makes a package; the checksums are of `files`, so that what is `put` afterwards differs from them. */
async function packageOf(
  dir: string,
  vsn: string,
  files: Files,
  put: Files = {},
  without: string[] = [],
): Promise<string> {
  const source = join(dir, `source-${vsn}`)
  const link = '../../.npm/ws@8.0.0/node_modules/ws'
  const sums = {
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, sum(text)])),
    [`lib/shop-${vsn}/node_modules/ws`]: `-> ${link}`,
  }
  const all = { ...files, [`releases/${vsn}/checksums.json`]: JSON.stringify(sums), ...put }
  for (const path of without) delete all[path]
  await writeAll(source, all)
  const npm = join(source, `lib/shop-${vsn}/node_modules`)
  await mkdir(npm, { recursive: true })
  await symlink(link, join(npm, 'ws'))
  const file = join(dir, `shop-${vsn}.tar.gz`)
  await tar.c({ file, gzip: true, cwd: source }, await readdir(source))
  return file
}

const admit = () => undefined

async function refusal(context: Context, file: string): Promise<ReleaseError> {
  const before = await tree(context.root)
  const result = await unpack(context.root, file, { admit })
  if (result.ok) throw new Error('the package was taken')
  assert.equal(await tree(context.root), before, 'nothing is changed')
  return result.error
}

async function tree(root: string): Promise<readonly string[]> {
  return (await readdir(root, { recursive: true })).sort()
}

test('a sound package is put in place, links and all', async (context) => {
  const file = await packageOf(context.dir, '1.0.0', filesOf('1.0.0'))
  const result = await unpack(context.root, file, { admit })
  assert.ok(result.ok, JSON.stringify(result))
  assert.is(await readFile(join(context.root, 'lib/shop-1.0.0/node_modules/ws/index.js'), 'utf8'), '// ws')
  assert.equal((await readdir(context.root)).sort(), ['bin', 'lib', 'releases'])
  assert.equal(await readdir(join(context.root, 'releases')), ['1.0.0'])
  assert.is(await verifyInPlace(context.root, '1.0.0'), undefined)
})

test('what an earlier release brought is shared; the start script stays', async (context) => {
  await unpack(context.root, await packageOf(context.dir, '1.0.0', filesOf('1.0.0')), { admit })
  await writeFile(join(context.root, 'bin/shop'), 'mine')
  const result = await unpack(context.root, await packageOf(context.dir, '2.0.0', filesOf('2.0.0')), { admit })
  assert.ok(result.ok, JSON.stringify(result))
  assert.is(await readFile(join(context.root, 'bin/shop'), 'utf8'), 'mine')
  assert.equal((await readdir(join(context.root, 'lib'))).sort(), ['.npm', 'shop-1.0.0', 'shop-2.0.0'])
})

test('a package that was unpacked but not recorded, as after a crash, is taken again', async (context) => {
  const file = await packageOf(context.dir, '1.0.0', filesOf('1.0.0'))
  await unpack(context.root, file, { admit })
  assert.ok((await unpack(context.root, file, { admit })).ok)
})

test('D27: a version that is here with other content names the files', async (context) => {
  await unpack(context.root, await packageOf(context.dir, '1.0.0', filesOf('1.0.0')), { admit })
  const files = filesOf('2.0.0', { 'lib/.npm/ws@8.0.0/node_modules/ws/index.js': '// other' })
  const error = await refusal(context, await packageOf(context.dir, '2.0.0', files))
  assert.equal(error, {
    tag: 'version_reused',
    dir: 'lib/.npm/ws@8.0.0',
    files: ['lib/.npm/ws@8.0.0/node_modules/ws/index.js'],
  })
})

test('missing, additional and different files are all named', async (context) => {
  const put = { 'lib/shop-1.0.0/ebin/shop.js': '// evil', 'lib/shop-1.0.0/ebin/more.js': '// more' }
  const file = await packageOf(context.dir, '1.0.0', filesOf('1.0.0'), put, ['lib/shop-1.0.0/ebin/app.json'])
  const error = await refusal(context, file)
  assert.equal(error, {
    tag: 'checksum_mismatch',
    vsn: '1.0.0',
    missing: ['lib/shop-1.0.0/ebin/app.json'],
    extra: ['lib/shop-1.0.0/ebin/more.js'],
    different: ['lib/shop-1.0.0/ebin/shop.js'],
  })
  assert.match(formatReleaseError(error), /missing: "lib\/shop-1\.0\.0\/ebin\/app\.json"; not listed: .*more\.js/)
})

test('a package without checksums is refused', async (context) => {
  const file = await packageOf(context.dir, '1.0.0', filesOf('1.0.0'), {}, ['releases/1.0.0/checksums.json'])
  assert.is((await refusal(context, file)).tag, 'no_such_file')
})

test('a package cut off anywhere is refused', async (context) => {
  const whole = await readFile(await packageOf(context.dir, '1.0.0', filesOf('1.0.0')))
  const file = join(context.dir, 'cut.tar.gz')
  for (const share of [0, 0.1, 0.5, 0.9, 0.99]) {
    await writeFile(file, whole.subarray(0, Math.floor(whole.length * share)))
    assert.is((await refusal(context, file)).tag, 'bad_package', `${share} of it`)
  }
  // Cut between two entries: the archive itself is sound, what is in it is not.
  await writeFile(file, gzipSync(gunzipSync(whole).subarray(0, 1024)))
  assert.ok(['bad_package', 'no_such_file'].includes((await refusal(context, file)).tag))
})

test('bytes that are no archive, and changed bytes in one, are refused', async (context) => {
  const file = join(context.dir, 'bad.tar.gz')
  await writeFile(file, 'this is no archive')
  assert.is((await refusal(context, file)).tag, 'bad_package')
  const raw = gunzipSync(await readFile(await packageOf(context.dir, '1.0.0', filesOf('1.0.0'))))
  const at = raw.indexOf('// 1.0.0')
  raw[at + 3] = 0x39
  await writeFile(file, gzipSync(raw))
  assert.is((await refusal(context, file)).tag, 'checksum_mismatch')
})

/** An archive of bare headers, such as no program of good will writes. */
function archive(entries: readonly Entry[]): Buffer {
  return gzipSync(Buffer.concat([archiveOf(entries), Buffer.alloc(1024)]))
}

type Entry = Partial<ConstructorParameters<typeof Header>[0] & object>

function archiveOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.map((entry) => {
    const header = new Header({ mode: 0o644, size: 0, mtime: new Date(0), type: 'File', ...entry } as never)
    header.encode()
    return header.block ?? Buffer.alloc(512)
  })
  return Buffer.concat(blocks)
}

const ATTACKS = [
  [[{ path: '../outside' }], '../outside'],
  [[{ path: '/etc/otp-rel-outside' }], '/etc/otp-rel-outside'],
  [[{ path: 'lib/a/../../../outside' }], 'lib/a/../../../outside'],
  [[{ path: 'lib/x', type: 'SymbolicLink', linkpath: '../..' }, { path: 'lib/x/outside' }], 'lib/x'],
  [[{ path: 'lib/x', type: 'SymbolicLink', linkpath: '../lib' }, { path: 'lib/x/inside' }], 'lib/x/inside'],
  [[{ path: 'lib/x', type: 'Link', linkpath: '../../outside' }], 'lib/x'],
  [[{ path: 'lib/dev', type: 'CharacterDevice' }], 'lib/dev'],
] as const

for (const [entries, named] of ATTACKS) {
  test(`an archive with ${entries.map(({ path }) => path).join(' and ')} is refused, and the entry named`, async (context) => {
    const file = join(context.dir, 'attack.tar.gz')
    await writeFile(file, archive(entries))
    const error = await refusal(context, file)
    assert.is(error.tag, 'bad_entry')
    assert.is(error.tag === 'bad_entry' && error.entry, named)
    assert.equal((await readdir(context.dir)).sort(), ['attack.tar.gz', 'root'])
  })
}

test('what the handler refuses is not put in place', async (context) => {
  const file = await packageOf(context.dir, '1.0.0', filesOf('1.0.0'))
  const result = await unpack(context.root, file, {
    admit: ({ rel }) => ({ tag: 'existing_release', vsn: rel.vsn, status: 'old' }),
  })
  assert.is(!result.ok && result.error.tag, 'existing_release')
  assert.equal(await tree(context.root), ['releases'])
})

test('when a file cannot be written the others have ended before the answer, and nothing of them stays', async (context) => {
  const long = `lib/${'x'.repeat(300)}` // no file system takes such a name
  const refused = [new Pax({ path: long }, false).encode(), archiveOf([{ path: 'lib/x' }])]
  const others = (name: string) =>
    archiveOf(Array.from({ length: 300 }, (_, index) => ({ path: `lib/${name}/${index}/a/b/c` })))
  const file = join(context.dir, 'long.tar.gz')
  await writeFile(file, gzipSync(Buffer.concat([others('before'), ...refused, others('after'), Buffer.alloc(1024)])))
  const error = await refusal(context, file)
  assert.match(formatReleaseError(error), /ENAMETOOLONG/)
  assert.equal(await tree(context.root), ['releases'])
})

test('what a crash left of unpacking or removing is cleaned away', async ({ root }) => {
  await writeAll(root, { 'releases/.unpack-1-x/lib/a': '', 'releases/.remove-1/lib/a': '', 'releases/1/a': '' })
  assert.equal((await cleanStaging(join(root, 'releases'))).length, 2)
  assert.equal(await readdir(join(root, 'releases')), ['1'])
})

test('a package is found by its name in releases, and by its path', async ({ root, dir }) => {
  await writeFile(join(root, 'releases/shop-1.tar.gz'), '')
  assert.equal(await findPackage(join(root, 'releases'), 'shop-1'), {
    ok: true,
    value: join(root, 'releases/shop-1.tar.gz'),
  })
  const elsewhere = join(dir, 'a.tar.gz')
  await writeFile(elsewhere, '')
  assert.equal(await findPackage(join(root, 'releases'), elsewhere), { ok: true, value: elsewhere })
  const missing = await findPackage(join(root, 'releases'), 'shop-2')
  assert.is(!missing.ok && missing.error.tag, 'no_such_file')
})

const known = (vsn: string): Release => ({
  name: 'shop',
  vsn,
  erts: '20.20.2',
  libs: [{ application: 'shop', vsn, dir: `lib/shop-${vsn}` }],
  status: 'old',
})

test('removing a release removes what only it needs', async (context) => {
  const { root, dir } = context
  await unpack(root, await packageOf(dir, '1.0.0', filesOf('1.0.0')), { admit })
  const own = { 'lib/.npm/left@1.0.0/node_modules/left/i.js': '' }
  await unpack(root, await packageOf(dir, '2.0.0', filesOf('2.0.0', own)), { admit })
  const units = await removableUnits(root, known('2.0.0'), [known('1.0.0')])
  assert.equal(
    units,
    ['erts-20.20.2', 'lib/.npm/left@1.0.0', 'lib/shop-2.0.0', 'releases/2.0.0'].filter(
      (one) => !one.startsWith('erts'),
    ),
  )
  await removeUnits(root, '2.0.0', units)
  assert.equal((await readdir(join(root, 'lib'))).sort(), ['.npm', 'shop-1.0.0'])
  assert.equal(await readdir(join(root, 'lib/.npm')), ['ws@8.0.0'])
  assert.equal(await readdir(join(root, 'releases')), ['1.0.0'])
  assert.is(await verifyInPlace(root, '1.0.0'), undefined)
})

test('what a release on disk needs that nobody registered is not removed', async (context) => {
  const { root, dir } = context
  await unpack(root, await packageOf(dir, '1.0.0', filesOf('1.0.0')), { admit })
  await unpack(root, await packageOf(dir, '2.0.0', filesOf('2.0.0')), { admit })
  assert.equal(await removableUnits(root, known('2.0.0'), []), ['lib/shop-2.0.0', 'releases/2.0.0'])
})

test('a folder that is not there any more does not stop the removal', async (context) => {
  const { root, dir } = context
  await unpack(root, await packageOf(dir, '1.0.0', filesOf('1.0.0')), { admit })
  await rm(join(root, 'lib/shop-1.0.0'), { recursive: true })
  await removeUnits(root, '1.0.0', await removableUnits(root, known('1.0.0'), []))
  assert.equal(await readdir(join(root, 'releases')), [])
})

test('a removal that a crash interrupted is finished; one that had not begun is forgotten', async (context) => {
  const { root, dir } = context
  await unpack(root, await packageOf(dir, '1.0.0', filesOf('1.0.0')), { admit })
  await unpack(root, await packageOf(dir, '2.0.0', filesOf('2.0.0')), { admit })
  const units = await removableUnits(root, known('2.0.0'), [known('1.0.0')])
  await noteRemoval(root, '2.0.0', units)
  // Killed before the list was written: it is still known.
  assert.equal(await finishRemovals(root, [known('2.0.0'), known('1.0.0')]), [])
  assert.equal((await readdir(join(root, 'releases'))).sort(), ['1.0.0', '2.0.0'])
  assert.is(await verifyInPlace(root, '2.0.0'), undefined)
  // Killed when one of its folders was on its way out.
  await noteRemoval(root, '2.0.0', units)
  await mkdir(join(root, 'releases/.remove-2.0.0/lib'))
  await rename(join(root, 'lib/shop-2.0.0'), join(root, 'releases/.remove-2.0.0/lib/shop-2.0.0'))
  assert.equal(await finishRemovals(root, [known('1.0.0')]), ['2.0.0'])
  assert.equal(await readdir(join(root, 'releases')), ['1.0.0'])
  assert.not((await readdir(join(root, 'lib'))).includes('shop-2.0.0'))
  assert.is(await verifyInPlace(root, '1.0.0'), undefined)
})

test.run()
