/** The tree in ARCHITECTURE.md is the tree on disk: every file has its phrase, and no phrase is without its file. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT, textOf } from './documents.js'

const test = suite('docs/architecture')

/** Files that the tree names: below a line `FOLDER/`, the words of an indented line up to two spaces. */
function listed(): string[] {
  const section = /\n## The tree\n([\s\S]*?)\n## /.exec(textOf('ARCHITECTURE.md'))?.[1] ?? ''
  const files: string[] = []
  for (const [, block = ''] of section.matchAll(/```\n([\s\S]*?)```/g)) {
    let folder = ''
    for (const line of block.split('\n')) {
      const heading = /^(\S+)\//.exec(line)
      if (heading !== null) folder = heading[1] ?? ''
      else if (line.trim() !== '') {
        const [names = ''] = line.trim().split(/ {2,}/)
        files.push(...names.split(' ').map((name) => `${folder}/${name}`))
      }
    }
  }
  return files.sort()
}

const onDisk = ['cli', 'runtime', 'schemas', 'templates']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
  )
  .sort()

test('every file has a line in the tree of ARCHITECTURE.md', () => {
  const named = new Set(listed())
  assert.equal(
    onDisk.filter((file) => !named.has(file)),
    [],
  )
})

test('every line of the tree is of a file that is there', () => {
  const there = new Set(onDisk)
  assert.equal(
    listed().filter((file) => !there.has(file)),
    [],
  )
})

test('every file that a journey names is there', () => {
  const section = /\n## The journeys\n([\s\S]*?)\n## /.exec(textOf('ARCHITECTURE.md'))?.[1] ?? ''
  const there = new Set(onDisk)
  const gone = [...section.matchAll(/\b(?:cli|runtime|templates)\/[\w./]+\.(?:ts|hbs)\b/g)]
    .map(([file]) => file)
    .filter((file) => !there.has(file))
  assert.equal(gone, [])
})

test.run()
