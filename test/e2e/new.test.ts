/**
 * A newcomer's path: what `otp-rel new` makes works as it is, from `npm install` to a committed upgrade. This otp-rel is in
 * no registry, so it travels with the project.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, jsonOf, openWorkshop, otpRel, run, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/new')

let shop: Workshop

test.before(
  telling(async () => {
    shop = await openWorkshop()
  }),
)

test.after(() => shop.close())

const install = async (cwd: string) =>
  done(
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
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

test('a service: tests, build, start, the first upgrade of README.md to the letter', async () => {
  const made = jsonOf(await otpRel(['new', 'mine', '--json'], { cwd: shop.dir }))
  const cwd = shop.path('mine')
  await install(cwd)
  const run1 = async (line: string) => done(await run('sh', ['-c', line], { cwd, limitMs: 120_000 }))
  assert.equal(made.next, [
    'cd mine',
    'npm install',
    'npm test',
    'npx otp-rel dev',
    'npx otp-rel build',
    'npx otp-rel start',
  ])
  const readme = await readFile(join(cwd, 'README.md'), 'utf8')
  const [first = '', upgrade = ''] = readme.split(/^## .*$/m)
  const linesOf = (text: string) => [...text.matchAll(/^ {4}(.*?)(?: +# (.*))?$/gm)].map(([, line = '']) => line)
  assert.equal(linesOf(first), [
    'npm install',
    'npm test',
    'npm run dev',
    'npx otp-rel build',
    'npx otp-rel start',
    'curl localhost:8080',
  ])
  await run1('npm test')
  await run1('npm run check')
  await run1('npx otp-rel build')
  await run1('npx otp-rel start --mine port=0') // 8080 is not this test's to take
  // what curl shows
  const next = async () => (await run1('npx otp-rel rpc mine/counter next')).trim()
  assert.is(await next(), '1')

  const edits = [...upgrade.matchAll(/^\| `(.*?)` \| `(.*?)` \| `(.*?)` \|$/gm)]
  assert.is(edits.length, 4)
  for (const [, file = '', from = '', to = ''] of edits) await edit(join(cwd, file), from, to)
  await run1('npm test')
  await run1('npm run check')
  const lines = linesOf(upgrade)
  assert.is(lines.length, 8)
  for (const line of lines) {
    if (!line.startsWith('curl')) await run1(line)
    else assert.equal([await next(), await next()], ['2', '12'], 'the state was kept, the new code runs')
  }
  assert.match(await run1('_build/rel/mine/bin/mine version'), '1.1.0', 'committed')
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
