/** A newcomer's path: what `otp-rel new` makes works as it is, from the packed package to a committed upgrade. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, jsonOf, openWorkshop, otpRel, ROOT, run, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/new')

let shop: Workshop
let tarball: string

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', shop.dir], {
      cwd: ROOT,
    })
    const [{ filename }] = JSON.parse(done(packed).slice(packed.stdout.indexOf('['))) as [{ filename: string }] // npm's
    tarball = shop.path(filename)
  }),
)

test.after(() => shop.close())

const install = async (cwd: string) =>
  done(
    await run('npm', ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd,
      limitMs: 180_000,
    }),
  )

/** Replaces a piece of a file that must be there. */
async function edit(file: string, from: string, to: string): Promise<void> {
  const before = await readFile(file, 'utf8')
  assert.ok(before.includes(from), `${file} has no ${from}`)
  await writeFile(file, before.replace(from, to))
}

test('a service: tests, build, start, the first upgrade of README.md, commit', async () => {
  const made = jsonOf(await otpRel(['new', 'mine', '--json'], { cwd: shop.dir }))
  const cwd = shop.path('mine')
  await install(cwd)
  const npx = (...args: string[]) => run('npx', ['otp-rel', ...args], { cwd })
  const run1 = async (line: string) => done(await run('sh', ['-c', line], { cwd, limitMs: 120_000 }))
  assert.equal(made.next, [
    'cd mine',
    'npm install',
    'npm test',
    'npx otp-rel dev',
    'npx otp-rel build',
    'npx otp-rel start',
  ])
  await run1('npm test')
  await run1('npm run check')
  await run1('npx otp-rel build')
  await run1('npx otp-rel start --mine port=0')
  try {
    assert.is(done(await npx('rpc', 'mine/counter', 'next')).trim(), '1')
    const readme = await readFile(join(cwd, 'README.md'), 'utf8')
    await edit(join(cwd, 'apps/mine/src/counter.ts'), '{ n: n + 1 }', '{ n: n + 10 }')
    await edit(join(cwd, 'apps/mine/app.json'), '1.0.0', '1.1.0')
    await edit(join(cwd, 'otp.config.json'), '1.0.0', '1.1.0')
    for (const line of [
      'npx otp-rel appup',
      'npx otp-rel build',
      'npx otp-rel plan 1.0.0 1.1.0',
      'npx otp-rel rehearse 1.1.0',
      'npx otp-rel upgrade 1.1.0',
      'npx otp-rel commit',
    ]) {
      assert.ok(readme.includes(line), line)
      await run1(line)
    }
    assert.is(done(await npx('rpc', 'mine/counter', 'next')).trim(), '2', 'the state was kept')
    assert.is(done(await npx('rpc', 'mine/counter', 'next')).trim(), '12', 'the new code runs')
  } finally {
    await run1('npx otp-rel stop')
  }
})

for (const template of ['umbrella', 'library']) {
  test(`a project of the template ${template}: types, tests and check`, async () => {
    done(await otpRel(['new', template, '--template', template], { cwd: shop.dir }))
    await install(shop.path(template))
    for (const script of ['check', 'test']) {
      done(await run('npm', ['run', script], { cwd: shop.path(template), limitMs: 120_000 }))
    }
  })
}

test('a folder with something in it, and names that cannot be, are refused with the way out', async () => {
  await shop.put('full', { 'a.txt': 'a' })
  const full = await otpRel(['new', 'full'], { cwd: shop.dir })
  assert.is(full.code, 3)
  assert.match(full.stderr, 'not an empty folder')
  for (const [name, near] of [
    ['MyShop', 'my_shop'],
    ['my-shop', 'my_shop'],
    ['1st', 'st'],
    ['kernel', 'my_kernel'],
    ['../x', 'x'],
  ] as const) {
    const refused = await otpRel(['new', name], { cwd: shop.dir })
    assert.is(refused.code, 2, name)
    assert.match(refused.stderr, `otp-rel new ${near}`)
  }
  const template = await otpRel(['new', 'other', '--template', 'servise'], { cwd: shop.dir })
  assert.is(template.code, 2)
  assert.match(template.stderr, 'did you mean "service"')
})

test.run()
