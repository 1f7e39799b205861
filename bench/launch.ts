/** Starts measuring programs, each in a process of its own, and reads what they print. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { Program } from './budget.js'
import { type Figures, figuresOf } from './judge.js'

/** The folder bench. */
export const BENCH = fileURLToPath(new URL('.', import.meta.url))
/** A program that takes longer has hung. */
const TIMEOUT_MS = 300_000

/** How long to wait for the rest of its output after a program has ended: what it left running may hold the pipe. */
const REST_MS = 2000

/** Standard output of a program; its standard error is told when it fails. */
function outputOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: join(BENCH, '..'), env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, said] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000)
    })
    let why = ''
    const hung = setTimeout(() => {
      why = `took longer than ${TIMEOUT_MS / 1000} s`
      child.kill('SIGKILL')
    }, TIMEOUT_MS)
    const end = (code: number | null): void => {
      child.stdout.destroy()
      child.stderr.destroy()
      if (code === 0) resolve(out)
      else reject(new Error(`${[command, ...args].join(' ')}: ${why || `ended with ${code}`}\n${said}`))
    }
    child.once('error', reject)
    child.once('close', end)
    child.once('exit', (code) => {
      clearTimeout(hung)
      setTimeout(end, REST_MS, code).unref()
    })
  })
}

/** What can be run here. */
export interface Tools {
  /** Whether the tools of a program are installed. */
  can(program: Program): boolean
  /** @throws {Error} when it ends with another status than 0, says no figures, or takes longer than five minutes */
  run(program: Program): Promise<Figures>
  /** Removes what was made for the run. */
  clean(): void
}

const has = (command: string): boolean => spawnSync(command, ['-help'], { stdio: 'ignore' }).error === undefined

/** The program as one file, made at its first use. */
function bundled(program: string, dir: string): string {
  const file = join(dir, program.replace(/ts$/, 'mjs'))
  if (!existsSync(file)) {
    buildSync({ entryPoints: [join(BENCH, program)], outfile: file, bundle: true, platform: 'node', format: 'esm' })
  }
  return file
}

/**
 * Compiles bench/erlang when `erl` and `erlc` are installed.
 *
 * @param quick programs that repeat by themselves do so less often
 */
export function toolsHere(quick: boolean): Tools {
  const erlang = has('erl') && has('erlc')
  const mix = erlang && has('mix')
  const made = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
  if (erlang) {
    const sources = readdirSync(join(BENCH, 'erlang')).filter((file) => file.endsWith('.erl'))
    execFileSync('erlc', ['-o', made, ...sources.map((file) => join(BENCH, 'erlang', file))])
  }
  const env = { ...process.env, BENCH_BEAMS: erlang ? made : '', ...(quick ? { BENCH_QUICK: '1' } : {}) }
  return {
    can: ({ erlang: wants, needs }) => {
      const tool = wants === undefined ? needs : 'erlang'
      return tool === undefined || (tool === 'mix' ? mix : erlang)
    },
    run: async ({ node = '', bundled: inOne = false, erlang: words, args = [], flags = [] }) => {
      const program = inOne ? [bundled(node, made)] : ['--import', 'tsx', join(BENCH, node)]
      const [command, given] =
        words === undefined
          ? [process.execPath, [...flags, ...program, ...args]]
          : ['erl', ['+S', '1', '+P', '4000000', '-noshell', '-pa', made, ...words]]
      return figuresOf(await outputOf(command, given, env))
    },
    clean: () => rmSync(made, { recursive: true, force: true }),
  }
}
