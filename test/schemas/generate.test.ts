import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { generate, makeReadonly } from '../../schemas/generate.js'

const test = suite('schemas/generate')

const at = (name: string) => new URL(`../../schemas/${name}`, import.meta.url)

test('the checked-in types and validators are those of the schemas; otherwise "npm run generate"', async () => {
  for (const [name, text] of Object.entries(await generate())) {
    assert.ok(readFileSync(at(name), 'utf8') === text, `schemas/${name} is not what the schemas say`)
  }
})

test('every property of every schema has a description, its own or that of what it refers to', () => {
  const files = readdirSync(at('')).filter((name) => name.endsWith('.schema.json'))
  const parse = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'))
  const resolve = (ref: string, file: string) => {
    const [other, pointer = ''] = ref.split('#')
    return pointer
      .split('/')
      .filter(Boolean)
      .reduce((node, step) => node[step], parse(other === '' ? file : (other ?? file)))
  }
  const bare: string[] = []
  const walk = (node: unknown, file: string, path: string) => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties') {
        for (const [name, property] of Object.entries<{ description?: string; $ref?: string }>(value)) {
          const described = property.description ?? (property.$ref && resolve(property.$ref, file).description)
          if (!described) bare.push(`${file}${path}/${name}`)
        }
      }
      walk(value, file, `${path}/${key}`)
    }
  }
  for (const file of files) walk(parse(file), file, '')
  assert.equal(bare, [])
})

test('lists, tuples and properties become readonly, what is readonly stays', () => {
  const text = 'export interface A {\n  b?: string[]\n  c: (D | E)[]\n  [k: string]: unknown\n  f: readonly g[]\n}'
  const expected =
    'export interface A {\n  readonly b?: readonly string[]\n  readonly c: readonly (D | E)[]\n  readonly [k: string]: unknown\n  readonly f: readonly g[]\n}'
  assert.is(makeReadonly(text), expected)
})

test.run()
