/**
 * A newcomer's path: what `otp-rel new` makes works as it is. Every command and every edit of its README.md, in its order,
 * from `npm install` to a committed upgrade; what each took is printed. This otp-rel is in no registry, so it travels with
 * the project.
 */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, jsonOf, openWorkshop, otpRel, telling, type Workshop } from '../support/e2e_node.js'
import { edit, freePort, KINDS, readmeOf, scaffold, shell } from '../support/scaffold.js'

const test = suite('e2e/new')

let shop: Workshop

test.before(
  telling(async () => {
    shop = await openWorkshop()
  }),
)

test.after(() => shop.close())

/** Runs a line that a reader types, and notes the seconds. */
async function typed(line: string, cwd: string, took: string[]): Promise<string> {
  if (line === 'npm run dev' && spawnSync('script', ['--version']).status !== 0) {
    console.log(`  skipped: "${line}": there is no script of util-linux, which gives it a terminal`)
    return 'ended 0'
  }
  // A terminal for "dev", and its end by a key. The key is pressed again until it is heard.
  const ran = await (line === 'npm run dev'
    ? shell(`while sleep 0.5; do printf q; done | { script -qec '${line}' /dev/null; echo "ended $?"; } 2>&1`, cwd)
    : shell(line, cwd))
  took.push(`${line} ${(ran.ms / 1000).toFixed(1)} s`)
  return line === 'npm run dev' ? ran.stdout : done(ran)
}

for (const kind of KINDS.filter((one) => one !== 'library')) {
  test(`${kind}: tests, dev, build, start, the first upgrade of README.md to the letter`, async () => {
    const name = `my_${kind}`
    const cwd = await scaffold(shop, name, kind)
    const { first, edits, upgrade } = await readmeOf(cwd)
    assert.equal(first, [
      'npm install',
      'npm test',
      'npm run dev',
      'npx otp-rel build',
      'npx otp-rel start',
      'curl localhost:8080',
    ])
    assert.is(edits.length, 4)
    assert.is(upgrade.length, 8)
    // 8080 is not this test's to take.
    const port = await freePort()
    const web = kind === 'umbrella' ? `${name}_web` : name
    await edit(join(cwd, 'apps', web, 'app.json'), '8080', String(port))

    const took: string[] = []
    const type = (line: string): Promise<string> => typed(line.replace('8080', String(port)), cwd, took)
    for (const line of first) {
      const said = await type(line)
      if (line.startsWith('curl')) assert.is(said.trim(), '1')
      if (line === 'npm run dev') assert.match(said, /ended 0/)
    }
    await type('npm run check')
    for (const [file, from, to] of edits) await edit(join(cwd, file), from, to)
    await type('npm run check')
    await type('npm test')
    for (const line of upgrade) {
      const said = await type(line)
      if (!line.startsWith('curl')) continue
      assert.equal([said.trim(), (await type(line)).trim()], ['2', '12'], 'the state was kept, the new code runs')
    }
    assert.match(await type(`_build/rel/${name}/bin/${name} version`), '1.1.0', 'committed')
    console.log(`  ${kind}: ${took.join(', ')}`)
  })
}

test('library: every command of README.md, in its order, and a build', async () => {
  const cwd = await scaffold(shop, 'my_library', 'library')
  const { first } = await readmeOf(cwd)
  assert.equal(first, ['npm install', 'npm test', 'npx otp-rel check'])
  const took: string[] = []
  for (const line of [...first, 'npm run check', 'npm run build']) await typed(line, cwd, took)
  console.log(`  library: ${took.join(', ')}`)
})

test('the commands that are named after "new" are those of README.md', async () => {
  const made = jsonOf(await otpRel(['new', 'mine', '--json'], { cwd: shop.dir }))
  const { first } = await readmeOf(shop.path('mine'))
  const shown = ['npm install', 'npm test', 'npx otp-rel dev', 'npx otp-rel build', 'npx otp-rel start']
  assert.equal(made.next, ['cd mine', ...shown])
  assert.equal(
    first.slice(0, -1),
    shown.map((line) => line.replace('npx otp-rel dev', 'npm run dev')),
  )
  const { scripts } = JSON.parse(await readFile(shop.path('mine', 'package.json'), 'utf8'))
  assert.is(scripts.dev, 'otp-rel dev')
})

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
