import { readdir } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ConfigOptions, loadConfig } from '../../../cli/release/config.js'
import { findConfig } from '../../../cli/release/config_file.js'
import { formatFault } from '../../../schemas/fault.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/config_module')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})

test.after.each(() => folder.remove())

async function load(options: ConfigOptions = {}) {
  const loaded = await loadConfig(findConfig(folder.dir) ?? '', options)
  return loaded.ok
    ? loaded.value.releases.map(({ name, vsn }) => `${name} ${vsn}`)
    : loaded.error.map((fault) => formatFault(fault).replaceAll(`${folder.dir}/`, ''))
}

test('a function is told the profile, and may import from the project', async () => {
  await folder.put('vsn.ts', 'export const vsn: string = "3"')
  await folder.put(
    'otp.config.ts',
    `import { defineConfig } from 'otp-rel/config'
import { vsn } from './vsn.js'
export default defineConfig(async ({ profile, profiles, root }) => ({
  profiles: { eu: {} },
  releases: [{ name: profile ?? 'none', vsn: vsn + '-' + profiles.length, applications: [] }],
}))`,
  )
  assert.equal(await load(), ['none 3-0'])
  assert.equal(await load({ profile: 'prod,eu' }), ['eu 3-2'])
  assert.equal((await readdir(folder.dir)).sort(), ['otp.config.ts', 'vsn.ts'])
})

test('a function may know profiles that it does not write; an object may not', async () => {
  await folder.put(
    'otp.config.mjs',
    'export default ({ profile }) => ({ releases: [{ name: "a", vsn: profile === "staging" ? "2" : "1", applications: [] }] })',
  )
  assert.equal(await load({ profile: 'staging' }), ['a 2'])
  assert.match((await load({ profile: '../x' }))[0] ?? '', /no profile is called "\.\.\/x"/)
  await folder.put('otp.config.mjs', 'export default { releases: [] }')
  assert.match((await load({ profile: 'staging' }))[0] ?? '', /no profile is called "staging"/)
})

test('a change is seen, JavaScript will do, and a plain object', async () => {
  for (const vsn of ['1', '2']) {
    await folder.put(
      'otp.config.mjs',
      `export default { releases: [{ name: 'shop', vsn: '${vsn}', applications: [] }] }`,
    )
    assert.equal(await load(), [`shop ${vsn}`])
  }
})

// text of otp.config.ts, the first fault
const REFUSED = [
  ['export default {', /^otp\.config\.ts:1:\d+: /],
  ['export const x = 1', /^otp\.config\.ts: has no default export; export default \{ releases/],
  ['throw new Error("no key")', /^otp\.config\.ts: fails: no key$/],
  ['export default () => { throw new Error("no key") }', /^otp\.config\.ts: fails: no key$/],
  ['import "./gone.js"; export default {}', /^otp\.config\.ts:1:8: Could not resolve "\.\/gone\.js"/],
  ['export default { releases: [{ name: "shop", vsn: 1 }] }', /^otp\.config\.ts releases\[0\]\.vsn: /],
  [
    'export default { releases: [], profile: {} }',
    /^otp\.config\.ts profile: unknown key "profile"; did you mean "profiles"\?/,
  ],
] as const

for (const [text, words] of REFUSED) {
  test(`${text} is refused`, async () => {
    await folder.put('otp.config.ts', text)
    assert.match((await load())[0] ?? '', words)
  })
}

test('two configurations in one folder are refused', async () => {
  await folder.put('otp.config.json', { releases: [] })
  await folder.put('otp.config.ts', 'export default { releases: [] }')
  assert.equal(await load(), ['otp.config.json: there is otp.config.ts as well; keep one of them'])
})

test.run()
