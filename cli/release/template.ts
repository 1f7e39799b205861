/**
 * Renders the templates of generated files, the only use of handlebars. A template's path below templates/ is that of
 * the file it makes; templates hold variables, `if` and `each`, whatever is decided is decided before.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Home, home } from './home.js'

/**
 * Renders a template. Nothing is escaped; a variable that the template names and `data` lacks is an error of ours and
 * thrown.
 *
 * @param name path below templates/, without `.hbs`: `bin/start.sh`
 */
export async function renderTemplate(
  name: string,
  data: Readonly<Record<string, unknown>>,
  at: Home = home(),
): Promise<string> {
  const text = await readFile(join(at.root, 'templates', `${name}.hbs`), 'utf8')
  const { default: handlebars } = await import('handlebars')
  return handlebars.compile(text, { noEscape: true, strict: true })(data)
}
