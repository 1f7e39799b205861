/** The house stands: imports go down only, and only those who may know the outside world do. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('house/imports')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Layers from the top; a layer may import itself and what stands below it. */
const LAYERS = [
  'cli',
  'runtime/test_kit',
  'runtime/sasl',
  'runtime/kernel',
  'runtime/stdlib',
  'runtime/erts',
  'schemas',
]

const layerOf = (file: string): number => LAYERS.findIndex((layer) => file.startsWith(`${layer}/`))

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name}`)
    .sort()
}

/** Specifiers of all imports and exports-from of a file, static and dynamic. */
function imports(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^']+)'/g)].map((match) => match[1] ?? '')
}

const FILES = ['cli', 'runtime', 'schemas'].flatMap(sources)

test('there are files to look at', () => assert.ok(FILES.length > 50))

test('imports go down only', () => {
  const up: string[] = []
  for (const file of FILES) {
    for (const specifier of imports(file)) {
      if (!specifier.startsWith('.')) continue
      const target = relative(ROOT, join(ROOT, dirname(file), specifier))
      if (layerOf(target) < layerOf(file)) up.push(`${file} -> ${specifier}`)
    }
  }
  assert.equal(up, [])
})

/** Packages, and the only files that may import them: the rest could be lifted out without. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  yargs: /^cli\/commands\/command_line\.ts$/,
  handlebars: /^cli\/release\/template(_faults)?\.ts$/,
  esbuild: /^(cli\/release\/|schemas\/generate\.ts$)/,
  'fs-extra': /^cli\/(release\/|commands\/(systools|rehearse)\.ts$)/,
  'magic-string': /^cli\/release\/transform/,
  acorn: /^cli\/(release|appup)\//,
  '@vercel/nft': /^cli\/release\/trace_files\.ts$/,
  'jsonc-parser': /^(schemas\/|cli\/appup\/appup_text\.ts$)/,
  tar: /^(cli\/release\/|runtime\/sasl\/src\/|cli\/appup\/release_content\.ts$)/,
  semver: /^(cli\/release\/|runtime\/sasl\/src\/systools_)/,
}

test('each package has its place', () => {
  const strays: string[] = []
  for (const file of FILES) {
    for (const specifier of imports(file)) {
      const name = specifier.startsWith('@')
        ? specifier.split('/').slice(0, 2).join('/')
        : (specifier.split('/')[0] ?? '')
      const owner = OWNERS[name]
      if (owner !== undefined && !owner.test(file)) strays.push(`${file} -> ${specifier}`)
    }
  }
  assert.equal(strays, [])
})

test('only the clock knows the time', () => {
  const strays = sources('runtime')
    .filter((file) => file !== 'runtime/erts/clock.ts' && file !== 'runtime/erts/scheduler.ts')
    .filter((file) =>
      /\bDate\.now\(|\bperformance\.now\(|\bsetTimeout\(|\bsetInterval\(/.test(
        readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
      ),
    )
  assert.equal(strays, [])
})

test('only the program itself ends the OS process', () => {
  const allowed = /^(cli\/main|cli\/node\/main|runtime\/erts\/(launch|main|init)|schemas\/generate)\.ts$/
  const strays = FILES.filter(
    (file) => !allowed.test(file) && /\bprocess\.exit\(/.test(readFileSync(join(ROOT, file), 'utf8')),
  )
  assert.equal(strays, [])
})

test.run()
