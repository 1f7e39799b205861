/** A small release as the input of its plan: one line per fact that a test changes. */
import { createHash } from 'node:crypto'
import type { CompiledModule } from '../../cli/release/compiled.js'
import type { FoundFile } from '../../cli/release/files.js'
import type { PlanApplication, PlanInput } from '../../cli/release/plan.js'
import { completeApp } from '../../schemas/app_resource.js'

/** SHA-256 in hex. */
export const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A file on the build machine with this content. */
export const found = (path: string, from: string, text: string, mode: 0o644 | 0o755 = 0o644): FoundFile => {
  return { path, from, sha256: sha(text), mode }
}

const module = (application: string, name: string, code: string): CompiledModule => {
  const packages: CompiledModule['packages'] = []
  return {
    application,
    name,
    id: `${application}/${name}`,
    source: `/src/${name}.ts`,
    file: `${name}.js`,
    code,
    map: '{}',
    meta: { imports: [], stars: [], exports: [], tla: false },
    packages,
  }
}

/** An application whose modules have these texts. */
export function planApplication(
  name: string,
  vsn: string,
  modules: Record<string, string>,
  more: Partial<PlanApplication> = {},
): PlanApplication {
  const resource = completeApp({ name, vsn, modules: Object.keys(modules) })
  if (resource === undefined) throw new Error('has a version')
  const compiled = { name, vsn, modules: Object.entries(modules).map(([one, code]) => module(name, one, code)) }
  return { resource, appup: undefined, compiled, priv: [], sources: [], links: [], ...more }
}

/** The release `shop`: kernel 1.0.0 and shop. */
export function planInput(
  vsn = '1.0.0',
  shop = planApplication('shop', vsn, { cart: 'CART' }),
  more: Partial<PlanInput> = {},
): PlanInput {
  const kernel = planApplication('kernel', '1.0.0', { kernel: 'KERNEL' })
  const applications = [kernel, shop]
  return {
    rel: {
      name: 'shop',
      vsn,
      erts: '20.20.2',
      applications: applications.map(({ resource }) => ({ name: resource.name, vsn: resource.vsn })),
    },
    applications,
    packages: [],
    otpRel: '0.1.0',
    programs: ['erts.cjs', 'erts.js', 'nodetool.mjs'].map((file) => ({ file, code: file, map: '{}' })),
    script: { name: 'shop', vsn, instructions: [] },
    relup: undefined,
    config: new Map([['sys.config.json', '{}']]),
    vmArgs: '# none',
    startScript: '#!/bin/sh',
    envScript: 'RELEASE_KERNEL=lib/kernel-1.0.0',
    node: undefined,
    overlay: [],
    strip: false,
    dev: [],
    ...more,
  }
}
