/**
 * What an import specifier of a module means in a release: a module of an application, one of the runtime underneath,
 * a builtin of Node or an npm package. Pure: the world comes in as data.
 *
 * A specifier keeps the meaning it has natively (under tsx, after tsc), with one addition: the name of an application
 * that the importer depends on is that application's module of the same name, `other_app/b` its module `b`. The name of
 * a package whose folder is an application is the module that its package.json leads to.
 * OTP has one flat space of modules and no such question; who may call whom is checked as xref's `undefined_calls`.
 */
import { isBuiltin } from 'node:module'
import { dirname, relative, resolve, sep } from 'node:path'
import type { ImportTarget } from '../../runtime/erts/linker/meta.js'
import { nearest } from '../../schemas/nearest.js'
import { moduleNameOf, type SourceTree } from './module_source.js'
import { type EntryManifest, entryFile, packageName } from './package_folders.js'

/** Why a specifier leads nowhere. */
export type ImportFault =
  /** No such file. */
  | {
      readonly tag: 'no_such_module'
      readonly specifier: string
      readonly looked: string
      readonly nearest: string | undefined
    }
  /** A file, but of no application. */
  | { readonly tag: 'outside_applications'; readonly specifier: string; readonly application: string }
  /** A module of an application that the importer's app.json does not name. */
  | {
      readonly tag: 'undeclared_application'
      readonly specifier: string
      readonly application: string
      readonly other: string
      readonly appFile: string
    }
  /** A module of an application that is not in the release. */
  | {
      readonly tag: 'application_not_in_release'
      readonly specifier: string
      readonly application: string
      readonly other: string
    }
  /** `otp-rel/SOMETHING` that is not an entry of otp-rel. */
  | { readonly tag: 'no_such_entry'; readonly specifier: string; readonly nearest: string | undefined }
  /** `#name`, URLs, absolute paths: nothing that a release could carry. */
  | { readonly tag: 'unsupported_specifier'; readonly specifier: string }

/** An application as imports see it. */
export interface ImportApplication {
  readonly name: string
  /** Where to add a dependency. */
  readonly appFile: string
  /** What its app.json names: applications, optional and included ones. */
  readonly dependencies: ReadonlySet<string>
  readonly sources: SourceTree
  /** The package.json beside its app.json, where it has one. */
  readonly manifest?: EntryManifest
}

/** A folder of modules underneath the applications. */
export interface PreloadedTree {
  readonly id: 'erts' | 'schemas'
  readonly dir: string
  /** Names of its modules. */
  readonly names: ReadonlySet<string>
}

/** Everything a specifier can lead to. */
export interface ImportWorld {
  readonly applications: ReadonlyMap<string, ImportApplication>
  /** Those that are packages of npm as well, by the package's name; default: none. */
  readonly packages?: ReadonlyMap<string, ImportApplication>
  /** Folder of the runtime underneath (`runtime/erts`) and of the formats (`schemas`): preloaded, one per release. */
  readonly preloaded: readonly PreloadedTree[]
}

/** The entries of otp-rel's package.json, and the modules they are in a release. */
export const ENTRIES: ReadonlyMap<string, string> = new Map([
  ['otp-rel', 'kernel/otp_rel'],
  ['otp-rel/sasl', 'sasl/otp_rel_sasl'],
  ['otp-rel/systools', 'sasl/systools'],
])

/** Applications that every release has, started before all others; nobody needs to name them to use them. */
const ALWAYS = new Set(['kernel', 'stdlib'])

type Outcome = { readonly target: ImportTarget } | { readonly fault: ImportFault }

/**
 * @param specifier as written
 * @param importer  application of the importing module
 * @param file      the importing file, absolute
 */
export function resolveImport(
  specifier: string,
  importer: ImportApplication,
  file: string,
  world: ImportWorld,
): Outcome {
  if (/^\.\.?(\/|$)/.test(specifier)) return resolveRelative(specifier, importer, file, world)
  if (isBuiltin(specifier)) return { target: { b: specifier.startsWith('node:') ? specifier : `node:${specifier}` } }
  const entry = ENTRIES.get(specifier)
  if (entry !== undefined) return resolveEntry(specifier, entry, importer, world)
  if (specifier.startsWith('otp-rel/')) {
    const entries = [...ENTRIES.keys()].flatMap((key) => key.split('/')[1] ?? [])
    const near = nearest(specifier.slice('otp-rel/'.length), entries)
    return { fault: { tag: 'no_such_entry', specifier, nearest: near && `otp-rel/${near}` } }
  }
  if (/^(#|\/|[a-z]+:|[A-Z]:\\)/.test(specifier)) return { fault: { tag: 'unsupported_specifier', specifier } }

  const slash = specifier.indexOf('/')
  const first = slash < 0 ? specifier : specifier.slice(0, slash)
  const other = world.applications.get(first)
  if (other === undefined) {
    if (importer.dependencies.has(first)) return notInRelease(specifier, importer, first)
    const name = packageName(specifier)
    const owner = world.packages?.get(name)
    const module = owner === undefined ? undefined : exportedModule(owner, specifier.slice(name.length))
    if (owner === undefined || module === undefined) return { target: { p: specifier } }
    return moduleOf(owner, module, specifier, importer)
  }
  return moduleOf(other, slash < 0 ? other.name : specifier.slice(slash + 1), specifier, importer)
}

function resolveRelative(specifier: string, importer: ImportApplication, file: string, world: ImportWorld): Outcome {
  const path = resolve(dirname(file), specifier)
  for (const application of [importer, ...world.applications.values()]) {
    const name = below(application.sources.dir, path)
    if (name !== undefined) return moduleOf(application, name, specifier, importer)
  }
  for (const { id, dir, names } of world.preloaded) {
    const way = below(dir, path)
    if (way === undefined) continue
    const name = moduleNameOf(way)?.name ?? way
    if (names.has(name)) return { target: { m: `${id}/${name}` } }
    const near = nearest(name, names)
    return {
      fault: {
        tag: 'no_such_module',
        specifier,
        looked: `${id}/${name}`,
        nearest: near && respell(specifier, name, near),
      },
    }
  }
  return { fault: { tag: 'outside_applications', specifier, application: importer.name } }
}

/** The path below a folder, with `/`, or `undefined` when it is not below it. */
function below(dir: string, path: string): string | undefined {
  const way = relative(dir, path)
  return way === '' || way.startsWith('..') || resolve(way) === way ? undefined : way.split(sep).join('/')
}

function moduleOf(owner: ImportApplication, path: string, specifier: string, importer: ImportApplication): Outcome {
  const name = moduleNamed(path, owner.sources)
  if (name === undefined) {
    const wanted = moduleNameOf(path)?.name ?? path
    const near = nearest(wanted, [...namesOf(owner.sources)])
    return {
      fault: {
        tag: 'no_such_module',
        specifier,
        looked: `${owner.name}/${wanted}`,
        nearest: near && respell(specifier, wanted, near),
      },
    }
  }
  if (owner.name !== importer.name && !ALWAYS.has(owner.name) && !importer.dependencies.has(owner.name)) {
    const { appFile, name: application } = importer
    return { fault: { tag: 'undeclared_application', specifier, application, other: owner.name, appFile } }
  }
  return { target: { m: `${owner.name}/${name}` } }
}

/** The module of an application that its package.json exports as a subpath; undefined where that leads elsewhere. */
function exportedModule({ appFile, sources, manifest }: ImportApplication, subpath: string): string | undefined {
  const file = entryFile(manifest ?? {}, `.${subpath}`)
  const path = file === undefined ? undefined : below(sources.dir, resolve(dirname(appFile), file))
  return path === undefined ? undefined : moduleNamed(path, sources)
}

/** The name of the module that a path without or with its ending, or of a folder, means. */
const moduleNamed = (path: string, sources: SourceTree): string | undefined =>
  [path, moduleNameOf(path)?.name, `${path}/index`].find((one) => one !== undefined && namesOf(sources).has(one))

const known = new WeakMap<SourceTree, ReadonlySet<string>>()

/** The names of an application's modules, gathered once. */
function namesOf(tree: SourceTree): ReadonlySet<string> {
  const names = known.get(tree) ?? new Set(tree.files.map(({ name }) => name))
  known.set(tree, names)
  return names
}

/** The specifier with another module's name in it. */
function respell(specifier: string, wanted: string, near: string): string {
  const [from, to] = [wanted.split('/'), near.split('/')]
  while (from.length > 1 && to.length > 1 && from[0] === to[0]) {
    from.shift()
    to.shift()
  }
  const at = specifier.lastIndexOf(from.join('/'))
  return at < 0 ? near : specifier.slice(0, at) + to.join('/') + specifier.slice(at + from.join('/').length)
}

function resolveEntry(specifier: string, entry: string, importer: ImportApplication, world: ImportWorld): Outcome {
  const [name = '', module = ''] = entry.split('/')
  const owner = world.applications.get(name)
  return owner === undefined ? notInRelease(specifier, importer, name) : moduleOf(owner, module, specifier, importer)
}

const notInRelease = (specifier: string, importer: ImportApplication, other: string): Outcome => ({
  fault: { tag: 'application_not_in_release', specifier, application: importer.name, other },
})

/** The fault as one sentence, without its place. */
export function formatImportFault(fault: ImportFault, show: (file: string) => string = (file) => file): string {
  const said = `import of "${fault.specifier}"`
  switch (fault.tag) {
    case 'no_such_module': {
      const hint = fault.nearest === undefined ? '' : `; did you mean "${fault.nearest}"?`
      return `${said}: there is no module "${fault.looked}"${hint}`
    }
    case 'outside_applications':
      return `${said} leaves the source folder of "${fault.application}" for a file of no application; a release carries only modules of applications and npm packages`
    case 'undeclared_application':
      return `${said}: "${fault.application}" does not depend on "${fault.other}"; add "${fault.other}" to "applications" in ${show(fault.appFile)}`
    case 'application_not_in_release':
      return `${said}: application "${fault.other}" is not in this release; add it to the release or to "applications" of "${fault.application}"`
    case 'no_such_entry': {
      const hint = fault.nearest === undefined ? '' : `; did you mean "${fault.nearest}"?`
      return `${said}: otp-rel has the entries ${[...ENTRIES.keys()].map((key) => `"${key}"`).join(', ')}${hint}`
    }
    case 'unsupported_specifier':
      return `${said}: a release resolves relative paths, applications, npm packages and builtins of Node; write one of these`
  }
}
