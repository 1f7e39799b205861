/**
 * What a release consists of, as a software bill of materials in CycloneDX 1.6: its applications, the npm packages that
 * travel, the node binary, and which of them needs which. Pure; without times and with a serial number made from the
 * content, so that the same release has the same one. https://cyclonedx.org/docs/1.6/json/. OTP has no counterpart.
 */
import { createHash } from 'node:crypto'
import type { AppResource } from '../../schemas/app_resource.js'
import type { Rel } from '../../schemas/types.js'
import type { FoundFile } from './files.js'
import type { StoreLink } from './package_store.js'

/** A package of the release. */
interface Package {
  readonly name: string
  readonly version: string
  readonly license?: string
  /** Its folder in the store. */
  readonly key: string
  readonly links: readonly StoreLink[]
}

/** What a release consists of, as far as it is told here. */
export interface Bill {
  readonly rel: Rel
  readonly applications: readonly { readonly resource: AppResource; readonly links: readonly StoreLink[] }[]
  readonly packages: readonly Package[]
  /** The version of the otp-rel that builds it. */
  readonly otpRel: string
  /** The node binary that travels. */
  readonly node: Pick<FoundFile, 'sha256'> | undefined
}

interface Component {
  readonly type: 'application' | 'library' | 'platform'
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly licenses?: readonly ({ readonly expression: string } | { readonly license: { readonly name: string } })[]
  readonly purl?: string
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[]
}

interface Dependency {
  readonly ref: string
  readonly dependsOn: readonly string[]
}

/** The bill of materials of a release, as the text of its file. */
export function sbomText({ rel, applications, packages, otpRel, node }: Bill): string {
  const applicationRefs = new Map(applications.map(({ resource: { name, vsn } }) => [name, `${name}-${vsn}`]))
  const packageRefs = new Map(packages.map(({ key }) => [key, `npm:${key}`]))
  const root = `${rel.name}@${rel.vsn}`
  const erts = `node@${rel.erts}`
  const refs = (names: readonly (string | undefined)[]) =>
    [...new Set(names.flatMap((one) => (one === undefined ? [] : [one])))].sort()

  const components: Component[] = [
    ...applications.map(({ resource: { name, vsn, description } }): Component => {
      const type = name === rel.name ? 'application' : 'library'
      return { type, 'bom-ref': `${name}-${vsn}`, name, version: vsn, ...(description ? { description } : {}) }
    }),
    ...packages.map(packageComponent),
    ...(node === undefined ? [] : [nodeComponent(rel.erts, node.sha256)]),
  ]
  const dependencies: Dependency[] = [
    {
      ref: root,
      dependsOn: refs([...applicationRefs.values(), node === undefined ? undefined : erts]),
    },
    ...applications.map(({ resource, links }) => ({
      ref: `${resource.name}-${resource.vsn}`,
      dependsOn: refs([
        ...[...resource.applications, ...resource.included_applications].map((one) => applicationRefs.get(nameOf(one))),
        ...links.map(({ key }) => packageRefs.get(key)),
      ]),
    })),
    ...packages.map(({ key, links }) => {
      return { ref: `npm:${key}`, dependsOn: refs(links.map((link) => packageRefs.get(link.key))) }
    }),
  ]
  const content = {
    version: 1,
    metadata: {
      component: { type: 'application', 'bom-ref': root, name: rel.name, version: rel.vsn },
      tools: { components: [{ type: 'application', name: 'otp-rel', version: otpRel }] },
    },
    components,
    dependencies,
  }
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    ...content,
  }
  return `${JSON.stringify(bom, null, 2)}\n`
}

const nameOf = (one: string | { readonly name: string }): string => (typeof one === 'string' ? one : one.name)

function packageComponent({ name, version, key, license }: Package): Component {
  return {
    type: 'library',
    'bom-ref': `npm:${key}`,
    name,
    version,
    ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
    purl: `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`,
  }
}

const nodeComponent = (version: string, sha256: string): Component => ({
  type: 'platform',
  'bom-ref': `node@${version}`,
  name: 'node',
  version,
  purl: `pkg:generic/node@${version}`,
  hashes: [{ alg: 'SHA-256', content: sha256 }],
})

/** npm's `license` is an SPDX expression, or a sentence such as "SEE LICENSE IN FILE", or UNLICENSED. */
function licenseOf(text: string) {
  const isExpression = /^[\w.+() -]+$/.test(text) && !/^(SEE LICENSE|UNLICENSED)/i.test(text)
  return isExpression ? { expression: text } : { license: { name: text } }
}

/** A UUID of version 8 (own scheme, RFC 9562) from the SHA-256 of a text. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
