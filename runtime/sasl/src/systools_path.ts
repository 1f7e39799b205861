/**
 * The path that a boot script has for an application's `ebin` folder.
 *
 * OTP: `create_path/4` and `create_mandatory_path` of systools_make.erl; the options `local` and `variables` of
 * systools(3). A variable's prefix is a plain start of the string, and the first one that fits counts, as in OTP.
 */
import { type Application, nameVsn } from './systools_types.js'

/** Which paths are written. */
export interface PathOptions {
  /** The folder in which each app.json was found, instead of the one it has in a release. */
  readonly local?: boolean
  /** `NAME` by the folder it stands for: what is found below it is written `$NAME/...`. */
  readonly variables?: Readonly<Record<string, string>>
}

/** `$ROOT/lib/NAME-VSN/ebin`, or what the options ask for. */
export function ebinDir(app: Application, options: PathOptions): string {
  const standard = `${nameVsn(app)}/ebin`
  if (app.dir === undefined) return `$ROOT/lib/${standard}`
  if (options.local === true) return app.dir
  for (const [variable, folder] of Object.entries(options.variables ?? {})) {
    const prefix = folder.replace(/\/+$/, '')
    if (!app.dir.startsWith(prefix)) continue
    const rest = app.dir
      .slice(prefix.length)
      .split('/')
      .filter((part) => part !== '')
    const [parent, last] = rest.slice(-2)
    const isOwnFolder = last === 'ebin' && (parent === app.name || parent === nameVsn(app))
    return [`$${variable}`, ...(isOwnFolder ? rest.slice(0, -2) : rest), standard].join('/')
  }
  return `$ROOT/lib/${standard}`
}
