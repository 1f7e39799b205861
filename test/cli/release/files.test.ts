import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findFiles, findPackageFiles, openSums } from '../../../cli/release/files.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/files')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})
test.after.each(() => folder.remove())

/** Paths that are found below a folder with these files. */
async function found(find: typeof findFiles, ...paths: string[]): Promise<string[]> {
  for (const path of paths) await folder.put(`dir/${path}`, path)
  return (await find(folder.path('dir'), await openSums(undefined))).map(({ path }) => path)
}

test('all files but dependencies and version control, sorted', async () => {
  const paths = ['b/c.js', 'a.js', 'node_modules/x/i.js', '.git/HEAD', 'b/.DS_Store', '.hidden']
  assert.equal(await found(findFiles, ...paths), ['.hidden', 'a.js', 'b/c.js'])
})

test('of a compiled addon its library travels, not what compiling left', async () => {
  const left = [
    'build/Makefile',
    'build/config.gypi',
    'build/addon.target.mk',
    'build/deps/x.Makefile',
    'build/Release/.deps/Release/addon.node.d',
    'build/Release/obj.target/addon.node',
    'build/Release/obj/gen/x.c',
    'build/Release/x.a',
  ]
  const kept = ['binding.gyp', 'build/Release/addon.node', 'build/Release/libx.so.1', 'lib/obj/index.js', 'src/a.c']
  assert.equal(await found(findPackageFiles, ...left, ...kept), kept)
})

test('a build folder that node-gyp did not make is the package itself', async () => {
  const paths = ['build/Makefile', 'build/gen/index.js']
  assert.equal(await found(findPackageFiles, ...paths), paths)
})

test.run()
