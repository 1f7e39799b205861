#!/usr/bin/env node
/**
 * Builds the npm package: `tsc -p tsconfig.build.json` into dist/, and beside its output what tsc does not make: the
 * app.json and appup.json of the runtime applications, checked-in JavaScript, the executable bit of the command.
 *
 * Nothing is done when nothing changed since the last success (`dist/.stamp`: path, size and time of every input);
 * `--force` builds all the same. The output of a source that is gone is removed: a release takes every module of
 * `dist/runtime/APPLICATION/src`, so a leftover would travel.
 *
 * `npm publish` leaves its mark in the package, `dist/published`: projects made with that copy ask the registry for
 * otp-rel, others carry it along (cli/release/own_package.ts).
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const stampFile = join(dist, '.stamp')

/** The folders that tsconfig.build.json compiles. */
const TREES = ['cli', 'runtime', 'schemas']

/** Inputs beside the trees whose change makes a new build. */
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/build.mjs']

const isTypeScript = (file) => file.endsWith('.ts') && !file.endsWith('.d.ts')

/** Copied as they are. The schemas themselves are published from schemas/, not from dist/. */
const isAsset = (file) => /\.(js|mjs|d\.ts)$/.test(file) || (file.endsWith('.json') && !file.startsWith('schemas/'))

function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
}

function stampOf(files) {
  const hash = createHash('sha256').update(process.version)
  for (const file of files) {
    const { size, mtimeMs } = statSync(join(root, file))
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

function compile() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  // the sources are not in the package, so the maps carry them
  const done = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--inlineSources'], {
    cwd: root,
    stdio: 'inherit',
  })
  return done.status ?? 1
}

function copyAssets(sources) {
  for (const file of sources.filter(isAsset)) {
    mkdirSync(dirname(join(dist, file)), { recursive: true })
    copyFileSync(join(root, file), join(dist, file))
  }
}

function removeLeftovers(sources) {
  const wanted = new Set(sources.filter(isAsset))
  for (const file of sources.filter(isTypeScript)) {
    const stem = file.slice(0, -3)
    for (const ending of ['.js', '.js.map', '.d.ts']) wanted.add(stem + ending)
  }
  for (const file of TREES.flatMap((tree) => filesBelow(`dist/${tree}`))) {
    if (!wanted.has(file.slice('dist/'.length))) rmSync(join(root, file))
  }
}

function makeExecutable(file) {
  if (existsSync(file)) chmodSync(file, 0o755)
}

function markPublished() {
  const mark = join(dist, 'published')
  const { npm_command, npm_config_dry_run } = process.env
  if (npm_command === 'publish' && npm_config_dry_run !== 'true') writeFileSync(mark, '')
  else rmSync(mark, { force: true })
}

function main() {
  const sources = TREES.flatMap(filesBelow)
  const stamp = stampOf([...sources, ...SETTINGS])
  const last = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : ''
  if (last === stamp && !process.argv.includes('--force')) {
    markPublished()
    return 0
  }

  rmSync(stampFile, { force: true })
  const status = compile()
  copyAssets(sources)
  removeLeftovers(sources)
  makeExecutable(join(dist, 'cli/main.js'))
  markPublished()
  if (status === 0) writeFileSync(stampFile, stamp)
  return status
}

process.exitCode = main()
