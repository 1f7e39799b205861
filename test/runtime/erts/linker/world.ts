/**
 * Small worlds for the linker: applications in a temporary folder, built in memory from
 * TypeScript, in any number of versions.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { transformSync } from 'esbuild'
import { transform } from '../../../../cli/release/transform.js'
import { Linker, type LinkerOptions, type Namespace } from '../../../../runtime/erts/linker/linker.js'
import { applicationOf, type ImportTarget, placeIn } from '../../../../runtime/erts/linker/meta.js'
import { ANCHOR_TEXT } from '../../../../runtime/erts/linker/native.js'

/** Module id -> its TypeScript, or JSON where the id ends so. */
export type Sources = Readonly<Record<string, string>>

/** Resolves as the build does: relative, other applications of the world, built-ins, npm packages. */
export function resolveIn(applications: ReadonlySet<string>, from: string, specifier: string): ImportTarget {
  if (specifier.startsWith('.')) return { m: withoutEnding(posix.join(posix.dirname(from), specifier)) }
  if (isBuiltin(specifier)) return { b: specifier.startsWith('node:') ? specifier : `node:${specifier}` }
  const application = applicationOf(specifier)
  if (!applications.has(application)) return { p: specifier }
  return { m: specifier === application ? `${application}/${application}` : withoutEnding(specifier) }
}

/** TypeScript -> a built module and its map, as the build makes them. */
export function build(id: string, source: string, applications: ReadonlySet<string> = new Set()) {
  const name = id.slice(applicationOf(id).length + 1)
  const esm = transformSync(source, {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcemap: 'external',
    sourcefile: `${name}.ts`,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  })
  return transform(esm.code, {
    filename: `${name}.ts`,
    inputMap: esm.map,
    resolve: (specifier) => resolveIn(applications, id, specifier),
  })
}

/** A linker over applications on disk; version n of application a lies in `lib/a-n`. */
export class World {
  readonly root = mkdtempSync(join(tmpdir(), 'linker-'))
  readonly linker: Linker
  readonly applications: Set<string>
  /** Version of each application that `fileOf` leads to. */
  readonly versions = new Map<string, number>()

  constructor(applications: readonly string[] = ['a', 'b'], options: Partial<LinkerOptions> = {}) {
    this.applications = new Set([...applications, 'erts'])
    for (const name of applications) this.versions.set(name, 1)
    this.linker = new Linker({
      fileOf: (id) => {
        const version = this.versions.get(applicationOf(id))
        return version === undefined ? undefined : placeIn(this.dir(applicationOf(id), version), id)
      },
      ...options,
    })
  }

  dir(application: string, version: number): string {
    return join(this.root, 'lib', `${application}-${version}`)
  }

  /** Writes built modules of one version; `map: false` leaves their maps out. */
  write(version: number, sources: Sources): void {
    for (const [id, source] of Object.entries(sources)) {
      const { file, dir } = placeIn(this.dir(applicationOf(id), version), id)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(join(dir, 'ebin', 'anchor.mjs'), ANCHOR_TEXT)
      if (id.endsWith('.json')) {
        writeFileSync(file, source)
        continue
      }
      const built = build(id, source, this.applications)
      writeFileSync(file, built.code)
      writeFileSync(`${file}.map`, JSON.stringify(built.map))
    }
  }

  /** Writes version 1 and loads the modules named, by default all. */
  async start(sources: Sources, ids = Object.keys(sources)): Promise<void> {
    this.write(1, sources)
    await this.linker.load(ids)
  }

  prepare(version: number, ids: readonly string[]) {
    return this.linker.prepare(ids.map((id) => ({ id, dir: this.dir(applicationOf(id), version) })))
  }

  /** Writes a version and swaps its modules one after another, old ones purged before; a trial comes first. */
  async upgrade(version: number, sources: Sources, ids = Object.keys(sources)): Promise<void> {
    this.write(version, sources)
    const prepared = await this.prepare(version, ids)
    await this.linker.trial(prepared)
    for (const id of ids) {
      this.linker.purge(id)
      await this.linker.swap(prepared, id)
    }
  }

  facade(id: string): Namespace {
    const facade = this.linker.facade(id)
    if (facade === undefined) throw new Error(`${id} is not loaded`)
    return facade
  }

  /** Calls an export of a module through its facade. */
  call(id: string, name: string, ...args: unknown[]): unknown {
    const value = this.facade(id)[name]
    if (typeof value !== 'function') throw new TypeError(`${id}.${name} is not a function`)
    return value(...args)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Runs `body` in a fresh world that is removed afterwards. */
export async function inWorld(body: (world: World) => unknown, options?: Partial<LinkerOptions>): Promise<void> {
  const world = new World(['a', 'b'], options)
  try {
    await body(world)
  } finally {
    world.remove()
  }
}

/** What a rejected promise or a throwing function threw. Fails when it did not. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('expected an error, there was none')
}

function withoutEnding(path: string): string {
  return path.replace(/\.[cm]?[jt]s$/, '')
}
