/** Releases in memory, for tests of what compares them. */
import { createHash } from 'node:crypto'
import type { ReleaseContent } from '../../cli/appup/release_content.js'
import { completeApp } from '../../schemas/app_resource.js'

/** An application of a release in memory. */
export interface AppOf {
  readonly vsn: string
  /** Other fields of its app.json. */
  readonly app?: Readonly<Record<string, unknown>>
  /** Built texts by name; see {@link built}. */
  readonly modules?: Readonly<Record<string, string>>
  /** Texts by path below priv. */
  readonly priv?: Readonly<Record<string, string>>
  /** Keys of packages by the names they are imported by. */
  readonly packages?: Readonly<Record<string, string>>
}

/** A module as the build writes it. @param imports specifier to target, in order; the names are `$0`, `$1`, ... */
export function built(body: string, { imports = {}, exports = [], line = 1 }: BuiltOf = {}): string {
  const list = Object.entries(imports).map(([s, target]) => ({ s, ...target, l: line }))
  const meta = { imports: list, stars: [], exports, tla: false }
  const params = ['$m', ...list.map((_, index) => `$${index}`)].join(',')
  return `return {m:${JSON.stringify(meta)},f:(function*(${params}){"use strict";$m.token=()=>$m;yield{};\n${body}\nreturn{}})}\n//# sourceMappingURL=x.js.map`
}

/** What {@link built} is told besides the body. */
export interface BuiltOf {
  readonly imports?: Readonly<Record<string, { readonly m: string } | { readonly p: string }>>
  readonly exports?: readonly string[]
  /** Line of its imports. */
  readonly line?: number
}

/** A release in memory. @param store texts of packages by `KEY/PATH` */
export function contentOf(
  vsn: string,
  apps: Readonly<Record<string, AppOf>>,
  { config = {}, store = {} }: { config?: unknown; store?: Readonly<Record<string, string>> } = {},
): ReleaseContent {
  const files = new Map<string, string>([[`releases/${vsn}/sys.config.json`, JSON.stringify(config)]])
  for (const [name, { vsn: appVsn, app = {}, modules = {}, priv = {}, packages = {} }] of Object.entries(apps)) {
    const dir = `lib/${name}-${appVsn}`
    const resource = completeApp({ name, vsn: appVsn, modules: Object.keys(modules), ...app })
    files.set(`${dir}/ebin/app.json`, JSON.stringify(resource))
    for (const [module, text] of Object.entries(modules)) files.set(`${dir}/ebin/${module}.js`, text)
    for (const [file, text] of Object.entries(priv)) files.set(`${dir}/priv/${file}`, text)
    for (const [as, key] of Object.entries(packages))
      files.set(`${dir}/node_modules/${as}`, `-> ../../.npm/${key}/node_modules/${as}`)
  }
  for (const [path, text] of Object.entries(store)) files.set(`lib/.npm/${path}`, text)
  const sum = (text: string) => (text.startsWith('-> ') ? text : createHash('sha256').update(text).digest('hex'))
  return {
    rel: {
      name: 'shop',
      vsn,
      erts: '20.19.0',
      applications: Object.entries(apps).map(([name, one]) => ({ name, vsn: one.vsn })),
    },
    sums: new Map([...files].map(([path, text]) => [path, sum(text)])),
    text: async (path) => files.get(path) ?? Promise.reject(new Error(path)),
    size: async (path) => files.get(path)?.length ?? 0,
  }
}
