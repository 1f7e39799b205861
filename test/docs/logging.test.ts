/** The examples of docs/logging.md print what stands below them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { blocksOf, ROOT } from './documents.js'

const test = suite('docs/logging')
const DIR = join(ROOT, '_build', `logging-${process.pid}`)

test.before(() => void mkdirSync(DIR, { recursive: true }))
test.after(() => rmSync(DIR, { recursive: true, force: true }))

const blocks = blocksOf('docs/logging.md')
const outputs = new Map(
  blocks.flatMap(({ language, path, text }) => (language === 'text' && path !== undefined ? [[path, text]] : [])),
)

/** The entry of the package, from the sources. */
const ENTRY = pathToFileURL(join(ROOT, 'runtime/kernel/src/otp_rel.ts')).href

const withoutTimes = (text: string): string =>
  text
    .replace(/\d+-\w{3}-\d{4}::\d\d:\d\d:\d\d\.\d{6}(?: UTC)?/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, 'TIME')

test('there are examples with output', () => assert.ok(outputs.size > 3))

for (const { language, path, text } of blocks) {
  const expected = path === undefined ? undefined : outputs.get(path)
  if (language !== 'ts' || path === undefined || expected === undefined) continue
  test(`${path} prints what the guide says`, () => {
    const file = join(DIR, path)
    writeFileSync(file, text.replace("'otp-rel'", `'${ENTRY}'`))
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: ROOT, encoding: 'utf8' })
    assert.is(withoutTimes(stdout + stderr), withoutTimes(expected))
  })
}

test('a handler on standard error writes there what is of its level', () => {
  const block = blocks.find(({ path }) => path === 'file.ts')
  const file = join(DIR, 'file.ts')
  writeFileSync(file, block?.text.replace("'otp-rel'", `'${ENTRY}'`) ?? '')
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file], { cwd: ROOT, encoding: 'utf8' })
  assert.equal([stdout, withoutTimes(stderr)], ['', 'TIME error: kept\n'])
})

test.run()
