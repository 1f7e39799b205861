/**
 * Files of every format, spoiled: what reads them, and what checks an upgrade's plan, gives a value or its faults.
 * `npm run test:fuzz` runs more rounds.
 */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatReleaseError } from '../../runtime/sasl/src/release_error.js'
import { makeScript } from '../../runtime/sasl/src/systools.js'
import {
  applicationsOf,
  findScript,
  type ReadRelup,
  resourcesOf,
  touchedBy,
} from '../../runtime/sasl/src/upgrade_plan.js'
import { checkPlan } from '../../runtime/sasl/src/upgrade_plan_check.js'
import { formatFault } from '../../schemas/fault.js'
import { type Format, read } from '../../schemas/read.js'
import { err, ok } from '../../schemas/result.js'
import type { Rel } from '../../schemas/types.js'
import { type Case, worldOf } from '../runtime/sasl/conformance_case.js'
import { makeRandom } from '../runtime/sasl/random.js'
import { makeMutator } from '../support/mutate.js'

const test = suite('schemas/read_fuzz')
const ROUNDS = Number(process.env.FUZZ ?? 10_000)
const SEED = 4_071

const random = makeRandom(SEED)
const { int, pick } = random
const { mutate, mutateText } = makeMutator(random)

const golden = (name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../golden/${name}-cases.json`, import.meta.url), 'utf8'))
const small = (values: readonly unknown[]) =>
  values.map((one) => JSON.stringify(one)).filter((one) => one.length < 4_000)
const relups = golden('relup')
const scripts = golden('script')
  .slice(0, 40)
  .flatMap((one) => {
    const made = makeScript(one.rel, worldOf(one))
    return made.ok ? [made.value.script] : []
  })

const release = (vsn: string, status: string) => ({
  name: 'shop',
  vsn,
  erts: '20.20.2',
  libs: [{ application: 'shop', vsn, dir: `lib/shop-${vsn}` }],
  status,
})

const VALID: Readonly<Record<Format, readonly string[]>> = {
  app: small(golden('script').flatMap(({ apps }) => apps)).slice(0, 300),
  appup: small(relups.flatMap(({ appups }) => Object.values(appups ?? {}))),
  rel: small(golden('script').map(({ rel }) => rel)),
  relup: small(relups.map(({ expected }) => expected.relup)),
  script: small(scripts),
  releases: small([[release('1', 'permanent')], [release('2', 'current'), release('1', 'old')]]),
  start_otp: small([{ erts: '20.20.2', vsn: '1' }]),
  'sys.config': small([
    { shop: { size: 5, deep: { a: [1, null] } }, kernel: { logger_level: 'info' } },
    [{ shop: { size: 5 } }, 'other.config.json'],
  ]),
  'otp.config': small([
    {
      lib_dirs: ['apps/*'],
      releases: [
        {
          name: 'shop',
          vsn: { from: 'package.json' },
          applications: ['sasl', { name: 'shop', vsn: '^1.0.0', type: 'permanent' }],
          sys_config: 'config/sys.config.json',
          include_erts: true,
          overlay: [{ copy: 'a', to: 'b' }],
        },
      ],
      profiles: { eu: { releases: [{ name: 'shop' }] } },
    },
  ]),
}
const FORMATS = Object.keys(VALID) as Format[] // by its type

/** A file of a format, spoiled as a value, as a text, or both. */
function spoiled(format: Format): string {
  const text = pick(VALID[format])
  const how = int(3)
  if (how === 0) return mutateText(text)
  const holder = { root: JSON.parse(text) }
  mutate(holder)
  const written = JSON.stringify(holder.root, null, int(2)) ?? ''
  return how === 1 ? written : mutateText(written)
}

for (const format of FORMATS) {
  const rounds = Math.ceil(ROUNDS / FORMATS.length)
  test(`${format}: ${rounds} spoiled files, each a value or placed faults`, () => {
    const outcomes = { read: 0, refused: 0 }
    for (let round = 0; round < rounds; round++) {
      const text = spoiled(format)
      try {
        const result = read(format, text, 'file')
        if (result.ok) {
          outcomes.read++
          continue
        }
        outcomes.refused++
        assert.ok(result.error.length > 0, 'refused without a fault')
        for (const fault of result.error) assert.match(formatFault(fault), /^file\b/)
      } catch (error) {
        throw new Error(`round ${round}: ${error instanceof Error ? error.stack : error}\n${text}`)
      }
    }
    assert.ok(outcomes.refused > 0, JSON.stringify(outcomes))
  })
}

test('what is no dependency in a boot script is passed over', () => {
  const rel: Rel = { name: 'shop', vsn: '1', erts: '20', applications: [{ name: 'a', vsn: '1' }] }
  const [planned] = applicationsOf([{ name: 'a', applications: ['kernel', null, 7, {}, { name: 'b', vsn: '1' }] }], rel)
  assert.equal(planned?.dependencies, ['kernel', 'b'])
})

test(`${ROUNDS} plans of spoiled relups and boot scripts: a plan or its faults`, () => {
  const outcomes = { planned: 0, refused: 0 }
  const readRelup = (): ReadRelup => {
    const result = read('relup', spoiled('relup'), 'file')
    return result.ok ? ok(result.value) : err({ tag: 'bad_relup_file', file: 'f', found: 'a', expected: 'b' })
  }
  for (let round = 0; round < ROUNDS; round++) {
    const [next, old] = [readRelup(), pick([readRelup, () => ok(undefined)])()]
    const from = (next.ok && next.value?.up[0]?.from) || '1'
    const to = (next.ok && next.value?.vsn) || '2'
    const found = findScript(from, to, next, old)
    if (!found.ok) {
      outcomes.refused++
      assert.ok(formatReleaseError(found.error).length > 0)
      continue
    }
    outcomes.planned++
    touchedBy(found.value.instructions)
    const script = read('script', pick([spoiled, (format: Format) => pick(VALID[format])])('script'), 'file')
    const rel: Rel = JSON.parse(pick(VALID.rel))
    const libs = (vsn: string) =>
      rel.applications.map(({ name }) => ({ application: name, vsn, dir: `lib/${name}-${vsn}` }))
    const faults = checkPlan({
      from,
      to,
      script: found.value,
      erts: ['20.0.0', pick(['20.0.0', '22.0.0'])],
      oldLibs: libs('1'),
      newLibs: libs('2'),
      newApplications: script.ok ? applicationsOf(resourcesOf(script.value), rel) : [],
      running: new Set(['kernel', 'stdlib']),
      oldChecksums: int(2) === 0 ? undefined : new Map([['lib/sasl-1/ebin/a.js', 'x']]),
      newChecksums: int(2) === 0 ? undefined : new Map([['lib/sasl-2/ebin/a.js', 'y']]),
    })
    for (const fault of faults) assert.ok(formatReleaseError(fault).length > 0)
  }
  assert.ok(outcomes.planned > 0 && outcomes.refused > 0, JSON.stringify(outcomes))
})

test.run()
