/** `plan`, `graph` and `why` as they are typed, in a fixture project. */
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../../cli/commands/run.js'
import { fixture } from '../release/fixtures.js'
import { capture } from '../support/capture.js'

const test = suite('cli/commands/look')

// A copy, since compiling leaves a cache.
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'otp-look-')))
const project = join(dir, 'project')
cpSync(fixture('good_project'), project, { recursive: true })
test.after(() => rmSync(dir, { recursive: true, force: true }))

async function cli(...argv: string[]) {
  const { captured, world } = capture()
  const code = await runCli(argv, { ...world, cwd: project })
  return { code, ...captured }
}

// command line, exit code, what is said, why
const SAID = [
  [['graph'], 0, /^shop 1\.0\.0\n├── sasl [\s\S]*\nstarts {3}kernel, stdlib, sasl, cart, mail, shop\n$/, 'a tree'],
  [['graph', 'shop-1.0.0', '--format', 'dot'], 0, /^digraph "shop 1\.0\.0" \{\n/, 'DOT'],
  [['graph', '--modules', 'shop', '--format', 'mermaid'], 0, /\nflowchart TD\n {2}n_shop_/, 'modules as Mermaid'],
  [
    ['graph', '--format', 'svgg'],
    2,
    /^error: "--format" is one of text, mermaid, dot, svg; got "svgg"; did you mean "svg"\?/,
    'an unknown form',
  ],
  [
    ['graph', '--modules', 'shpo'],
    2,
    /^error: shop 1\.0\.0 has no application "shpo"; did you mean "shop"\?/,
    'an unknown application',
  ],
  [
    ['check', 'shpo'],
    2,
    /no release is called "shpo"; .*did you mean "shop"\?\nerror: nothing was built/,
    'to check it',
  ],
  [['graph', 'shpo'], 2, /no release is called "shpo"; there are: "shop"; did you mean "shop"\?/, 'an unknown release'],
  [
    ['graph', '--out', 'no/such/folder/a.svg'],
    15,
    /^error: "no\/such\/folder\/a\.svg" cannot be written: /,
    'a folder that is not there',
  ],
  [
    ['why', 'mail'],
    0,
    /^mail 1\.4\.0 is in shop 1\.0\.0\n {2}1 {2}release "shop" asks for shop +otp\.config\.json:2:75\n/,
    'the way',
  ],
  [
    ['why', 'mial'],
    2,
    /^error: "mial" is not in shop 1\.0\.0; did you mean "mail"\?\n/,
    'what is not there, and what is meant',
  ],
  [['why', 'npm:nothing'], 2, /^error: "npm:nothing" is not in shop 1\.0\.0; it has /, 'a package that is not there'],
  [
    ['plan', '1.0.0', '1.1.0'],
    9,
    /^error: no version "1\.0\.0" is built; there is no release in _build\/rel\/shop\n/,
    'nothing is built',
  ],
  [['plan', '1.0.0'], 2, /^error: "plan" needs TO\n {2}otp-rel plan FROM TO\n/, 'an argument is missing'],
] as const
for (const [argv, code, said, why] of SAID) {
  test(`${argv.join(' ')}: ${why}`, async () => {
    const got = await cli(...argv)
    assert.is(got.code, code, got.err)
    assert.match(code === 0 ? got.out : got.err, said)
  })
}

test('graph writes a drawing where it is told, in the form that the name says', async () => {
  const file = join(dir, 'shop.svg')
  const { code, out } = await cli('graph', '--out', file)
  assert.equal([code, out], [0, `${file}  shop 1.0.0: 6 applications, as svg\n`])
  assert.match(readFileSync(file, 'utf8'), /^<svg xmlns=[\s\S]*<\/svg>\n$/)
  assert.not.ok(existsSync(join(project, '_build', 'rel')))
})

test('with --json both are data', async () => {
  const graph = JSON.parse((await cli('graph', '--json')).out)
  assert.equal(graph.startOrder, ['kernel', 'stdlib', 'sasl', 'cart', 'mail', 'shop'])
  const why = JSON.parse((await cli('why', 'mail', '--json')).out)
  assert.equal(
    [why.name, why.versions, why.ways.length, why.release],
    ['mail', ['1.4.0'], 1, { name: 'shop', vsn: '1.0.0' }],
  )
})

test.run()
