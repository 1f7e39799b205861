/**
 * docs/first-upgrade.md, followed to the letter: its files are written, its commands run in order in a real shell with
 * a real node, and each prints what the document shows. Times, process ids and sizes differ from run to run.
 */
import { readFileSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openWorkshop, run, telling, type Workshop } from '../support/e2e_node.js'
import { type Block, blocksOf, ROOT } from './documents.js'

const test = suite('docs/first_upgrade')
const DOCUMENT = 'docs/first-upgrade.md'

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string } // our own
let shop: Workshop

test.before(
  telling(async () => {
    shop = await openWorkshop()
  }),
)
test.after(() => shop.close())

/** What differs from run to run, as letters. */
const steady = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/<?\d+(\.\d+)? (?:ms|s)\b/g, 'N ms')
    .replaceAll(/\d+(\.\d+)? MB\b/g, 'N MB')
    .replaceAll(/Node \d+\.\d+\.\d+/g, 'Node N')
    .replaceAll(/^(\d\S*\s+\w+\s+)\d+\.\d+\.\d+ /gm, '$1NODE ')
    .replaceAll(/\bprocess(\s+)\d+/g, 'process P')
    .replaceAll(/^(TIME\s+)\S+/gm, '$1WHO')
    .replaceAll(/(processes\s+)\d+/g, '$1N')
    .replaceAll(/<0\.\d+\.0>/g, '<0.N.0>')
    .replaceAll(/(\()\S*\/(src\/\w+\.ts:\d+:\d+\))/g, '$1.../$2')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()

/** The commands of a console block, each with what it prints. */
function commandsOf(block: Block): { readonly command: string; readonly prints: string }[] {
  return block.text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { command: part.slice(0, end), prints: part.slice(end + 1) }
    })
}

/** Runs one command the way a reader does, in the tutorial's folder. */
async function follow(command: string): Promise<string> {
  const dir = shop.path('hello')
  if (command === 'mkdir hello && cd hello') {
    await mkdir(dir)
    return ''
  }
  if (/^npm install \S+\/otp-rel-\S+\.tgz$/.test(command)) {
    assert.ok(command.endsWith(`-${version}.tgz`), `npm pack makes otp-rel-${version}.tgz`)
    // The repository itself stands for its package; e2e/npm_pack installs a real one.
    await mkdir(join(dir, 'node_modules', '.bin'), { recursive: true })
    await symlink(ROOT, join(dir, 'node_modules', 'otp-rel'), 'dir')
    await symlink(join('..', 'otp-rel', 'dist', 'cli', 'main.js'), join(dir, 'node_modules', '.bin', 'otp-rel'))
    return ''
  }
  assert.match(command, /^npx otp-rel /)
  const { stdout, stderr } = await run('sh', ['-c', command.replace(/^npx /, 'node_modules/.bin/')], { cwd: dir })
  return `${stdout}${stderr}`
}

/** A file after a change that a reader makes by hand: lines with `-` go, those with `+` come, the others stay. */
function changed(text: string, { line, text: diff }: Block): string {
  const lines = diff.split('\n').filter((one) => one !== '')
  const side = (mark: string) => lines.filter(([first]) => first !== mark).map((one) => `${one.slice(1)}\n`)
  const [before, after] = [side('+').join(''), side('-').join('')]
  assert.is(text.split(before).length, 2, `${DOCUMENT}:${line}: stands once in the file`)
  return text.replace(before, () => after)
}

test('every file and every command of the tutorial does what the page says', async () => {
  for (const block of blocksOf(DOCUMENT)) {
    if (block.path !== undefined) {
      const file = join(shop.path('hello'), block.path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, block.language === 'diff' ? changed(await readFile(file, 'utf8'), block) : block.text)
      continue
    }
    assert.is(block.language, 'console', `${DOCUMENT}:${block.line}`)
    for (const { command, prints } of commandsOf(block)) {
      assert.is(steady(await follow(command)), steady(prints), `${DOCUMENT}:${block.line} $ ${command}`)
    }
  }
})

test.run()
