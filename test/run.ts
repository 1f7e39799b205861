/**
 * Runs the tests: every `*.test.ts` below the folders or files given (default: all) in a process of its own, since a
 * node is an OS process and its names and its clock are global. Shows the output of what failed, and prints
 * `N passed, N failed` last.
 *
 * The runner's holes are closed here: a file that runs no test fails, one that hangs is ended, an open timer or socket
 * that keeps a finished file alive is a hang.
 */
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROOT = join(HERE, '..')
/** A file may take so long, ms; those that build, boot and upgrade whole nodes (e2e) longer. */
const LIMIT_MS = 120_000
const E2E_LIMIT_MS = 420_000

interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly ms: number
  readonly output: string
}

function filesBelow(path: string): string[] {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(path, name))
    .sort()
}

function runFile(file: string): Promise<FileResult> {
  const startMs = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  let output = ''
  const take = (chunk: string): void => {
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  const limit = setTimeout(() => child.kill('SIGKILL'), file.includes('e2e') ? E2E_LIMIT_MS : LIMIT_MS)
  return new Promise((resolve) => {
    child.once('close', (status, signal) => {
      clearTimeout(limit)
      const number = (label: string): number => {
        const found = [...output.matchAll(new RegExp(`${label}:\\s+(\\d+)`, 'g'))].at(-1)
        return found === undefined ? 0 : Number(found[1])
      }
      const total = number('Total')
      const passed = number('Passed')
      // uvu leaves with 0 when a file runs no test at all, and when a promise never settles it stops early.
      const broken = total === 0 || status !== 0 || signal !== null
      const failed = Math.max(total - passed - number('Skipped'), broken ? 1 : 0)
      const ended = signal === null ? `status ${status}` : `signal ${signal} (it hung, or kept something open)`
      const text = broken ? `${output}\n${relative(ROOT, file)} ended with ${ended}, ${total} tests run\n` : output
      resolve({ file, passed, failed, ms: performance.now() - startMs, output: text })
    })
  })
}

const wanted = process.argv.slice(2)
const files = (wanted.length > 0 ? wanted : [HERE]).flatMap((path) =>
  filesBelow(join(process.cwd(), relative(process.cwd(), path))),
)
const waiting = [...files]
const results: FileResult[] = []

async function worker(): Promise<void> {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const result = await runFile(file)
    results.push(result)
    const mark = result.failed === 0 ? '+' : '!'
    console.log(
      `${mark} ${relative(ROOT, file)}  ${result.passed} passed${result.failed > 0 ? `, ${result.failed} failed` : ''}  ${(result.ms / 1000).toFixed(1)} s`,
    )
    if (result.failed > 0) console.log(result.output)
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))
const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0) + (files.length === 0 ? 1 : 0)
const bad = results.filter((result) => result.failed > 0)
if (bad.length > 0) console.log(`\nfailed: ${bad.map(({ file }) => relative(ROOT, file)).join(', ')}`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
