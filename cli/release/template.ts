/**
 * Renders the templates of generated files, the only use of handlebars. A template's path below templates/ is that of
 * the file it makes; templates hold variables, `if` and `each`, whatever is decided is decided before.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Cache, cacheKey, noCache } from './cache.js'
import { type Home, home } from './home.js'
import type { TemplateFault } from './template_faults.js'

/** Renders a text of the project. Nothing is escaped. @returns the text; or everything that is wrong with it */
export async function renderText(
  text: string,
  data: Readonly<Record<string, unknown>>,
): Promise<Result<string, readonly TemplateFault[]>> {
  const { default: handlebars } = await import('handlebars')
  try {
    return ok(handlebars.compile(text, { noEscape: true, strict: true })(data))
  } catch {
    return err((await import('./template_faults.js')).templateFaults(text, data))
  }
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
