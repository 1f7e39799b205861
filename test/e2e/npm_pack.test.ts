/**
 * The package as it is published: packed, installed into an empty project, and used there the way a user does it, who
 * changes his application in place and gives it a new version.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  contentsOf,
  done,
  jsonOf,
  openWorkshop,
  ROOT,
  release,
  run,
  telling,
  type Workshop,
} from '../support/e2e_node.js'
import { counterFiles, projectFiles } from '../support/e2e_project.js'

const test = suite('e2e/npm_pack')

let shop: Workshop
/** The user's project. */
let cwd: string

const npx = (...args: string[]) => run('npx', ['--no-install', 'otp-rel', ...args], { cwd })

/** The project with one version of the application in `apps/counter`, as a user has it. */
async function write(vsn: '1.0.0' | '1.1.0'): Promise<void> {
  const all = projectFiles([{ vsn }])
  const config = all['otp.config.json'] as object // projectFiles makes it
  for (const [path, content] of Object.entries({
    ...Object.fromEntries(Object.entries(all).filter(([path]) => path.startsWith('apps/web/'))),
    ...Object.fromEntries(
      Object.entries(counterFiles(vsn)).map(([path, content]) => [`apps/counter/${path}`, content]),
    ),
    'otp.config.json': config,
    [`config/sys.config.${vsn}.json`]: all[`config/sys.config.${vsn}.json`],
  })) {
    await shop.put('project', { [path]: content })
  }
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    cwd = shop.path('project')
    await mkdir(cwd)
    const packed = await run('npm', ['pack', '--json', '--pack-destination', shop.dir], { cwd: ROOT })
    const [{ filename }] = JSON.parse(done(packed).slice(packed.stdout.indexOf('['))) as [{ filename: string }] // npm's
    await writeFile(join(cwd, 'package.json'), '{ "name": "mine", "private": true, "type": "module" }\n')
    const tarball = shop.path(filename)
    done(
      await run('npm', ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
        cwd,
      }),
    )
    await write('1.0.0')
  }),
)

test.after(() => shop.close())

test('the installed program runs and says its version', async () => {
  const { version } = jsonOf(await npx('--version', '--json'))
  assert.match(String(version), /^\d+\.\d+\.\d+$/)
  assert.match(done(await npx('help')), /build .*Build releases: compile, check, assemble/)
})

test('the types of the package serve an application', async () => {
  await shop.put('project', {
    'tsconfig.json': {
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules', '@types')],
        paths: { 'counter/*': ['./apps/counter/src/*.ts'] },
      },
      include: ['apps'],
    },
  })
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const ran = await run(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd })
  assert.is(ran.code, 0, ran.stdout)
  await rm(join(cwd, 'tsconfig.json'))
})

test('build --dry-run names every file and writes none', async () => {
  const before = await contentsOf(join(cwd, '_build', 'rel'))
  const others = async () =>
    Object.keys(await contentsOf(cwd)).filter((path) => !/^(node_modules|_build\/cache)\//.test(path))
  const files = (await others()).filter((path) => path !== '_build/')
  const said = done(await npx('build', '--dry-run'))
  for (const path of ['bin/counter', 'lib/counter-1.0.0', 'releases/1.0.0', 'start.script.json']) {
    assert.ok(said.includes(path), `${path} is not in:\n${said}`)
  }
  assert.equal(await contentsOf(join(cwd, '_build', 'rel')), before)
  assert.equal(
    (await others()).filter((path) => path !== '_build/'),
    files,
  )
})

test('build, boot, change in place, upgrade, commit, stop', async () => {
  done(await npx('build'))
  done(await npx('start'))
  const node = release(join(cwd, '_build', 'rel', 'counter'))
  for (let n = 1; n <= 3; n++) await node.get('/next')

  await write('1.1.0')
  const built = await npx('build')
  assert.match(done(built), /Upgrade to it: otp-rel plan 1\.0\.0 1\.1\.0, otp-rel upgrade 1\.1\.0/)
  assert.match(built.stdout, /relup\.json from 1\.0\.0/)
  assert.match(
    done(await npx('upgrade', '1.1.0')),
    /^counter is 1\.1\.0: .*, 0 restarted, 1 state converted\. Not permanent yet:$/m,
  )
  const look = await node.get()
  assert.equal(
    [look.version, look.n, look.shape, look.words, look.step],
    ['1.1.0', 3, ['count', 'since'], 'the count is 3', 2],
  )
  done(await npx('commit'))
  assert.is(await node.versions(), '1.1.0 permanent, 1.0.0 old')
  assert.match(done(await npx('stop')), /^counter 1\.1\.0 stopped \(process \d+, .*\)\n$/)
  const again = await npx('status')
  assert.is(again.code, 5, again.stderr)
})

test.run()
