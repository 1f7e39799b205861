/** Links between documents lead somewhere: to a file of the repository, and to a heading in it. */
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { anchorsOf, DOCUMENTS, proseOf, ROOT } from './documents.js'

const test = suite('docs/links')

interface Link {
  readonly document: string
  readonly target: string
}

const links: readonly Link[] = DOCUMENTS.flatMap((document) =>
  [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ document, target })),
).filter(({ target }) => !/^[a-z]+:/.test(target))

/** Why a link leads nowhere; undefined: it does lead somewhere. */
function fault({ document, target }: Link): string | undefined {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document : normalize(join(dirname(document), path))
  if (!existsSync(join(ROOT, file))) return `${document} -> ${target}: no such file`
  if (anchor === undefined || !DOCUMENTS.includes(file)) return undefined
  return anchorsOf(file).has(anchor) ? undefined : `${document} -> ${target}: no such heading`
}

test('every link between documents resolves', () => {
  assert.ok(links.length > 20)
  assert.equal(links.map(fault).filter(Boolean), [])
})

test('every document can be reached from the README', () => {
  const reached = new Set<string>()
  const visit = (document: string): void => {
    if (reached.has(document) || !DOCUMENTS.includes(document)) return
    reached.add(document)
    for (const { target } of links.filter((link) => link.document === document)) {
      visit(normalize(join(dirname(document), target.replace(/#.*/, ''))))
    }
  }
  visit('README.md')
  assert.equal(
    DOCUMENTS.filter((document) => !reached.has(document)),
    [],
  )
})

test('the index has a line for every guide', () => {
  const guides = DOCUMENTS.filter((document) => document.startsWith('docs/') && document !== 'docs/README.md')
  const listed = [...proseOf('docs/README.md').matchAll(/^- \[.+?\]\((.+?)\): \S/gm)].map(([, target = '']) => target)
  assert.equal(
    guides.filter((guide) => listed.filter((target) => `docs/${target}` === guide).length !== 1),
    [],
  )
})

test('no document names a place of one machine', () => {
  const found = DOCUMENTS.filter((document) => /\/tmp\/|\/root\/|\/work\//.test(proseOf(document)))
  assert.equal(found, [])
})

test.run()
