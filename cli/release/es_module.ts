/** TypeScript and JavaScript files -> plain ES modules with source maps: the only use of esbuild's per-file mode. */
import { basename, join, resolve } from 'node:path'
import type { ModuleSource } from './module_source.js'

/** A source map, version 3, as esbuild writes it. */
export interface EsMap {
  readonly version: 3
  readonly sources: string[]
  readonly sourcesContent?: (string | null)[]
  readonly names: string[]
  readonly mappings: string
}

/** One compiled file. */
export interface EsModule {
  readonly code: string
  readonly map: EsMap
}

/** What esbuild says about a place in a file; line and column from 1. */
export interface EsFault {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

/** What became of the files; those with faults are not among the modules. */
export interface EsModules {
  /** By module id. */
  readonly modules: ReadonlyMap<string, EsModule>
  readonly faults: readonly EsFault[]
  readonly warnings: readonly EsFault[]
}

/** Node's versions that releases run on. */
export const TARGET = 'node20.19'

/** Where outputs would be written; nothing is. */
const NOWHERE = resolve('/otp-rel-output')

/** Compiles files in parallel; a file with faults does not keep the others from being compiled. */
export async function toEsModules(sources: readonly ModuleSource[]): Promise<EsModules> {
  const esbuild = await import('esbuild')
  const run = async (files: readonly ModuleSource[]) =>
    esbuild.build({
      entryPoints: files.map(({ file, id }) => ({ in: file, out: id })),
      outdir: NOWHERE,
      write: false,
      bundle: false,
      format: 'esm',
      platform: 'node',
      target: TARGET,
      sourcemap: 'external',
      sourcesContent: true,
      charset: 'utf8',
      logLevel: 'silent',
      absWorkingDir: process.cwd(),
    })
  const asFault = ({ text, location }: import('esbuild').Message): EsFault => ({
    file: location === null ? '' : resolve(location.file),
    line: location?.line ?? 1,
    column: (location?.column ?? 0) + 1,
    text,
  })
  let files = sources
  const faults: EsFault[] = []
  for (;;) {
    if (files.length === 0) return { modules: new Map(), faults, warnings: [] }
    try {
      const { outputFiles, warnings } = await run(files)
      return { modules: pairUp(files, outputFiles), faults, warnings: warnings.map(asFault) }
    } catch (thrown) {
      const errors = failureErrors(thrown).map(asFault)
      const bad = new Set(errors.map(({ file }) => file))
      const good = files.filter(({ file }) => !bad.has(file))
      // an error of no file is not about the sources: the installation is broken
      if (good.length === files.length) throw thrown
      faults.push(...errors)
      files = good
    }
  }
}

function failureErrors(thrown: unknown): readonly import('esbuild').Message[] {
  // a BuildFailure is an Error with a list of messages; anything else is not esbuild's
  if (thrown instanceof Error && 'errors' in thrown) return thrown.errors as import('esbuild').Message[]
  throw thrown
}

function pairUp(
  files: readonly ModuleSource[],
  outputs: readonly import('esbuild').OutputFile[],
): Map<string, EsModule> {
  const texts = new Map(outputs.map(({ path, text }) => [path, text]))
  const modules = new Map<string, EsModule>()
  for (const { id, file } of files) {
    const out = join(NOWHERE, `${id}.js`)
    const [code, map] = [texts.get(out), texts.get(`${out}.map`)]
    if (code === undefined || map === undefined) throw new Error(`esbuild gave no output for ${basename(file)}`)
    // esbuild's own JSON
    modules.set(id, { code, map: JSON.parse(map) as EsMap })
  }
  return modules
}
