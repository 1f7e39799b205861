/**
 * Memory over 1000 loads and purges of a 200 KB module: the heap must stay flat and
 * every version must be finalised: budgets `loads_heap` and `loads_finalised`.
 *
 *     node --expose-gc --import tsx bench/linker_memory.ts
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { transform } from '../cli/release/transform.js'
import { Linker } from '../runtime/erts/linker/linker.js'
import { placeIn } from '../runtime/erts/linker/meta.js'

const LOADS = 1000
const STEP = 200
const FUNCTIONS = 400
const ID = 'app/big'

const collect = globalThis.gc
if (collect === undefined) throw new Error('run with --expose-gc')

/** About 200 KB: 400 functions of half a kilobyte, and one that runs them all. */
function source(seed: number): string {
  const parts = ['export const state = new Map()']
  for (let i = 0; i < FUNCTIONS; i++) {
    const lines = Array.from({ length: 10 }, (_, k) => `  total = (total * ${k + 3} + n + ${i + k + seed}) % 1000003`)
    parts.push(`export function f${i}(n) {\n  let total = ${i}\n${lines.join('\n')}\n  return total\n}`)
  }
  const calls = Array.from({ length: FUNCTIONS }, (_, i) => `f${i}(n)`)
  parts.push(`export function all(n) { return ${calls.join(' + ')} }`)
  return parts.join('\n')
}

const root = mkdtempSync(join(tmpdir(), 'linker-memory-'))
const dirs = [1, 2].map((version) => join(root, `app-${version}`))
let bytes = 0
for (const [index, dir] of dirs.entries()) {
  const { file } = placeIn(dir, ID)
  const { code } = transform(source(index), { filename: 'big.ts', resolve: (p) => ({ p }) })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, code)
  bytes = code.length
}

let finalised = 0
const linker = new Linker({ fileOf: (id) => placeIn(dirs[0] ?? '', id), onFinalised: () => finalised++ })

/** Swaps the module once, runs all of it and purges what was before. */
async function cycle(count: number): Promise<void> {
  const dir = dirs[count % 2]
  if (dir === undefined) return
  linker.swap(await linker.prepare([{ id: ID, dir }]), ID)
  const all = linker.facade(ID)?.all
  if (typeof all !== 'function' || typeof all(count) !== 'number') throw new Error('the module does not run')
  linker.purge(ID)
}

async function heapMb(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await setImmediate()
    collect?.()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

await linker.load([ID])
for (let count = 1; count <= 20; count++) await cycle(count) // the linker's own code gets compiled
const start = await heapMb()
const before = finalised
console.log(`module of ${(bytes / 1024).toFixed(0)} KB, heap at 0: ${start.toFixed(2)} MB`)
let worst = 0
for (let count = 1; count <= LOADS; count++) {
  await cycle(count + 20)
  if (count % STEP !== 0) continue
  const now = await heapMb()
  worst = Math.max(worst, now - start)
  console.log(`heap at ${count}: ${now.toFixed(2)} MB, ${finalised - before} versions finalised`)
}
rmSync(root, { recursive: true, force: true })
console.log(JSON.stringify({ start_mb: start, grown_mb: worst, finalised: finalised - before, loads: LOADS }))
