/** The programs of the guides print what stands below them: a block `main.ts`, with the other named blocks beside it. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Block, blocksOf, DOCUMENTS, ROOT } from './documents.js'

const test = suite('docs/examples')

/** Guides that must have a program: one for each behaviour, and for what behaviours stand on. */
const EXPECTED = [
  ...['processes', 'gen_server', 'gen_statem', 'gen_event', 'gen_fsm', 'supervisor', 'supervisor_bridge'],
  ...['special_processes', 'behaviours', 'applications', 'code'],
].map((name) => `docs/${name}.md`)

interface Program {
  readonly document: string
  readonly files: readonly Block[]
  readonly prints: string
}

/** The program of a guide: its named blocks, and the block of text after `main.ts`. */
function programOf(document: string): Program | undefined {
  const blocks = blocksOf(document)
  const main = blocks.findIndex(({ path }) => path === 'main.ts')
  const output = blocks[main + 1]
  if (main < 0 || output?.language !== 'text') return undefined
  return { document, files: blocks.filter(({ path }) => path?.endsWith('.ts')), prints: output.text }
}

const programs = DOCUMENTS.flatMap((document) => programOf(document) ?? [])

/** Pids and times differ from run to run. */
const comparable = (text: string): string =>
  text.replace(/<0\.\w+\.0>/g, '<PID>').replace(/\d+-\w{3}-\d{4}::[\d:.]+( UTC)?/g, 'TIME')

function run(file: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: ROOT })
    let text = ''
    const take = (chunk: Buffer) => {
      text += chunk.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('close', () => resolve(text))
  })
}

test('every guide to a behaviour has a program', () => {
  assert.equal(
    EXPECTED.filter((guide) => !programs.some(({ document }) => document === guide)),
    [],
  )
})

test('each prints what the guide shows', async () => {
  // Within the project: 'otp-rel' is found through its tsconfig.json.
  const dir = mkdtempSync(join(ROOT, 'test/docs/tmp_examples_'))
  try {
    const printed = await Promise.all(
      programs.map(async ({ document, files }) => {
        const folder = join(dir, basename(document, '.md'))
        mkdirSync(folder)
        for (const { path, text } of files) if (path !== undefined) writeFileSync(join(folder, path), text)
        return [document, await run(join(folder, 'main.ts'))] as const
      }),
    )
    for (const { document, prints } of programs) {
      const found = printed.find(([one]) => one === document)?.[1] ?? ''
      assert.is(comparable(found), comparable(prints), document)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test.run()
