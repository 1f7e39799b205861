/**
 * docs/cookbook.md: its recipes are the applications of one release, which a live node goes up to, comes back from and
 * goes up to again; the calls of each recipe answer what the page says. What it says of `otp-rel appup` is compared
 * with what that writes.
 */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Appup } from '../../schemas/types.js'
import {
  done,
  jsonOf,
  openWorkshop,
  otpRel,
  type Ran,
  release,
  run,
  telling,
  type Workshop,
} from '../support/e2e_node.js'
import { readCookbook, releasesOf, sourcesOf } from './cookbook.js'
import { ROOT, textOf } from './documents.js'

const test = suite('docs/cookbook')
const PHASES = ['1.0.0', 'refused', '1.1.0', 'back', '1.2.0'] as const

const recipes = readCookbook()
/** What each call answered, as JSON, `error` for one that failed; by recipe. */
const answers = new Map<string, string[]>()
let shop: Workshop
let refusal: Ran
let generated: readonly { readonly application: string; readonly appup: Appup }[]

const project = () => shop.path('cookbook')
const bin = (...args: string[]) => run(join(project(), '_build/rel/cookbook/bin/cookbook'), args)

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(project(), file)), { recursive: true })
  await writeFile(join(project(), file), text)
}

/** Makes the calls of a phase, recipe by recipe. */
async function calls(phase: (typeof PHASES)[number]): Promise<void> {
  const node = release(join(project(), '_build/rel/cookbook'))
  for (const { title, app, calls } of recipes) {
    const seen = answers.get(title) ?? []
    answers.set(title, seen)
    for (const { module, fun, args } of calls.filter((one) => one.phase === phase)) {
      const id = `${recipes.flatMap((one) => one.apps).find((one) => one === module) ?? app}/${module}`
      seen.push(
        await node.rpc(id, fun, args).then(
          (value) => JSON.stringify(value ?? null),
          () => 'error',
        ),
      )
    }
  }
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    await put('package.json', JSON.stringify({ name: 'cookbook', private: true, type: 'module' }))
    await put('otp.config.json', JSON.stringify({ releases: releasesOf(recipes) }))
    for (const [file, text] of sourcesOf(recipes)) await put(file, text)
    await mkdir(join(project(), 'node_modules'))
    await symlink(ROOT, join(project(), 'node_modules/otp-rel'))
    done(await otpRel(['build', '--project', project()]))
    done(await bin('start'))
    await calls('1.0.0')
    refusal = await bin('upgrade', '1.1.0')
    await calls('refused')
    done(await bin('upgrade', '1.1.0'))
    await calls('1.1.0')
    done(await bin('downgrade', '1.0.0'))
    await calls('back')
    done(await bin('upgrade', '1.1.0'))
    done(await bin('upgrade', '1.2.0'))
    await calls('1.2.0')
    await bin('stop')
    for (const { apps } of recipes) {
      for (const app of apps) await rm(join(project(), `apps/${app}-1.1.0/appup.json`), { force: true })
    }
    const ran = await otpRel(['appup', 'cookbook-1.1.0', '--dry-run', '--json', '--project', project()])
    done(ran)
    // Reason for the cast: what appup prints, whose type is this.
    generated = jsonOf(ran).applications as typeof generated
  }),
)
test.after(() => shop.close())

test('every situation of OTP has its recipe', () => {
  assert.equal(
    recipes.map(({ number }) => number),
    [...Array(25).keys()].map((n) => n + 1),
  )
})

for (const recipe of recipes) {
  test(`${recipe.number}. ${recipe.title}`, () => {
    const ordered = PHASES.flatMap((phase) => recipe.calls.filter((one) => one.phase === phase))
    assert.equal(
      answers.get(recipe.title),
      ordered.map(({ answer }) => answer),
      JSON.stringify(ordered),
    )
  })
}

test('a condition that does not hold refuses the upgrade, with its reason', () => {
  assert.is.not(refusal.code, 0)
  assert.match(refusal.stderr, /the market is open until 17:30/)
})

const CHILD_CALLS = /"mfa":\["stdlib\/supervisor","(restart|terminate|delete)Child"/

/** Instructions without the order of dependency, and without calls that start and stop children. */
const plain = (instructions: readonly unknown[]): string[] =>
  instructions
    .map((one) => JSON.stringify(one, (key, value) => (key === 'mod_deps' ? undefined : value)))
    .filter((one) => !CHILD_CALLS.test(one))
    .sort()

test('what the page says to be generated is what otp-rel appup writes, and the rest is not', () => {
  const made = new Map(generated.map(({ application, appup }) => [application, appup]))
  const wrong = recipes.flatMap(({ number, app, instructions, generated }) => {
    const [shown] = instructions
    const appup = made.get(app)
    if (shown === undefined || generated.startsWith('needs none')) return []
    const isSame =
      appup !== undefined &&
      JSON.stringify(plain(appup.up[0]?.instructions ?? [])) === JSON.stringify(plain(shown.up)) &&
      JSON.stringify(plain(appup.down[0]?.instructions ?? [])) === JSON.stringify(plain(shown.down))
    // "yes, without the purge": all but what is named.
    const isSaid = generated.startsWith('yes') && !/^yes, (without|but)/.test(generated)
    return isSame === isSaid ? [] : [{ number, generated, shown, made: appup }]
  })
  assert.equal(wrong, [])
})

test('the table says the same as the recipes', () => {
  const rows = new Map(
    [...textOf('docs/cookbook.md').matchAll(/^\| .* \| \[(\d+)\]\(.*\) \| (.*) \|$/gm)].map(([, n, said = '']) => [
      Number(n),
      said,
    ]),
  )
  const word = (text: string): string | undefined =>
    /^yes, (without|but)|^but/.test(text) ? 'but' : /^(yes|no|needs none|in part)/.exec(text)?.[0]
  for (const { number, generated } of recipes)
    assert.is(word(rows.get(number) ?? ''), word(generated), `recipe ${number}`)
})

test('the TypeScript of the recipes compiles', async () => {
  await put(
    'tsconfig.json',
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        rootDir: '/',
        typeRoots: [join(ROOT, 'node_modules/@types')],
        paths: {
          'otp-rel': [join(ROOT, 'runtime/kernel/src/otp_rel.ts')],
          'inn/*': ['./apps/inn-1.0.0/src/*.ts'],
        },
      },
      include: ['apps'],
    }),
  )
  const ran = await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project()])
  assert.is(`${ran.stdout}${ran.stderr}`, '')
})

test.run()
