/**
 * The archive of an application, `ebin/APPLICATION.archive`: all its built modules in one text, from which a node
 * starts. One file is read, and compiled by way of one code cache, instead of one for each module.
 *
 *     ({__proto__:null,
 *     "shop/cart":[3,["add","total"],function(){
 *     return {m:META,f:(function*($m,...){...})}
 *     }],
 *     })
 *
 * The number is the line, from 1, on which the module's own text begins; that stands in the archive as it stands in
 * its file, so that stack traces find their lines by the map of that file. The names are the module's exports, sorted,
 * or 0 where it must run with the boot. Each module is a function of its own: one that is never used is not compiled,
 * and one that is replaced and purged leaves no more than its text. A module that makes code of texts is there as a
 * text itself. JSON modules are not in it, and upgrades read the files of the modules.
 *
 * Departure: OTP's archives (.ez) take the place of the files.
 */
import { basename, join } from 'node:path'
import type { CodeCache } from '../code_cache.js'
import { compileModule, isBuiltModule } from './compile.js'
import { applicationOf, type BuiltModule, type ModuleMeta, type Place } from './meta.js'
import { ArchivedScripts, newScript, type ReadMap, type Script } from './stacks.js'

/** Where the archive of an application lies in its folder. */
export const archiveName = (application: string): string => `ebin/${application}.archive`

/** A line break, as V8 counts lines. */
const LINE = /\r\n|[\n\r\u2028\u2029]/g
/** The comment that leads to a module's own map; in the archive it would be taken for the map of it all. */
const MAP_COMMENT = /\n\/\/# sourceMappingURL=[^\n]*\n?$/

/** Code made of texts may import(), which works only from a script that does not come out of a code cache. */
const MAKES_CODE = /\beval\b(?!\s*[\w:'"`])|\b(?:Async)?(?:Generator)?Function\b/

/** A built module as the build has it. */
export interface ModuleText {
  readonly id: string
  readonly code: string
  readonly meta: ModuleMeta
}

/** Whether a module need not run before it is used, as far as its text tells: see `Linker.loadAll`. */
const mayWait = ({ tla, acts, stars, imports }: ModuleMeta): boolean =>
  !tla && !acts && stars.length === 0 && imports.every((one) => !('p' in one))

/** The text of an archive: for the build. @param modules in the order given */
export function archiveText(modules: Iterable<ModuleText>): string {
  let text = '({__proto__:null,\n'
  let line = 2
  for (const { id, code, meta } of modules) {
    const names = mayWait(meta) ? JSON.stringify([...meta.exports].sort()) : 0
    const body = MAKES_CODE.test(code) ? JSON.stringify(code) : `function(){\n${code.replace(MAP_COMMENT, '')}\n}`
    const entry = `${JSON.stringify(id)}:[${line + 1},${names},${body}],\n`
    text += entry
    line += entry.match(LINE)?.length ?? 0
  }
  return `${text}})\n`
}

/** A module out of an archive. */
export interface Archived {
  readonly built: BuiltModule
  readonly script: Script
}

/** The archives of a node's applications. */
export interface Archives {
  /** The names that a module exports, sorted; undefined where it is not in an archive, or must run with the others. */
  names(id: string, place: Place): readonly string[] | undefined
  /** The module; undefined when it is to be read from its file. */
  take(id: string, place: Place, readMap: ReadMap): Archived | undefined
}

type Entry = readonly [line: number, names: readonly string[] | 0, module: string | (() => unknown)]
type Entries = Readonly<Record<string, Entry>>

/**
 * The archives of the applications' folders, each opened with the first of its modules. Drop it after the boot: what
 * is loaded later comes from files.
 */
export function openArchives(cache: CodeCache): Archives {
  const opened = new Map<string, ReturnType<typeof open>>()

  function open(application: string, dir: string) {
    const file = join(dir, archiveName(application))
    try {
      // What the build wrote with archiveText.
      const entries = cache.run(file, basename(dir)) as Entries
      return { entries, scripts: new ArchivedScripts(file) }
    } catch {
      // There is none, or it is broken: the files of the modules say what is wrong.
      return undefined
    }
  }

  function archiveOf(id: string, { dir }: Place) {
    if (!opened.has(dir)) opened.set(dir, open(applicationOf(id), dir))
    return opened.get(dir)
  }

  return {
    names: (id, place) => archiveOf(id, place)?.entries[id]?.[1] || undefined,
    take(id, place, readMap) {
      const archive = archiveOf(id, place)
      const entry = archive?.entries[id]
      if (archive === undefined || entry === undefined) return undefined
      const [line, , module] = entry
      if (typeof module === 'string') {
        const script = newScript(place.file, readMap)
        return { built: compileModule(id, module, place.file, script.name), script }
      }
      const built = module()
      return isBuiltModule(built) ? { built, script: archive.scripts.add(place.file, line, readMap) } : undefined
    },
  }
}
