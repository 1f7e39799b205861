/** Projects of `otp-rel new` for tests, with what a user finds in them: commands, edits, steps, instructions. */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parse } from 'yaml'
import { done, otpRel, type Ran, run, type Workshop } from './e2e_node.js'

/** What `otp-rel new` can make. */
export const KINDS = ['service', 'umbrella', 'library'] as const

/** npm asks the registry only for what it does not have; the rest of the environment is that of the test. */
export const ENV: NodeJS.ProcessEnv = {
  ...process.env,
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'true',
}

/** Makes a project. @returns its folder */
export async function scaffold(shop: Workshop, name: string, kind: (typeof KINDS)[number]): Promise<string> {
  done(await otpRel(['new', name, '--template', kind], { cwd: shop.dir }))
  return shop.path(name)
}

/** Runs commands as a shell does that stops at the first that fails. */
export const shell = (text: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', text], {
    cwd,
    env: { ...ENV, ...env },
    limitMs: 180_000,
  })

/** Replaces a piece of a file that must be there. */
export async function edit(file: string, from: string, to: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  if (!before.includes(from)) throw new Error(`${file} has no ${from}`)
  await writeFile(file, before.replace(from, to))
}

/** A README: the commands before its second heading, the edits of its table, and the commands below that. */
export async function readmeOf(
  project: string,
): Promise<{ first: string[]; edits: [file: string, from: string, to: string][]; upgrade: string[] }> {
  const readme = await readFile(join(project, 'README.md'), 'utf8')
  const [first = '', upgrade = ''] = readme.split(/^## .*$/m)
  const linesOf = (text: string) => [...text.matchAll(/^ {4}(.*?)(?: +# .*)?$/gm)].map(([, line = '']) => line)
  const edits = [...upgrade.matchAll(/^\| `(.*?)` \| `(.*?)` \| `(.*?)` \|$/gm)].map(
    ([, file = '', from = '', to = '']): [string, string, string] => [file, from, to],
  )
  return { first: linesOf(first), edits, upgrade: linesOf(upgrade) }
}

/** A step of a workflow. */
export interface Step {
  readonly name?: string
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly run?: string
}

/** The steps of the workflow of a project, in order. */
export async function workflowOf(project: string): Promise<readonly Step[]> {
  const text = await readFile(join(project, '.github/workflows/ci.yml'), 'utf8')
  const { jobs } = parse(text) as { readonly jobs: { readonly test: { readonly steps: readonly Step[] } } } // or it throws
  return jobs.test.steps
}

/** An instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  readonly name: string
  readonly words: string
}

/** The instructions of a Dockerfile, in order. */
export async function dockerfileOf(project: string): Promise<readonly Instruction[]> {
  const text = await readFile(join(project, 'Dockerfile'), 'utf8')
  return text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', words = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? []
      return { name: name.toUpperCase(), words }
    })
}

/** A port that nobody has. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
