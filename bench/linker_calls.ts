/**
 * A call through a facade against a native import, before and after upgrades, as ratios of time.
 *
 *     node --import tsx bench/linker_calls.ts
 *
 * "tight" is a function small enough to be inlined, "big" one that is not, "after" a call site
 * that was hot before the upgrade. Targets: big at most 1.05 before, 1.3 after.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from '../cli/release/transform.js'
import { Linker } from '../runtime/erts/linker/linker.js'
import { placeIn } from '../runtime/erts/linker/meta.js'

const SLICES = 400
const CALLS = 100_000

/** Exports called by the loops, alike in all versions; the big one is above V8's limit for inlining. */
const SERVER = (version: number) => `
export const version = ${version}
export function tight(s) { return (s + 1) | 0 }
export function big(s) {
  let a = s | 0
  ${Array.from({ length: 60 }, (_, i) => `if (a === ${-1 - i}) a = (a ^ ${i}) | 0`).join('\n  ')}
  return (a + 1) | 0
}`
const CLIENT = `
import { tight, big } from './server.js'
export function runTight(n) { let s = 0; for (let i = 0; i < n; i++) s = tight(s); return s }
export function runBig(n) { let s = 0; for (let i = 0; i < n; i++) s = big(s); return s }`

const root = mkdtempSync(join(tmpdir(), 'linker-calls-'))
function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}
const built = (text: string) => transform(text, { filename: 'm.ts', resolve: () => ({ m: 'app/server' }) }).code
const dirOf = (version: number) => join(root, `app-${version}`)

write(join(root, 'native', 'server.js'), SERVER(1))
write(join(root, 'native', 'package.json'), '{"type":"module"}')
// Written just above, so its shape is known.
const native = (await import(pathToFileURL(write(join(root, 'native', 'client.js'), CLIENT)).href)) as Loops
const linker = new Linker({ fileOf: (id) => placeIn(dirOf(1), id) })
write(placeIn(dirOf(1), 'app/server').file, built(SERVER(1)))
write(placeIn(dirOf(1), 'app/client').file, built(CLIENT))
await linker.load(['app/client'])
const own = linker.facade('app/client') as unknown as Loops

interface Loops {
  runTight(n: number): number
  runBig(n: number): number
}

/** Nanoseconds per call, the best of many slices. */
function best(loop: (n: number) => number): number {
  let least = Number.POSITIVE_INFINITY
  for (let slice = 0; slice < SLICES; slice++) {
    const start = process.hrtime.bigint()
    loop(CALLS)
    least = Math.min(least, Number(process.hrtime.bigint() - start) / CALLS)
  }
  return least
}

async function upgrade(version: number): Promise<void> {
  write(placeIn(dirOf(version), 'app/server').file, built(SERVER(version)))
  const prepared = await linker.prepare([{ id: 'app/server', dir: dirOf(version) }])
  linker.purge('app/server')
  linker.swap(prepared, 'app/server')
}

const base = { tight: best(native.runTight), big: best(native.runBig) }
const ratio = (now: number, then: number) => `${now.toFixed(2)} ns, ${(now / then).toFixed(2)} of native`
console.log(`native       tight ${base.tight.toFixed(2)} ns   big ${base.big.toFixed(2)} ns`)
let version = 1
const bigs: number[] = []
for (const upgrades of [0, 1, 3, 20]) {
  while (version <= upgrades) await upgrade(++version)
  const [tight, big] = [best(own.runTight), best(own.runBig)]
  bigs.push(big)
  console.log(
    `upgrades ${String(upgrades).padStart(2)}  tight ${ratio(tight, base.tight)}   big ${ratio(big, base.big)}`,
  )
}
console.log(JSON.stringify({ native: base.big, before: bigs[0], after: Math.max(...bigs.slice(1)) }))
rmSync(root, { recursive: true, force: true })
