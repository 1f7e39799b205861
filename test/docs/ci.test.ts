/**
 * docs/ci.md, carried out: the steps of its two files run in a shell, on a project of `otp-rel new`, against a server that
 * is a folder (`ssh` and `scp` are stand-ins that run and copy there). GitLab's file deploys 1.0.0, that of GitHub 1.1.0.
 */
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { done, openWorkshop, otpRel, type Ran, run, telling, type Workshop } from '../support/e2e_node.js'
import { blocksOf } from './documents.js'

const test = suite('docs/ci')

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly with?: { readonly path?: string }
  readonly if?: string
  readonly env?: Readonly<Record<string, string>>
  readonly run?: string
}
interface GitHub {
  readonly env: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<'package' | 'deploy', { readonly steps: readonly Step[] }>>
}
interface Job {
  readonly extends?: string
  readonly variables?: Readonly<Record<string, string>>
  readonly before_script?: readonly string[]
  readonly script: readonly string[]
  readonly artifacts?: { readonly paths: readonly string[] }
}
type GitLab = Readonly<Record<'check' | 'package' | 'deploy' | '.release', Job>>

let shop: Workshop
/** The project's folder, as its author has it. */
let project: string
/** Where the server's node listens. */
let port: number
let env: NodeJS.ProcessEnv
/** What stands in the settings of the project, by name. */
let settings: Readonly<Record<string, string>>
let github: GitHub
let gitlab: GitLab

/** A file of the guide, for this server: its folder, its port, and less patience. */
function fileOf(path: string): string {
  const text = blocksOf('docs/ci.md').find((block) => block.path === path)?.text
  assert.ok(text !== undefined, path)
  return text
    .replaceAll('/srv/', `${shop.dir}/`)
    .replaceAll('localhost:8080', `localhost:${port}`)
    .replaceAll('--commit-after 60s', '--commit-after 500ms --health-interval 100ms')
    .replaceAll('--traffic', '--settle 200ms --traffic')
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })

async function program(name: string, text: string): Promise<void> {
  await shop.put('stand_ins', { [name]: `#!/bin/sh\n${text}` })
  await chmod(shop.path('stand_ins', name), 0o755)
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    port = await freePort()
    await mkdir(shop.path('home'))
    await mkdir(shop.path('packages'))
    await mkdir(shop.path('project'))
    const home = homedir()
    env = {
      ...process.env,
      NO_COLOR: '1',
      HOME: shop.path('home'),
      PATH: `${shop.path('stand_ins')}:${process.env.PATH}`,
      npm_config_cache: process.env.npm_config_cache ?? join(home, '.npm'),
      npm_config_userconfig: process.env.npm_config_userconfig ?? join(home, '.npmrc'),
      npm_config_prefer_offline: 'true',
      npm_config_audit: 'false',
      npm_config_ignore_scripts: 'true',
    }
    // The server is told its port; the node that a rehearsal starts on this same machine takes any.
    const known = 'grep -q "the key" ~/.ssh/id_ed25519 && grep -q "the hosts" ~/.ssh/known_hosts || exit 255\n'
    await program('ssh', `${known}[ "$1" = deploy@shop ] || exit 255\nshift\nPORT=${port} exec sh -c "$*"\n`)
    await program('scp', `${known}exec cp "\${1#deploy@shop:}" "\${2#deploy@shop:}"\n`)

    done(await otpRel(['new', 'shop'], { cwd: shop.path('project') }))
    project = shop.path('project', 'shop')
    for (const path of ['test/load.mjs', 'deploy/install.sh']) await writeFile(join(project, path), fileOf(path))
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the environment, put in by the node
    await shop.put('project/shop', { 'config/sys.config.json': { shop: { port: '${PORT:-0|number}' } } })
    await edit('otp.config.json', '"vsn": "1.0.0",', '"vsn": "1.0.0", "sys_config": "config/sys.config.json",')
    done(await otpRel(['keygen', '../release.key'], { cwd: project }))
    await cp(shop.path('project', 'release.key.pub'), join(project, 'deploy', 'release.key.pub'))
    done(await run('npm', ['install', '--no-fund'], { cwd: project, env, limitMs: 180_000 }))

    settings = {
      DEPLOY_HOST: 'deploy@shop',
      SSH_KEY: 'the key',
      SSH_KNOWN_HOSTS: 'the hosts',
      OTP_REL_SIGN_KEY: await readFile(shop.path('project', 'release.key'), 'utf8'),
    }
    github = parse(fileOf('.github/workflows/release.yml')) // as the interface says, or the test fails
    gitlab = parse(fileOf('.gitlab-ci.yml')) // the same
  }),
)

test.after(() => shop.close())

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(project, file), 'utf8')
  assert.ok(text.includes(from), `${file}: ${from}`)
  await writeFile(join(project, file), text.replace(from, to))
}

/** A fresh checkout of the project. */
async function checkout(name: string): Promise<string> {
  const to = shop.path(name)
  await cp(project, to, { recursive: true, filter: (path) => !/^(node_modules|_build)$/.test(basename(path)) })
  return to
}

/** A script as both run it: the first command that fails ends it. */
const script = (text: string, cwd: string, more: NodeJS.ProcessEnv): Promise<Ran> =>
  run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', text], {
    cwd,
    env: { ...env, ...more },
    limitMs: 180_000,
  })

const onServer = async (line: string): Promise<string> =>
  done(await run('sh', ['-c', `"${shop.path('shop', 'bin', 'shop')}" ${line}`], { env })).trim()

const ARTIFACTS = ['shop-VSN.cdx.json', 'shop-VSN.tar.gz', 'shop-VSN.tar.gz.sha256']

// ---- GitLab

async function gitLabJob(name: 'package' | 'deploy', cwd: string, tag: string): Promise<void> {
  const job = gitlab[name]
  const base = gitlab['.release']
  assert.is(job.extends, '.release')
  assert.equal(base.variables, { HOST: '$DEPLOY_HOST' })
  await shop.put('settings', { SSH_KEY: 'the key\n', SSH_KNOWN_HOSTS: 'the hosts\n' })
  // GitHub's run installs; here the author's packages stand for it
  const lines = job.script.filter((line) => line !== 'npm ci')
  done(
    await script([...(base.before_script ?? []), ...lines].join('\n'), cwd, {
      ...settings,
      HOST: settings.DEPLOY_HOST,
      SSH_KEY: shop.path('settings', 'SSH_KEY'),
      SSH_KNOWN_HOSTS: shop.path('settings', 'SSH_KNOWN_HOSTS'),
      CI_COMMIT_TAG: tag,
    }),
  )
}

test('GitLab: 1.0.0 is packed, signed, and installed where nothing was', async () => {
  const cwd = await checkout('gitlab')
  await symlink(join(project, 'node_modules'), join(cwd, 'node_modules'))
  await gitLabJob('package', cwd, 'v1.0.0')
  assert.equal(gitlab.package.artifacts?.paths, ['_build/tar/'])
  for (const file of ARTIFACTS) await readFile(join(cwd, '_build/tar', file.replace('VSN', '1.0.0')))
  await gitLabJob('deploy', cwd, 'v1.0.0')
  assert.is(await onServer('version'), 'shop 1.0.0')
  for (const n of ['1', '2', '3']) assert.is(await onServer('rpc shop/counter next'), n)
})

// ---- GitHub

/** Runs a step. @returns undefined for one that is skipped */
async function step(one: Step, cwd: string, known: Map<string, string>): Promise<Ran | undefined> {
  const given = (value: string): string =>
    value.replaceAll(/\$\{\{ (?:vars|secrets)\.(\w+) \}\}/g, (_, name: string) => {
      const found = settings[name]
      assert.ok(found !== undefined, `setting ${name}`)
      return found
    })
  const own = Object.entries({ ...github.env, ...one.env }).map(([name, value]) => [name, given(value)] as const)
  assert.ok(one.if === undefined || one.if === "env.OLD != ''", one.if)
  if (one.run === undefined || (one.if !== undefined && !known.get('OLD'))) return undefined
  const file = shop.path('github_env')
  await writeFile(file, '')
  const ran = await script(one.run, cwd, {
    ...Object.fromEntries([...known, ...own]),
    GITHUB_REF_NAME: 'v1.1.0',
    GITHUB_ENV: file,
  })
  for (const [, name = '', value = ''] of (await readFile(file, 'utf8')).matchAll(/^(\w+)=(.*)$/gm)) {
    known.set(name, value)
  }
  return ran
}

test('GitHub: a change without an appup is red; 1.1.0 is rehearsed and goes live', async () => {
  await edit('apps/shop/src/counter.ts', '{ n: n + 1 }', '{ n: n + 10 }')
  await edit('test/counter.test.ts', '2)', '11)')
  for (const file of ['apps/shop/app.json', 'otp.config.json']) await edit(file, '1.0.0', '1.1.0')
  const cwd = await checkout('github')
  const known = new Map<string, string>()
  const { steps } = github.jobs.package
  let ranAll = 0
  for (const one of steps) {
    const ran = await step(one, cwd, known)
    if (ran === undefined) continue
    ranAll += 1
    if (!one.run?.includes('appup --check')) done(ran)
    else {
      assert.is(ran.code, 18, ran.stdout + ran.stderr)
      const old = shop.path('gitlab', '_build', 'tar', 'shop-1.0.0.tar.gz')
      done(await otpRel(['appup', '--from', old], { cwd: project }))
      await cp(join(project, 'apps/shop/appup.json'), join(cwd, 'apps/shop/appup.json'))
      const again = await step(one, cwd, known)
      assert.is(again?.code, 0, again?.stderr)
    }
  }
  assert.is(ranAll, steps.filter(({ run }) => run !== undefined).length)
  assert.equal(
    [...known],
    [
      ['OLD', '1.0.0'],
      ['NEW', '1.1.0'],
    ],
  )
  const [kept] = steps.filter(({ uses }) => uses?.startsWith('actions/upload-artifact'))
  const [taken] = github.jobs.deploy.steps.filter(({ uses }) => uses?.startsWith('actions/download-artifact'))
  assert.is(kept?.with?.path, '_build/tar/')
  assert.is(taken?.with?.path, '_build/tar/')
  for (const file of ARTIFACTS) await readFile(join(cwd, '_build/tar', file.replace('VSN', '1.1.0')))

  const at = await checkout('github_deploy')
  await cp(join(cwd, '_build/tar'), join(at, '_build/tar'), { recursive: true })
  for (const one of github.jobs.deploy.steps) {
    const ran = await step(one, at, new Map())
    if (ran !== undefined) done(ran)
  }
  assert.is(await onServer('version'), 'shop 1.1.0')
  // 4, and 10 for each time that it was asked for its health
  const [n, next] = [Number(await onServer('rpc shop/counter next')), Number(await onServer('rpc shop/counter next'))]
  assert.is(n % 10, 4, `what it counted is still there: ${n}`)
  assert.is(next, n + 10)
})

test('both files run the same commands', () => {
  /** Commands, without the words of a shell around them. */
  const commandsOf = (lines: readonly string[]): string[] =>
    lines
      .flatMap((text) => text.split('\n'))
      .map((line) => line.trim())
      .filter((line) => /^(npm|npx|scp|ssh|tar|mkdir|OLD=\$\(ssh) /.test(line))
  const { package: packed, deploy } = github.jobs
  const ofGitHub = [...packed.steps, ...deploy.steps].flatMap(({ run: line }) => (line === undefined ? [] : [line]))
  const ofGitLab = [gitlab.check, gitlab.package, gitlab.deploy].flatMap(({ script: lines }) => lines)
  assert.equal(new Set(commandsOf(ofGitHub)), new Set(commandsOf(ofGitLab)))
  assert.ok(commandsOf(ofGitLab).length > 12)
})

test("the workflow of a new project is the beginning of the guide's", async () => {
  const made = parse(await readFile(join(project, '.github/workflows/ci.yml'), 'utf8')) as {
    readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
  } // otp-rel new made it
  const lines = Object.values(made.jobs).flatMap(({ steps }) => steps.flatMap((one) => one.run ?? []))
  for (const line of ['npm run check', 'npm test']) assert.ok(lines.includes(line), line)
})

test.run()
