/**
 * `otp.config.ts` and `otp.config.mjs`: configuration that is computed. The default export is what `otp.config.json`
 * would hold, or a function that gives it.
 *
 * The module and what it imports from the project become one file beside it, which Node imports and which is removed
 * again, so that TypeScript works on any Node and a change is always seen; packages are imported as they are. Its value
 * is checked as a file's text would be; faults have a path and no line.
 */
import { rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { env } from 'node:process'
import { pathToFileURL } from 'node:url'
import type { Message, Plugin } from 'esbuild'
import type { Fault } from '../../schemas/fault.js'
import { check } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { OtpConfig } from '../../schemas/types.js'
import type { ConfigContext } from './define_config.js'
import { TARGET } from './es_module.js'
import { home } from './home.js'

/** What a module gives. */
export interface ModuleConfig {
  readonly written: OtpConfig
  /** By a function, which may know more profiles than it writes. */
  readonly computed: boolean
}

/**
 * The configuration that a module gives.
 *
 * @param file    absolute
 * @param options what a function is told of the profiles
 * @returns the configuration, or why it gives none, and every fault of what it gives
 */
export async function configFromModule(
  file: string,
  { profile = '' }: { readonly profile?: string | undefined },
): Promise<Result<ModuleConfig, Fault[]>> {
  const code = await bundled(file)
  if (!code.ok) return code
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}-${count++}.mjs`)
  const profiles = profile.split(',').filter((name) => name !== '')
  const context: ConfigContext = { profile: profiles.at(-1), profiles, env, root: dirname(file) }
  try {
    await writeFile(beside, code.value)
    const { default: given }: { readonly default?: unknown } = await import(pathToFileURL(beside).href)
    if (given === undefined) return refused(file, 'has no default export; export default { releases: [...] }')
    const value: unknown = typeof given === 'function' ? await given(context) : given
    const checked = check('otp.config', plain(value), file)
    return checked.ok ? ok({ written: checked.value, computed: typeof given === 'function' }) : checked
  } catch (thrown) {
    return refused(file, thrown instanceof Error ? `fails: ${thrown.message}` : `fails: ${String(thrown)}`, thrown)
  } finally {
    await rm(beside, { force: true })
  }
}

let count = 0

const refused = (file: string, message: string, cause?: unknown): Result<never, Fault[]> =>
  err([{ tag: 'bad_config_module', severity: 'error', message, file, ...(cause === undefined ? {} : { cause }) }])

/** Only plain data is configuration: what JSON cannot say is refused by the check, or left out as `undefined` is. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

/** The module and what it imports from the project, as one ES module. */
async function bundled(file: string): Promise<Result<string, Fault[]>> {
  const { build } = await import('esbuild')
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: TARGET,
      packages: 'external',
      // the file moves to a name beside the module; its place stays the module's
      define: {
        'import.meta.url': JSON.stringify(pathToFileURL(file).href),
        'import.meta.dirname': JSON.stringify(dirname(file)),
      },
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: [ownModule],
    })
    return { ok: true, value: outputFiles[0]?.text ?? '' }
  } catch (thrown) {
    // esbuild's own error carries its messages
    const { errors } = thrown as { readonly errors?: readonly Message[] }
    if (errors === undefined) throw thrown
    return err(errors.map((error) => syntaxFault(error, file)))
  }
}

function syntaxFault({ text, location }: Message, file: string): Fault {
  const place =
    location === null
      ? { file }
      : { file: join(dirname(file), location.file), line: location.line, column: location.column + 1 }
  return { tag: 'syntax_error', severity: 'error', message: text, ...place }
}

/** `otp-rel/config` is this otp-rel's, whatever the project has installed. */
const ownModule: Plugin = {
  name: 'otp-rel/config',
  setup({ onResolve }) {
    const { code, ending } = home()
    onResolve({ filter: /^otp-rel\/config$/ }, () => ({ path: join(code, 'cli', 'release', `define_config${ending}`) }))
  },
}
