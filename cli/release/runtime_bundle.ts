/**
 * The programs of a release that are not built modules: the runtime underneath (`erts.js`: runtime/erts and schemas,
 * what OTP's emulator and its preloaded modules are), what starts it (`erts.cjs`), and the commands that run beside a
 * node (`nodetool.mjs`). Each is one file.
 *
 * `erts.js` is a script that evaluates to a function, for V8's code cache, see runtime/erts/launch.ts. It exposes each
 * of its modules to the linker under its id (`erts/process`); the same set for every release, since all releases with
 * the same kernel share the file.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Plugin } from 'esbuild'
import { type Cache, cacheKey, noCache } from './cache.js'
import { TARGET } from './es_module.js'
import { type Home, home } from './home.js'
import type { PreloadedTree } from './module_import.js'
import { moduleNameOf } from './module_source.js'

/** A program and its source map. */
export interface Program {
  /** Its name in `lib/kernel-VSN/priv`. */
  readonly file: string
  readonly code: string
  /** Source map as JSON. */
  readonly map: string
}

/** What a bundle gives. */
export interface RuntimeBundle {
  /** `erts.cjs`, `erts.js`; `nodetool.mjs` unless this otp-rel has no cli/node. */
  readonly programs: readonly Program[]
  /** Ids of the modules in erts.js, sorted: the boot script's `preLoaded`. */
  readonly preloaded: readonly string[]
}

/** Settings of a bundle. */
export interface BundleOptions {
  /** Default: one that forgets. */
  readonly cache?: Cache
  /** Default: found. */
  readonly home?: Home
}

/** What makes modules of schemas/, and what only starts the others. */
const NOT_EXPOSED = new Set(['schemas/generate', 'erts/launch', 'erts/main'])

/** Makes both programs, or takes them from the cache. */
export async function bundleRuntime(options: BundleOptions = {}): Promise<RuntimeBundle> {
  const { cache = noCache, home: at = home() } = options
  const modules = await preloadedModules(at)
  const preloaded = modules.map(([id]) => id)
  const main = (...path: string[]) => join(at.code, ...path, `main${at.ending}`)
  const importing = (file: string) => `import ${JSON.stringify(specifier(file, at))}\n`
  const nodetool = main('cli', 'node')
  const programs = await Promise.all([
    bundle('erts.cjs', importing(join(at.code, 'runtime', 'erts', `launch${at.ending}`)), at, cache),
    bundle('erts.js', JSON.stringify(modules), at, cache, () => entryText(modules, main('runtime', 'erts'), at)),
    ...(existsSync(nodetool) ? [bundle('nodetool.mjs', importing(nodetool), at, cache)] : []),
  ])
  return { programs, preloaded }
}

/** Ids and files of the modules that erts.js exposes, by id. */
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
      if (!NOT_EXPOSED.has(name)) found.push([name, join(dir, file)])
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
 * The entry of `erts.js`: what the launcher calls, and the modules to expose. Each is written out name by name, and made
 * when it is asked for: the namespace objects of a bundler cost a start more than all they hold.
 */
async function entryText(
  modules: readonly (readonly [id: string, file: string])[],
  main: string,
  at: Home,
): Promise<string> {
  const names = await exportedNames(
    modules.map(([, file]) => file),
    at,
  )
  const exposed = modules.map(([id, file], index) => {
    const members = (names.get(file) ?? []).map((name) => `${name}: m${index}.${name}`)
    return `  get ${JSON.stringify(id)}() { return { ${members.join(', ')} } },`
  })
  return [
    `export { main } from ${JSON.stringify(specifier(main, at))}`,
    ...modules.map(([, file], index) => `import * as m${index} from ${JSON.stringify(specifier(file, at))}`),
    `export const preloaded = {`,
    ...exposed,
    `}`,
    '',
  ].join('\n')
}

/** A file in an entry: the entry is in the source map, and the machine's folders are nobody's business there. */
const specifier = (file: string, at: Home): string => `./${relative(at.code, file).split(sep).join('/')}`

/** The names that each file exports, sorted. */
async function exportedNames(files: readonly string[], at: Home): Promise<ReadonlyMap<string, readonly string[]>> {
  const esbuild = await import('esbuild')
  const { metafile } = await esbuild.build({
    entryPoints: [...files],
    outdir: at.code,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: at.code,
  })
  return new Map(
    Object.values(metafile.outputs).flatMap(({ entryPoint, exports }) =>
      entryPoint === undefined ? [] : [[join(at.code, entryPoint), [...exports].sort()] as const],
    ),
  )
}

/** What stands around a program: CommonJS packages in an ES module ask for builtins; `erts.js` is a function. */
const AROUND: Readonly<Record<string, { readonly banner: string; readonly footer: string }>> = {
  'erts.js': {
    banner: '(function (require) { "use strict"; const module = {};',
    footer: 'return module.exports })',
  },
  'nodetool.mjs': {
    banner: `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
    footer: '',
  },
}

/** Part of every key: raise it when the settings below change. */
const SETTINGS = '5'

interface CachedProgram extends Program {
  /** Every file that went into it, with its sum. */
  readonly inputs: readonly (readonly [file: string, sha256: string])[]
}

/** @param text the entry where it is not `entry`, which stands for it in the cache's key */
async function bundle(
  file: string,
  entry: string,
  at: Home,
  cache: Cache,
  text: () => Promise<string> = async () => entry,
): Promise<Program> {
  const key = cacheKey('program', SETTINGS, file, TARGET, at.code, JSON.stringify(AROUND[file] ?? {}), entry)
  const last = await cache.get<CachedProgram>(key)
  if (last !== undefined && sameInputs(last.inputs)) return last

  const esbuild = await import('esbuild')
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: await text(), resolveDir: at.code, sourcefile: file },
    outfile: join(at.code, file),
    write: false,
    bundle: true,
    format: file.endsWith('.mjs') ? 'esm' : 'cjs',
    platform: 'node',
    // what is too old for the rest must get as far as to say so
    target: file === 'erts.cjs' ? 'node18.20' : TARGET,
    // identifiers stay, for stack traces and process listings; what goes is what V8 would only skip
    minifyWhitespace: false,
    // jsonc-parser's "main" is UMD, which no bundler can follow
    mainFields: ['module', 'main'],
    plugins: [onlyWhatIsUsed],
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: true,
    metafile: true,
    charset: 'utf8',
    logLevel: 'silent',
    absWorkingDir: at.code,
    banner: { js: AROUND[file]?.banner ?? '' },
    footer: { js: AROUND[file]?.footer ?? '' },
  })
  const output = (ending: string) => outputFiles.find(({ path }) => path === join(at.code, file) + ending)?.text ?? ''
  const inputs = Object.keys(metafile.inputs)
    .filter((input) => input !== file)
    .sort()
    .map((input) => [join(at.code, input), sumOfText(join(at.code, input))] as const)
  const named = new Map(Object.keys(metafile.inputs).map((input) => [input, nameOf(input, at)]))
  // esbuild writes each file's path above its code, and in front of what is loaded later
  const code = output('').replaceAll(/^(\s*(?:\/\/ |"))([^"\s]+)(?=$|"\()/gm, (line, before: string, input: string) => {
    const name = named.get(input)
    return name === undefined ? line : before + name
  })
  const made: CachedProgram = { file, code, map: relocated(output('.map'), at), inputs }
  await cache.put(key, made)
  return made
}

/** Packages whose modules have no effects of their own, though they do not say so. */
const PURE = /[\\/]jsonc-parser[\\/]/

/** Leaves modules of these packages out from which nothing is imported: jsonc-parser's formatter is half of it. */
const onlyWhatIsUsed: Plugin = {
  name: 'only-what-is-used',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === onlyWhatIsUsed || !(path === 'jsonc-parser' || PURE.test(from.importer))) return undefined
      const { kind, importer, namespace, resolveDir } = from
      const found = await resolve(path, { kind, importer, namespace, resolveDir, pluginData: onlyWhatIsUsed })
      return { ...found, sideEffects: false }
    })
  },
}

/**
 * A file as it is called in a release: a path in otp-rel's code, or in an npm package, wherever that is installed.
 *
 * @param input from `at.code`, as esbuild names it
 */
function nameOf(input: string, at: Home): string {
  const file = join(at.code, input)
  // the source of a compiled file lies beside it only as its map has it
  const inside = [at.code, at.root].map((dir) => relative(dir, file)).find((path) => !path.startsWith('..'))
  const name = inside ?? file.slice(file.lastIndexOf(`${sep}node_modules${sep}`) + 1)
  return name.split(sep).join('/')
}

/** Sources as they are called in the release: not the way from the output to them on this machine. */
function relocated(map: string, at: Home): string {
  // esbuild's own JSON
  const parsed = JSON.parse(map) as { sources: string[] }
  return JSON.stringify({ ...parsed, sources: parsed.sources.map((source) => `otp-rel/${nameOf(source, at)}`) })
}

/** Of many small files, so synchronously, which takes Node a fifth of the time. */
function sumOfText(file: string): string {
  const hash = createHash('sha256')
  try {
    return hash.update(readFileSync(file)).digest('hex')
  } catch {
    return 'absent'
  }
}

const sameInputs = (inputs: CachedProgram['inputs']): boolean => inputs.every(([file, sum]) => sumOfText(file) === sum)
