/** Why modules cannot be compiled, what is suspicious in those that can, and the words for both. */
import { relative } from 'node:path'
import { type Fault, formatFault } from '../../schemas/fault.js'
import { type BehaviourWarning, formatBehaviourWarning } from './behaviour_check.js'
import { formatImportFault, type ImportFault } from './module_import.js'
import { type SourceFault, sourceFault } from './module_source.js'
import type { SourcePlace } from './place_in_text.js'
import type { TopLevelAwait, UndefinedExport } from './xref.js'

/** Why modules cannot be compiled. */
export type CompileFault =
  | SourceFault
  /** The file is not TypeScript or JavaScript, or has what cannot be replaced in a running node. */
  | (SourcePlace & { readonly tag: 'syntax_error'; readonly text: string })
  /** A specifier leads nowhere. */
  | (SourcePlace & { readonly tag: 'bad_import'; readonly fault: ImportFault })

/** What compiles, and is probably wrong. */
export type CompileWarning =
  | UndefinedExport
  | TopLevelAwait
  /** A callback module is not what its behaviour wants. */
  | BehaviourWarning
  /** What esbuild warns about. */
  | (SourcePlace & { readonly tag: 'suspicious'; readonly text: string })

/** The faults in order of file, line and column; those of no line first. */
export const sortFaults = (faults: readonly CompileFault[]): CompileFault[] => {
  const place = (fault: CompileFault) =>
    'line' in fault ? ([fault.file, fault.line, fault.column] as const) : (['', 0, 0] as const)
  return [...faults].sort((a, b) => {
    const [[fileA, lineA, columnA], [fileB, lineB, columnB]] = [place(a), place(b)]
    return fileA < fileB ? -1 : fileA > fileB ? 1 : lineA - lineB || columnA - columnB
  })
}

/** The fault with its place and words; `show` says how files are called in them. */
export function compileFault(fault: CompileFault, show: (file: string) => string = relativeToHere): Fault {
  switch (fault.tag) {
    case 'syntax_error':
      return { ...fault, severity: 'error', message: fault.text }
    case 'bad_import': {
      const { fault: reason, ...place } = fault
      return { ...reason, ...place, tag: reason.tag, severity: 'error', message: formatImportFault(reason, show) }
    }
    case 'module_not_found':
    case 'duplicate_modules':
    case 'file_claimed_twice':
      return sourceFault(fault, show)
  }
}

/** The warning with its place and words. */
export function compileWarning(warning: CompileWarning): Fault {
  switch (warning.tag) {
    case 'undefined_export': {
      const message = `"${warning.module}" does not export "${warning.name}"; its use would fail at run time`
      return { ...warning, severity: 'warning', message }
    }
    case 'top_level_await':
      return {
        ...warning,
        severity: 'warning',
        message: 'awaits at top level; while it is upgraded, other processes run between the steps',
      }
    case 'behaviour': {
      const { fault, ...place } = warning
      return { ...fault, ...place, tag: fault.tag, severity: 'warning', message: formatBehaviourWarning(warning) }
    }
    case 'undeclared_callback':
      return { ...warning, severity: 'warning', message: formatBehaviourWarning(warning) }
    case 'suspicious':
      return { ...warning, severity: 'warning', message: warning.text }
  }
}

/** The fault as one sentence, place first. */
export const formatCompileFault = (fault: CompileFault): string => formatFault(compileFault(fault))

const relativeToHere = (file: string): string => relative(process.cwd(), file) || file
