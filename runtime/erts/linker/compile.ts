/**
 * Text of a built module -> its metadata and wrapper, outside V8's compilation cache, so that purged code is freed by
 * the next collection.
 *
 * OTP: erlang:prepare_loading/2.
 */
import { readFileSync } from 'node:fs'
import { compileFunction, constants } from 'node:vm'
import type { BuiltModule, Namespace, Wrapper } from './meta.js'
import { PrepareError } from './prepare_error.js'

/** Compiles a function body; `scriptName` is what stack traces, debugger and coverage call it. */
export function compileBody(text: string, scriptName: string): () => unknown {
  const compiled: unknown = uncached(() =>
    compileFunction(text, [], {
      filename: scriptName,
      // Only for import() inside eval and new Function; the module's own are rewritten.
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }),
  )
  // The declared type is the untyped Function; a function body without parameters is this.
  return compiled as () => unknown
}

/**
 * Calls `compile` outside V8's compilation cache, which would keep every purged version (three to four times its
 * source) until the heap is nearly full.
 */
function uncached<T>(compile: () => T): T {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8') // no start needs it
  setFlagsFromString('--no-compilation-cache')
  try {
    return compile()
  } finally {
    setFlagsFromString('--compilation-cache')
  }
}

/** A built module from its text. Throws a {@link PrepareError} that names module and line. */
export function compileModule(id: string, text: string, file: string, scriptName = file): BuiltModule {
  let body: () => unknown
  try {
    body = compileBody(text, scriptName)
  } catch (cause) {
    throw new PrepareError([syntaxError(id, file, cause)])
  }
  const built = body()
  if (!isBuiltModule(built)) throw new PrepareError([{ tag: 'not_a_built_module', module: id, file }])
  return built
}

/** A JSON module: one export, `default`. */
export function compileJson(id: string, text: string, file: string): BuiltModule {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new PrepareError([syntaxError(id, file, cause)])
  }
  const f: Wrapper = function* () {
    yield {
      get default() {
        return value
      },
    }
    return { default: value }
  }
  return { m: { imports: [], stars: [], exports: ['default'], tla: false }, f }
}

/** Reads and compiles the module `id`, JSON by the ending of its file. */
export function readModule(id: string, file: string, scriptName = file): BuiltModule {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
    throw new PrepareError([
      missing ? { tag: 'module_not_found', module: id, file } : { tag: 'unreadable', module: id, file, cause },
    ])
  }
  return file.endsWith('.json') ? compileJson(id, text, file) : compileModule(id, text, file, scriptName)
}

/** V8 tells the line only in the first line of the stack, as `FILE:LINE`. */
function syntaxError(module: string, file: string, cause: unknown) {
  const text = cause instanceof Error ? cause.message : String(cause)
  const found = cause instanceof Error ? /^.*:(\d+)\n/.exec(cause.stack ?? '') : null
  const line = found ? { line: Number(found[1]) } : {}
  return { tag: 'syntax_error', module, file, ...line, text, cause } as const
}

/** Whether a text evaluated to a built module. */
export function isBuiltModule(value: unknown): value is BuiltModule {
  if (typeof value !== 'object' || value === null || !('m' in value) || !('f' in value)) return false
  const meta = value.m
  return typeof value.f === 'function' && typeof meta === 'object' && meta !== null && 'imports' in meta
}

/** A namespace as the linker keeps it: without prototype and frozen, as a real one looks. */
export function sealNamespace(final: Namespace): Namespace {
  return Object.freeze(Object.setPrototypeOf(final, null))
}
