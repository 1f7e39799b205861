/**
 * The npm packages of a release, as a store: `lib/.npm/NAME@VERSION/node_modules/NAME` is the package, beside it a link
 * for each of its dependencies. Pure: packages and who resolves to whom come in as data.
 *
 * A store folder's content depends on nothing but the package and the versions that it resolves to, so two releases
 * that have the same folder have the same content, and a node keeps one instance for both. For that a package travels
 * whole, and its links name all installed dependencies, also those that this release does not use and therefore does
 * not carry: such a link leads nowhere until a release brings its package.
 *
 * Copies of one NAME@VERSION are one instance, unless they resolve a dependency to different ones (nested
 * node_modules, peer dependencies): then each combination has its own folder, `NAME@VERSION_DEP@VERSION`, as in pnpm.
 */

/** A package folder on the build machine. */
export interface PackageFolder {
  /** Absolute real path: the folder's identity. */
  readonly dir: string
  /** The name in its package.json. */
  readonly name: string
  readonly version: string
  /** The license in its package.json. */
  readonly license?: string
  /** Installed dependencies, by the name they are imported by, to the folder they resolve to. */
  readonly dependencies: ReadonlyMap<string, string>
}

/** A link `node_modules/NAME` and the package it leads to. */
export interface StoreLink {
  /** As imported; an alias differs from the package's own name. */
  readonly name: string
  /** The store key of the package. */
  readonly key: string
  /** The package's own name. */
  readonly package: string
}

/** The folder's key in the store, `NAME@VERSION` or with the dependencies that set it apart, for every folder. */
export function storeKeys(folders: readonly PackageFolder[]): ReadonlyMap<string, string> {
  const plain = ({ name, version }: PackageFolder) => `${name}@${version}`
  const byDir = new Map(folders.map((folder) => [folder.dir, folder]))
  // Partition refinement: start with everything of one name and version together, split while members of a class
  // resolve a dependency to different classes.
  let classes = new Map(folders.map((folder) => [folder.dir, plain(folder)]))
  for (;;) {
    const next = new Map(
      folders.map((folder) => {
        const uses = [...folder.dependencies].map(([name, dir]) => `${name}>${classes.get(dir) ?? dir}`).sort()
        return [folder.dir, `${plain(folder)}(${uses.join(' ')})`]
      }),
    )
    const done = new Set(next.values()).size === new Set(classes.values()).size
    // short labels, or they grow with every round
    const labels = new Map([...new Set(next.values())].sort().map((label, index) => [label, `${index}`]))
    classes = new Map([...next].map(([dir, label]) => [dir, labels.get(label) ?? label]))
    if (done) break
  }

  const variants = new Map<string, Map<string, PackageFolder[]>>()
  for (const folder of folders) {
    const of = variants.get(plain(folder)) ?? new Map<string, PackageFolder[]>()
    const label = classes.get(folder.dir) ?? ''
    of.set(label, [...(of.get(label) ?? []), folder])
    variants.set(plain(folder), of)
  }
  const keys = new Map<string, string>()
  for (const [name, of] of variants) {
    const taken = new Set<string>()
    for (const members of of.values()) {
      const [first] = members
      let key = of.size === 1 || first === undefined ? name : `${name}${suffix(first, of, byDir)}`
      while (taken.has(key)) key += '_'
      taken.add(key)
      for (const { dir } of members) keys.set(dir, key)
    }
  }
  return keys
}

/** The dependencies whose versions differ between the variants of a package, as this one has them. */
function suffix(
  folder: PackageFolder,
  variants: ReadonlyMap<string, readonly PackageFolder[]>,
  byDir: ReadonlyMap<string, PackageFolder>,
): string {
  const version = (of: PackageFolder | undefined, name: string) => {
    const dir = of?.dependencies.get(name)
    return dir === undefined ? '' : (byDir.get(dir)?.version ?? '')
  }
  const others = [...variants.values()].map(([first]) => first)
  const differing = [...folder.dependencies.keys()]
    .sort()
    .filter((name) => new Set(others.map((other) => version(other, name))).size > 1)
  return differing.map((name) => `_${name.replace('/', '+')}@${version(folder, name)}`).join('')
}

/** Links of a store folder for its dependencies, by name. */
export function storeLinks(
  folder: PackageFolder,
  byDir: ReadonlyMap<string, PackageFolder>,
  keys: ReadonlyMap<string, string>,
): StoreLink[] {
  return [...folder.dependencies]
    .flatMap(([name, dir]) => {
      const [key, to] = [keys.get(dir), byDir.get(dir)]
      // a package that depends on itself finds itself
      return key === undefined || to === undefined || name === folder.name ? [] : [{ name, key, package: to.name }]
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
