import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sbomText } from '../../../cli/release/sbom.js'
import { found, planApplication, planInput, sha } from '../../support/plan_input.js'

const test = suite('release/sbom')
const require = createRequire(import.meta.url)

/** The schema that CycloneDX publishes. */
function validator() {
  const dir = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res/schema')
  const schema = (name: string) => JSON.parse(readFileSync(join(dir, `${name}.SNAPSHOT.schema.json`), 'utf8'))
  const ajv = new Ajv({ strict: false, validateFormats: false })
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  return ajv.compile(schema('bom-1.6'))
}

/** A release with two packages, one of them scoped, and a node binary. */
function input(license = 'MIT') {
  const links = [{ name: '@s/a', key: '@s/a@2.0.0', package: '@s/a' }]
  const b = [{ name: 'b', key: 'b@1.0.0', package: 'b' }]
  const gone = [{ name: 'gone', key: 'gone@1.0.0', package: 'gone' }]
  const packages = [
    { name: '@s/a', version: '2.0.0', license, key: '@s/a@2.0.0', links: [...b, ...gone], files: [] },
    { name: 'b', version: '1.0.0+x', key: 'b@1.0.0', links: [], files: [] },
  ]
  const node = found('node', '/usr/bin/node', 'NODE', 0o755)
  return planInput('1.0.0', planApplication('shop', '1.0.0', {}, { links }), { packages, node })
}

test('the bill of materials is valid CycloneDX 1.6', () => {
  const valid = validator()
  assert.ok(valid(JSON.parse(sbomText(input()))), JSON.stringify(valid.errors))
  assert.ok(valid(JSON.parse(sbomText(input('SEE LICENSE IN LICENSE.md')))), JSON.stringify(valid.errors))
})

test('applications, packages and the node binary are its components, with who needs whom', () => {
  const { components, dependencies, metadata } = JSON.parse(sbomText(input()))
  assert.equal(metadata.component, { type: 'application', 'bom-ref': 'shop@1.0.0', name: 'shop', version: '1.0.0' })
  assert.equal(metadata.tools.components, [{ type: 'application', name: 'otp-rel', version: '0.1.0' }])
  const seen = components.map((one: Record<string, unknown>) => [one['bom-ref'], one.type, one.purl, one.licenses])
  assert.equal(seen, [
    ['kernel-1.0.0', 'library', undefined, undefined],
    ['shop-1.0.0', 'application', undefined, undefined],
    ['npm:@s/a@2.0.0', 'library', 'pkg:npm/%40s/a@2.0.0', [{ expression: 'MIT' }]],
    ['npm:b@1.0.0', 'library', 'pkg:npm/b@1.0.0%2Bx', undefined],
    ['node@20.20.2', 'platform', 'pkg:generic/node@20.20.2', undefined],
  ])
  assert.equal(components.at(-1).hashes, [{ alg: 'SHA-256', content: sha('NODE') }])
  const needs = Object.fromEntries(dependencies.map((one: Record<string, unknown>) => [one.ref, one.dependsOn]))
  assert.equal(needs['shop@1.0.0'], ['kernel-1.0.0', 'node@20.20.2', 'shop-1.0.0'])
  assert.equal(needs['shop-1.0.0'], ['npm:@s/a@2.0.0'])
  assert.equal(needs['npm:@s/a@2.0.0'], ['npm:b@1.0.0'], 'what does not travel is not named')
})

test('the same release has the same text, another one another serial number', () => {
  assert.is(sbomText(input()), sbomText(input()))
  const serial = (text: string) => JSON.parse(text).serialNumber
  assert.is.not(serial(sbomText(input())), serial(sbomText(input('ISC'))))
  assert.match(
    serial(sbomText(input())),
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

test.run()
