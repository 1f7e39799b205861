/**
 * The Dockerfile and the unit of `otp-rel new`, without Docker: the instructions are carried out on this machine, each stage
 * in a folder of its own that stands for its root. What this cannot show is told: the image of FROM, and the user of
 * USER where the test is not run by root.
 */
import { spawnSync } from 'node:child_process'
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, isAlive, openWorkshop, type Ran, run, telling, until, type Workshop } from '../support/e2e_node.js'
import { dockerfileOf, ENV, edit, freePort, scaffold, shell } from '../support/scaffold.js'

const test = suite('e2e/new_deploy')

let shop: Workshop
let project: string
let port: number
/** Where the last stage's root is, and what it runs. */
let root: string
let command: readonly string[]

const skipped = (what: string): void => console.log(`  skipped: ${what}`)

test.before(
  telling(async () => {
    shop = await openWorkshop()
    port = await freePort()
    project = await scaffold(shop, 'shop', 'service')
    await edit(join(project, 'apps/shop/app.json'), '8080', String(port))
  }),
)

test.after(() => shop.close())

test('Dockerfile: each instruction does what the next one needs', async () => {
  // The folder is handed over as Docker does it, without what .dockerignore names.
  const ignored = new Set((await readFile(join(project, '.dockerignore'), 'utf8')).trim().split('\n'))
  assert.ok(ignored.has('node_modules') && ignored.has('_build'))
  const stages = new Map<string, string>()
  let workdir = '/'
  for (const { name, words } of await dockerfileOf(project)) {
    /** A path of the stage, on this machine. */
    const at = (path: string, stage = root): string => join(stage, path.startsWith('/') ? path : join(workdir, path))
    switch (name) {
      case 'FROM': {
        const [, image, as = 'last'] = /^(\S+)(?: AS (\S+))?$/.exec(words) ?? []
        assert.is(image, 'node:22-slim')
        skipped(`FROM ${image}: this machine and its Node ${process.version} stand for it`)
        root = shop.path('stages', as)
        workdir = '/'
        await mkdir(root, { recursive: true })
        stages.set(as, root)
        break
      }
      case 'WORKDIR':
        workdir = words
        await mkdir(at('.'), { recursive: true })
        break
      case 'COPY': {
        const [, from, source = '', to = ''] = /^(?:--from=(\S+) )?(?:--chown=\S+ )?(\S+) (\S+)$/.exec(words) ?? []
        const stage = from === undefined ? undefined : stages.get(from)
        assert.is(stage === undefined, from === undefined, `no stage "${from}"`)
        const folder = stage === undefined ? join(project, source) : at(source, stage)
        await cp(folder, at(to), {
          recursive: true,
          verbatimSymlinks: true,
          filter: (path) => stage !== undefined || !ignored.has(path.slice(folder.length).replace(/^\//, '')),
        })
        break
      }
      case 'RUN':
        done(await shell(words.replaceAll('/release', at('/release')), at('.')))
        break
      case 'CMD':
        command = JSON.parse(words)
        break
      case 'EXPOSE':
        assert.is(words, '8080', 'the port of app.json')
        break
      case 'USER':
        assert.is(words, 'node', 'the user that COPY gave the files to')
        break
      default:
        throw new Error(`${name}: this test does not know how to carry it out`)
    }
  }
  assert.equal(command, ['/srv/shop/bin/shop', 'foreground'])
  assert.equal(await dockerfileOf(await scaffold(shop, 'shop_2', 'umbrella')), [
    ...(await dockerfileOf(project)).map(({ name, words }) => ({ name, words: words.replaceAll('shop', 'shop_2') })),
  ])
})

test('the image: as process 1 the node answers and SIGTERM ends it; its volume may be of another user', async () => {
  const [file = '', ...args] = command
  const inside = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
  if (!inside) skipped('process 1, which only root can make here')
  const other = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', 'true']).status === 0
  if (!other) skipped('a volume of another user, which only root can make here')
  const volume = shop.path('volume')
  await mkdir(volume)
  await chmod(volume, 0o777)
  // What runs is not root, and may write to its volume only.
  await chmod(shop.dir, 0o755)
  const words = [
    ...(inside ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] : []),
    ...(other ? ['setpriv', '--reuid', '65534', '--clear-groups'] : []),
    join(root, file),
    ...args,
  ]
  const env = { ...ENV, RELEASE_RUN_DIR: volume, RELEASE_LOG_DIR: volume }
  let ended: Ran | undefined
  const [program = '', ...rest] = words
  const ends = run(program, rest, { env }).then((ran) => {
    ended = ran
  })
  const answer = await until('an answer', async () => {
    if (ended !== undefined) throw new Error(`ended with ${ended.code}\n${ended.stdout}${ended.stderr}`)
    return fetch(`http://127.0.0.1:${port}`).then(
      (response) => response.text(),
      () => undefined,
    )
  })
  assert.is(answer.trim(), '1')
  const launcher = Number.parseInt(await readFile(join(volume, 'launcher.pid'), 'utf8'), 10)
  assert.is(launcher === 1, inside)
  const outer = Number(
    spawnSync('pgrep', ['-f', `^/bin/sh ${join(root, file)} ${args.join(' ')}`], { encoding: 'utf8' }).stdout.split(
      '\n',
    )[0],
  )
  assert.ok(outer > 1 && isAlive(outer))
  process.kill(outer, 'SIGTERM')
  await ends
  assert.is(ended?.code, 0, ended?.stderr)
  await rm(volume, { recursive: true })
})

test('the unit: systemd finds no fault, and it says what "bin/shop unit" says', async () => {
  const file = join(project, 'deploy/shop.service')
  const text = await readFile(file, 'utf8')
  const printed = done(await run(join(root, 'srv/shop/bin/shop'), ['unit'], { env: ENV }))
  const linesOf = (unit: string) =>
    unit.split('\n').filter((line) => line !== '' && !/^(#|User=|ExecStart=|Environment="RELEASE_NODE_NAME)/.test(line))
  assert.equal(linesOf(text), linesOf(printed))
  assert.match(text, '\nUser=shop\nExecStart=/srv/shop/bin/shop foreground\n')
  if (spawnSync('systemd-analyze', ['--version']).status !== 0)
    return skipped('systemd-analyze, which is not installed')
  const here = shop.path('shop.service')
  await writeFile(here, text.replaceAll('/srv/', `${join(root, 'srv')}/`).replace('User=shop', 'User=root'))
  const verified = await run('systemd-analyze', ['verify', '--man=no', here])
  assert.equal([verified.code, verified.stderr], [0, ''])
})

test.run()
