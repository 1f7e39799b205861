/** The dependency on otp-rel that a new project writes. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { list } from 'tar'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ownPackage } from '../../../cli/release/own_package.js'
import { tempFolder } from '../../support/temp_folder.js'

const test = suite('cli/release/own_package')

/** An otp-rel of this name, with files of every kind that `files` can name. */
async function copy() {
  const folder = await tempFolder()
  const files = ['dist', 'schemas/*.schema.json', 'templates', 'docs/*.md', 'CHANGELOG.md']
  await folder.put('package.json', { name: 'otp-rel', version: '0.3.0', files })
  for (const path of [
    ...['dist/cli/main.js', 'dist/.stamp', 'templates/new/.gitignore.hbs', 'README.md', 'LICENSE', 'CHANGELOG.md'],
    ...['schemas/app.schema.json', 'schemas/app.ts', 'docs/why.md', 'docs/generate.ts', 'node_modules/x/index.js'],
  ]) {
    await folder.put(path, path)
  }
  return { folder, at: { root: folder.dir, code: folder.path('dist'), ending: '.js' as const } }
}

test('a copy that was published is asked for in the registry', async () => {
  const { folder, at } = await copy()
  await folder.put('dist/published', '')
  assert.equal(await ownPackage(at), { spec: '^0.3.0' })
  await folder.remove()
})

test('any other copy travels with the project: the files of its package.json, the same bytes each time', async () => {
  const { folder, at } = await copy()
  const { spec, file } = await ownPackage(at)
  assert.is(spec, 'file:vendor/otp-rel-0.3.0.tgz')
  assert.is(file?.path, 'vendor/otp-rel-0.3.0.tgz')
  const content = file?.content ?? Buffer.alloc(0)
  await writeFile(folder.path('made.tgz'), content)
  const found: string[] = []
  await list({ file: folder.path('made.tgz'), onReadEntry: ({ path }) => found.push(path) })
  assert.equal(
    found,
    [
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'dist/cli/main.js', 'docs/why.md', 'package.json'],
      ...['schemas/app.schema.json', 'templates/new/.gitignore.hbs'],
    ].map((path) => `package/${path}`),
  )
  const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  assert.is(sum((await ownPackage(at)).file?.content ?? Buffer.alloc(0)), sum(content))
  await folder.remove()
})

test('a clone that was not built is refused by what it lacks', async () => {
  const { folder, at } = await copy()
  await folder.put('package.json', { name: 'otp-rel', version: '0.3.0', files: ['dist', 'gone'] })
  let thrown: unknown
  await ownPackage(at).catch((error: unknown) => {
    thrown = error
  })
  assert.match(String(thrown), /ENOENT.*gone/)
  await folder.remove()
})

test.run()
