/** Prints, as JSON, which facades V8 holds in fast mode after each kind of change. Needs --allow-natives-syntax. */
import { World } from '../world.js'

// The syntax exists only under the flag, so the compiler must not see it.
const isFast = new Function('o', 'return %HasFastProperties(o)') as (o: object) => boolean

const world = new World()
const out: Record<string, boolean> = {}
const note = (when: string, ids: readonly string[]) => {
  for (const id of ids) out[`${when}: ${id}`] = isFast(world.facade(id))
}
const many = (n: number, from = 0) =>
  Array.from({ length: 900 }, (_, i) => `export const f${i + from} = () => ${n}`).join('\n')

const ids = ['a/few', 'a/many', 'a/top', 'a/live']
await world.start({
  'a/few': 'export const f = () => 1, g = () => 1',
  'a/many': many(1),
  'a/top': `export * from './few.js'\nexport * from './many.js'`,
  'a/live': 'export let n = 1; export const inc = () => ++n',
})
note('first load', ids)
await world.upgrade(2, {
  'a/few': 'export const f = () => 2, g = () => 2',
  'a/many': many(2),
  'a/live': 'export let n = 2; export const inc = () => ++n',
})
note('same names', ids)
await world.upgrade(3, { 'a/few': 'export const f = () => 3, g = () => 3, h = 3', 'a/many': many(3, 1) })
note('names added', ids)
await world.upgrade(4, { 'a/few': 'export const f = () => 4', 'a/live': 'export const n = 4, inc = () => 4' })
note('names removed, live to constant', ids)
await world.upgrade(5, { 'a/few': 'export let f = () => 5; export const set = () => { f = () => 6 }' })
note('constant to live', ids)
for (let version = 6; version < 30; version++)
  await world.upgrade(version, { 'a/few': `export const f = () => ${version}, v${version} = 1` })
note('names changed many times', ids)
world.linker.registerPreloaded('erts/x', () => ({ a: 1, b: () => 2 }))
note('preloaded', ['erts/x'])
world.remove()
process.stdout.write(JSON.stringify(out))
