// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mergeConfig, readSysConfig } from '../../../runtime/kernel/src/config.js'
import { formatFault } from '../../../schemas/fault.js'

const test = suite('kernel/config')

/** Reads `/etc/a.json` and what it names from texts. */
function readFrom(files: Record<string, string>, first: readonly string[] = ['/etc/a.json']) {
  return readSysConfig(first, (file) => {
    const text = files[file]
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${file}'`)
    return text
  })
}

// files in order of the command line, text by file, configuration, why
const MERGES = [
  [['/etc/a.json'], { '/etc/a.json': '{"shop":{"x":1}}' }, { shop: { x: 1 } }, 'an object is one section'],
  [
    ['/etc/a.json'],
    { '/etc/a.json': '[{"shop":{"x":1,"y":1}},{"shop":{"x":2},"mail":{}}]' },
    { shop: { x: 2, y: 1 }, mail: {} },
    'sections of a list merge in order, parameter by parameter',
  ],
  [
    ['/etc/a.json'],
    { '/etc/a.json': '[{"shop":{"x":{"a":1}}},{"shop":{"x":{"b":2}}}]' },
    { shop: { x: { b: 2 } } },
    'values are replaced as a whole',
  ],
  [
    ['/etc/a.json'],
    {
      '/etc/a.json': '[{"shop":{"x":1}},"sub/b.json",{"shop":{"z":3}}]',
      '/etc/sub/b.json': '["c.json"]',
      '/etc/sub/c.json': '{"shop":{"x":2,"z":2}}',
    },
    { shop: { x: 2, z: 3 } },
    'a named file stands in place of its name, relative to the file that names it',
  ],
  [
    ['/etc/a.json', '/etc/b.json'],
    { '/etc/a.json': '{"shop":{"x":1,"y":1}}', '/etc/b.json': '{"shop":{"x":2}}' },
    { shop: { x: 2, y: 1 } },
    'of two files on the command line the later wins per parameter',
  ],
  [
    ['/etc/a.json'],
    { '/etc/a.json': '// for people\n{"$schema":"x","shop":{"x":1,},}' },
    { shop: { x: 1 } },
    'comments, trailing commas and $schema are accepted',
  ],
  [[], {}, {}, 'no file is no configuration'],
] as const

for (const [first, files, expected, why] of MERGES) {
  test(why, () => assert.equal(readFrom(files, first), { ok: true, value: expected }))
}

// text by file, the faults as text, why
const FAULTS = [
  [
    {},
    ['/etc/a.json: cannot read config file "/etc/a.json": ENOENT: no such file or directory, open \'/etc/a.json\''],
    'a missing file is an error, not an empty configuration',
  ],
  [
    { '/etc/a.json': '["b.json"]' },
    ['/etc/a.json: cannot read config file "/etc/b.json": ENOENT: no such file or directory, open \'/etc/b.json\''],
    'a missing named file is placed at the file that names it',
  ],
  [
    { '/etc/a.json': '["b.json"]', '/etc/b.json': '["a.json"]' },
    ['/etc/b.json: the config files name each other in a circle: /etc/a.json -> /etc/b.json -> /etc/a.json'],
    'files that name each other are an error',
  ],
] as const

for (const [files, expected, why] of FAULTS) {
  test(why, () => {
    const read = readFrom(files)
    assert.equal(read.ok ? read : read.error.map(formatFault), expected)
  })
}

// a text that is no configuration, what the first fault's place must be
const BROKEN = [
  ['{"shop":{"x":1}', '/etc/a.json:1:'],
  ['', '/etc/a.json:1:1'],
  ['{"shop":17}', '/etc/a.json:1:'],
  ['{"shop":{"x":1},"shop":{"y":1}}', '/etc/a.json:1:17 shop: '],
  ['{"shop":{"x":1,\n"x":2}}', '/etc/a.json:2:1 shop.x: '],
  ['17', '/etc/a.json:1:1'],
] as const

for (const [text, place] of BROKEN) {
  test(`${JSON.stringify(text)} stops with a place`, () => {
    const read = readFrom({ '/etc/a.json': text })
    assert.is(read.ok, false)
    if (!read.ok) assert.ok(formatFault(read.error[0] ?? { tag: '', severity: 'error', message: '' }).startsWith(place))
  })
}

test('all faults of all files are gathered', () => {
  const read = readFrom({ '/etc/a.json': '["b.json","c.json"]', '/etc/b.json': '[', '/etc/c.json': '{"shop":1}' })
  assert.ok(!read.ok && new Set(read.error.map(({ file }) => file)).size === 2)
})

test('variables are put in, also into names of files; those that are not set are told together, each at its place', () => {
  const files = {
    '/etc/a.json': '["/etc/${STAGE:-dev}.json",\n{"shop":{"port":"${PORT|number}","db":"${DB}"}}]',
    '/etc/dev.json': '{"shop":\n{"key":"${KEY}"}}',
  }
  const from = (environment: Record<string, string>) =>
    readSysConfig(['/etc/a.json'], (file) => files[file === '/etc/a.json' ? file : '/etc/dev.json'], environment)
  assert.equal(from({ PORT: '80', DB: 'db:1', KEY: 'k' }), {
    ok: true,
    value: { shop: { key: 'k', port: 80, db: 'db:1' } },
  })
  const missing = from({ PORT: 'x' })
  assert.equal(missing.ok ? [] : missing.error.map(formatFault), [
    '/etc/a.json:2:17 [1].shop.port: environment variable "PORT" must be a number, and is not',
    '/etc/a.json:2:39 [1].shop.db: environment variable "DB" is not set; set it, or give a default: "${DB:-...}"',
    '/etc/dev.json:2:8 shop.key: environment variable "KEY" is not set; set it, or give a default: "${KEY:-...}"',
  ])
})

test('merging leaves its input alone', () => {
  const a = { shop: { x: 1 } }
  assert.equal(mergeConfig(a, { shop: { y: 2 } }), { shop: { x: 1, y: 2 } })
  assert.equal(a, { shop: { x: 1 } })
})

test.run()
