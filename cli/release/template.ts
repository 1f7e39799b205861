/**
 * Renders the templates of generated files, the only use of handlebars. A template's path below templates/ is that of
 * the file it makes; templates hold variables, `if` and `each`, whatever is decided is decided before.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { didYouMean } from '../../schemas/nearest.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Cache, cacheKey, noCache } from './cache.js'
import { type Home, home } from './home.js'

/**
 * Renders a text of the project. Nothing is escaped.
 *
 * @returns the text; or why not, with its place as far as handlebars tells it: a variable that is not there, bad syntax
 */
export async function renderText(
  text: string,
  data: Readonly<Record<string, unknown>>,
): Promise<Result<string, { readonly message: string; readonly line?: number; readonly column?: number }>> {
  const { default: handlebars } = await import('handlebars')
  try {
    return ok(handlebars.compile(text, { noEscape: true, strict: true })(data))
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown)
    const [, name, line, column] = /^"(.*)" not defined in .* - (\d+):(\d+)$/s.exec(said) ?? []
    if (name !== undefined) {
      const rest = text.split('\n')[Number(line) - 1]?.slice(Number(column)) ?? ''
      const [whole = name] = /^[^\s}]+/.exec(rest) ?? []
      const message = `there is no variable "${whole}"${didYouMean(whole, namesIn(data))}`
      return err({ message, line: Number(line), column: Number(column) + 1 })
    }
    const [, inside] = /^Cannot read properties of undefined \(reading '(.*)'\)$/.exec(said) ?? []
    if (inside !== undefined) return err({ message: `there is no variable with "${inside}" in it` })
    const [, at] = /^Parse error on line (\d+):/.exec(said) ?? []
    const message = said.split('\n').at(-1) ?? said
    return err({ message: `is no template: ${message}`, ...(at === undefined ? {} : { line: Number(at) }) })
  }
}

/** `release`, `release.name` and so on: what a template can name. */
function namesIn(data: object): string[] {
  return Object.entries(data).flatMap(([name, value]: [string, unknown]) =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? [name]
      : [name, ...namesIn(value).map((inside) => `${name}.${inside}`)],
  )
}

/** Settings of a rendering. */
export interface TemplateOptions {
  /** Where the templates are. Default: found. */
  readonly home?: Home
  /** Remembers what was rendered: handlebars takes a tenth of a build. Default: one that forgets. */
  readonly cache?: Cache
}

/**
 * Renders a template. Nothing is escaped; a variable that the template names and `data` lacks is an error of ours and
 * thrown.
 *
 * @param name path below templates/, without `.hbs`: `bin/start.sh`
 */
export async function renderTemplate(
  name: string,
  data: Readonly<Record<string, unknown>>,
  { home: at = home(), cache = noCache }: TemplateOptions = {},
): Promise<string> {
  const text = await readFile(join(at.root, 'templates', `${name}.hbs`), 'utf8')
  const key = cacheKey('template', text, JSON.stringify(data))
  const last = await cache.get<string>(key)
  if (last !== undefined) return last
  const { default: handlebars } = await import('handlebars')
  const made = handlebars.compile(text, { noEscape: true, strict: true })(data)
  await cache.put(key, made)
  return made
}
