/**
 * The guides in docs/ and README.md: their TypeScript compiles, their links lead somewhere, the commands and exit codes
 * they name are those of the command line.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { COMMANDS } from '../../cli/commands/table.js'
import { NODE_COMMANDS } from '../../cli/node/commands/table.js'
import { EXIT_CODES } from '../../cli/render/exit_codes.js'

const test = suite('docs/guides')

const HERE = dirname(fileURLToPath(import.meta.url))
const REPO = resolve(HERE, '../..')

/** Compiled by tests of their own: excerpts of testing.test.ts, and the recipes of cookbook.test.ts. */
const ELSEWHERE = ['docs/testing.md', 'docs/cookbook.md']

const guides = ['README.md', ...readdirSync(join(REPO, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md') && existsSync(join(REPO, path)))
  .map((path) => ({ path, text: readFileSync(join(REPO, path), 'utf8') }))

interface Block {
  /** The file it is, so that other blocks of the guide can import it. */
  readonly name: string | undefined
  readonly text: string
}

/** The blocks of TypeScript that stand by themselves. A path after the fence, or in a comment that comes first, names one. */
const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```/gm)]
    .map(([, path, block = '']) => ({
      text: block,
      name: (path ?? /^\/\/ (\S+\.ts)\n/.exec(block)?.[1])?.split('/').at(-1),
    }))
    .filter((block) => /^import\s/m.test(block.text))

/** Writes the blocks of a guide; one that comes again under its name is the next version, beside copies of the rest. */
function writeBlocks(dir: string, blocks: readonly Block[]): void {
  const files = new Map<string, string>()
  let version = 0
  const write = (): void => {
    const to = join(dir, String(version))
    mkdirSync(to, { recursive: true })
    // A block is a module even where it exports nothing.
    for (const [name, text] of files) writeFileSync(join(to, name), `${text}\nexport {}\n`)
  }
  for (const [index, block] of blocks.entries()) {
    const name = block.name ?? `block_${index}.ts`
    if (files.has(name)) {
      write()
      version += 1
    }
    files.set(name, block.text)
  }
  write()
}

test('the TypeScript of the guides compiles', () => {
  const dir = mkdtempSync(join(HERE, 'tmp_guides_'))
  try {
    let blocks = 0
    for (const { path, text } of guides) {
      if (ELSEWHERE.includes(path)) continue
      const found = blocksOf(text)
      blocks += found.length
      writeBlocks(join(dir, path.replace(/\W/g, '_')), found)
    }
    assert.ok(blocks > 15, `${blocks} blocks`)
    const config = { extends: '../../../tsconfig.json', compilerOptions: { rootDir: REPO }, include: ['.'] }
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(REPO, 'node_modules/typescript/bin/tsc')
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', dir, '--noEmit'], {
      cwd: dir,
      encoding: 'utf8',
    })
    assert.is(`${stdout}${stderr}`, '')
    assert.is(status, 0)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** Without blocks of code, where `](` is no link. */
const proseOf = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

test('relative links lead to files and headings that exist', () => {
  const broken: string[] = []
  for (const { path, text } of guides) {
    for (const [, target = ''] of proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', heading] = target.split('#')
      const to = file === '' ? join(REPO, path) : resolve(REPO, dirname(path), file)
      if (!existsSync(to)) broken.push(`${path}: ${target}`)
      else if (heading !== undefined && !anchorsOf(to).includes(heading)) broken.push(`${path}: ${target}`)
    }
  }
  assert.equal(broken, [])
})

/** Headings as GitHub names them in links. */
const anchorsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  )

/** Fenced and indented blocks, and code within a line. */
const codeOf = (text: string): string =>
  [...text.matchAll(/^```[\s\S]*?^```|^ {4}.*$|`[^`\n]+`/gm)].map(([code]) => code).join('\n')

const wordsOf = (entries: readonly { readonly name: string; readonly aliases?: readonly string[] }[]): string[] =>
  entries.flatMap(({ name, aliases = [] }) => [name, ...aliases])

test('commands that the guides name exist', () => {
  const known = new Set([...wordsOf(COMMANDS), 'help'])
  // Those of the start script itself.
  const ofRelease = new Set([
    ...wordsOf(NODE_COMMANDS),
    'help',
    'foreground',
    'start',
    'daemon',
    'console',
    'unit',
    'version',
  ])
  const unknown: string[] = []
  let seen = 0
  for (const { path, text } of guides) {
    const code = codeOf(text)
    for (const [whole, word = ''] of code.matchAll(/(?<![\w./-])otp-rel ([a-z][\w-]*)/g)) {
      seen += 1
      if (!known.has(word)) unknown.push(`${path}: ${whole}`)
    }
    for (const [whole, word = ''] of code.matchAll(/\bbin\/\w+ ([a-z][\w-]*)/g)) {
      if (!ofRelease.has(word)) unknown.push(`${path}: ${whole}`)
    }
  }
  assert.ok(seen > 20, `${seen} commands`)
  assert.equal(unknown, [])
})

test('every command is in the guide to operations', () => {
  const text = readFileSync(join(REPO, 'docs/operations.md'), 'utf8')
  const missing = COMMANDS.filter(({ hidden }) => hidden !== true).filter(
    ({ name }) => !text.includes(`otp-rel ${name}`),
  )
  assert.equal(
    missing.map(({ name }) => name),
    [],
  )
})

test('the table of exit codes is that of the command line', () => {
  const text = readFileSync(join(REPO, 'docs/operations.md'), 'utf8')
  const rows = [...text.matchAll(/^\| (\d+) \| `(\w+)` \| (.*) \|$/gm)].map(([, code, name, means]) => [
    Number(code),
    name,
    means,
  ])
  assert.equal(
    rows,
    Object.entries(EXIT_CODES).map(([name, { code, means }]) => [code, name, means]),
  )
})

test.run()
