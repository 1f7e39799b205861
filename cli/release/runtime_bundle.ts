/**
 * The two programs of a release that are not built modules: the runtime underneath (`erts.mjs`: runtime/erts and
 * schemas, what OTP's emulator and its preloaded modules are) and the commands that run beside a node (`nodetool.mjs`).
 *
 * Both are single native ES modules, so that a node starts with one file. The first one exposes each of its modules to
 * the linker under its id (`erts/process`); the same set for every release, since all releases with the same kernel
 * share the file.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type Cache, cacheKey, noCache } from './cache.js'
import { TARGET } from './es_module.js'
import { type Home, home } from './home.js'
import type { PreloadedTree } from './module_import.js'
import { moduleNameOf } from './module_source.js'

/** A program and its source map. */
export interface Program {
  readonly code: string
  /** Source map as JSON. */
  readonly map: string
}

/** What a bundle gives. */
export interface RuntimeBundle {
  /** `lib/kernel-VSN/priv/erts.mjs` */
  readonly erts: Program
  /** `lib/kernel-VSN/priv/nodetool.mjs`; undefined where this otp-rel has no cli/node. */
  readonly nodetool: Program | undefined
  /** Ids of the modules in erts.mjs, sorted: the boot script's `preLoaded`. */
  readonly preloaded: readonly string[]
}

/** Settings of a bundle. */
export interface BundleOptions {
  /** Default: one that forgets. */
  readonly cache?: Cache
  /** Default: found. */
  readonly home?: Home
}

/** Modules of schemas/ that only make the others. */
const GENERATORS = new Set(['schemas/generate'])

/** Makes both programs, or takes them from the cache. */
export async function bundleRuntime(options: BundleOptions = {}): Promise<RuntimeBundle> {
  const { cache = noCache, home: at = home() } = options
  const modules = await preloadedModules(at)
  const preloaded = modules.map(([id]) => id)
  const main = join(at.code, 'runtime', 'erts', `main${at.ending}`)
  const nodetoolMain = join(at.code, 'cli', 'node', `main${at.ending}`)
  const [erts, nodetool] = await Promise.all([
    bundle('erts', entryText(modules, main), at, cache),
    (await exists(nodetoolMain))
      ? bundle('nodetool', `import ${JSON.stringify(nodetoolMain)}\n`, at, cache)
      : undefined,
  ])
  return { erts, nodetool, preloaded }
}

/** Ids and files of the modules that erts.mjs exposes, by id. */
export async function preloadedModules(at: Home = home()): Promise<readonly (readonly [id: string, file: string])[]> {
  const found: [string, string][] = []
  for (const [id, dir] of [
    ['erts', join(at.code, 'runtime', 'erts')],
    ['schemas', join(at.code, 'schemas')],
  ] as const) {
    for (const file of await readdir(dir, { recursive: true })) {
      const module = moduleNameOf(file.split(sep).join('/'))
      if (module?.kind !== 'code') continue
      const name = `${id}/${module.name}`
      if (!GENERATORS.has(name) && name !== 'erts/main') found.push([name, join(dir, file)])
    }
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The same modules as imports see them. */
export async function preloadedTrees(at: Home = home()): Promise<readonly PreloadedTree[]> {
  const ids = (await preloadedModules(at)).map(([id]) => id)
  const names = (tree: string) =>
    new Set(ids.filter((id) => id.startsWith(`${tree}/`)).map((id) => id.slice(tree.length + 1)))
  return [
    { id: 'erts', dir: join(at.code, 'runtime', 'erts'), names: names('erts') },
    { id: 'schemas', dir: join(at.code, 'schemas'), names: names('schemas') },
  ]
}

/**
 * The program's entry: namespaces are spread into plain objects, on which a property read costs nothing extra. It runs
 * only as the program itself, so that tools can import it to look at it.
 */
function entryText(modules: readonly (readonly [id: string, file: string])[], main: string): string {
  return [
    `import { realpathSync } from 'node:fs'`,
    `import { fileURLToPath } from 'node:url'`,
    `import { main } from ${JSON.stringify(main)}`,
    ...modules.map(([, file], index) => `import * as m${index} from ${JSON.stringify(file)}`),
    `export const preloaded = {`,
    ...modules.map(([id], index) => `  ${JSON.stringify(id)}: { ...m${index} },`),
    `}`,
    `const program = process.argv[1]`,
    `if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) await main(preloaded)`,
    '',
  ].join('\n')
}

interface CachedProgram extends Program {
  /** Every file that went into it, with its sum. */
  readonly inputs: readonly (readonly [file: string, sha256: string])[]
}

async function bundle(name: string, entry: string, at: Home, cache: Cache): Promise<Program> {
  const key = cacheKey('program', name, TARGET, at.code, entry)
  const last = await cache.get<CachedProgram>(key)
  if (last !== undefined && (await sameInputs(last.inputs))) return last

  const esbuild = await import('esbuild')
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: entry, resolveDir: at.code, sourcefile: `${name}.mjs` },
    outfile: join(at.code, `${name}.mjs`),
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: TARGET,
    // identifiers stay, for stack traces and process listings; what goes is what V8 would only skip
    minifyWhitespace: false,
    // jsonc-parser's "main" is UMD, which no bundler can follow
    mainFields: ['module', 'main'],
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: true,
    metafile: true,
    charset: 'utf8',
    logLevel: 'silent',
    absWorkingDir: at.code,
    // CommonJS packages inside an ES module bundle ask for builtins with require
    banner:
      name === 'nodetool'
        ? { js: `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)` }
        : {},
  })
  const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
  const inputs = await Promise.all(
    Object.keys(metafile.inputs)
      .filter((file) => file !== `${name}.mjs`)
      .sort()
      .map(async (file) => [join(at.code, file), await sumOfText(join(at.code, file))] as const),
  )
  const made: CachedProgram = { code: text('.mjs'), map: relocated(text('.map'), at), inputs }
  await cache.put(key, made)
  return made
}

/** Sources as they are called in the package: not the way from the output to them on this machine. */
function relocated(map: string, at: Home): string {
  // esbuild's own JSON
  const parsed = JSON.parse(map) as { sources: string[] }
  const sources = parsed.sources.map(
    (source) => `otp-rel/${relative(at.code, join(at.code, source)).split(sep).join('/')}`,
  )
  return JSON.stringify({ ...parsed, sources })
}

const sumOfText = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file).catch(() => 'absent'))
    .digest('hex')

const sameInputs = async (inputs: CachedProgram['inputs']): Promise<boolean> =>
  (await Promise.all(inputs.map(async ([file, sum]) => (await sumOfText(file)) === sum))).every(Boolean)

const exists = (file: string): Promise<boolean> =>
  readFile(file).then(
    () => true,
    () => false,
  )
