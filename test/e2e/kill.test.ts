/**
 * A node that is killed (`kill -9`) at any moment of an operation on its releases boots the permanent release, knows the
 * truth about every other one, and the operation can be done again.
 *
 * The moments are drawn over the measured length of each operation from a seed. Environment: `KILLS` for how many
 * (default 16; some hundreds for a full run), `SEED` for others.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeRandom } from '../runtime/sasl/random.js'
import {
  buildTars,
  copyFolder,
  done,
  openWorkshop,
  type Release,
  record,
  release,
  telling,
  until,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/kill')

const KILLS = Number(process.env.KILLS ?? 16)
const SEED = Number(process.env.SEED ?? 1)
/** Operations are measured so often; the longest counts. */
const MEASURED = 2

const random = makeRandom(SEED)
let shop: Workshop
let tar: (vsn: string) => string

/** An operation: the folder it begins in, and the requests of which the last one is interrupted. */
interface Operation {
  readonly name: string
  /** Folder of the workshop, stopped. */
  readonly from: 'fresh' | 'unpacked' | 'committed'
  readonly before: readonly (readonly [method: string, params: object])[]
  readonly method: string
  readonly params: () => object
}

const OPERATIONS: readonly Operation[] = [
  { name: 'unpack', from: 'fresh', before: [], method: 'unpack', params: () => ({ tar: tar('1.1.0') }) },
  { name: 'upgrade', from: 'unpacked', before: [], method: 'upgrade', params: () => ({ vsn: '1.1.0' }) },
  {
    name: 'commit',
    from: 'unpacked',
    before: [['upgrade', { vsn: '1.1.0' }]],
    method: 'commit',
    params: () => ({ vsn: '1.1.0' }),
  },
  { name: 'remove', from: 'committed', before: [], method: 'remove', params: () => ({ vsn: '1.0.0' }) },
]

/** Length of each operation, ms. */
const lengths = new Map<string, number>()

test.before(
  telling(async () => {
    shop = await openWorkshop()
    tar = await buildTars(await shop.project('project', [{ vsn: '1.0.0' }, { vsn: '1.1.0' }]))
    const fresh = await shop.deploy('fresh', tar('1.0.0'))
    await fresh.start()
    done(await fresh.bin(['stop']))
    await copyFolder(fresh.root, shop.path('unpacked'))
    const unpacked = release(shop.path('unpacked'))
    await unpacked.start()
    await unpacked.call('unpack', { tar: tar('1.1.0') })
    done(await unpacked.bin(['stop']))
    await copyFolder(unpacked.root, shop.path('committed'))
    const committed = release(shop.path('committed'))
    await committed.start()
    await committed.call('upgrade', { vsn: '1.1.0' })
    await committed.call('commit', { vsn: '1.1.0' })
    done(await committed.bin(['stop']))
    for (const operation of OPERATIONS) {
      for (let round = 0; round < MEASURED; round++) {
        const node = await begin(operation, `measure-${operation.name}-${round}`)
        const since = performance.now()
        await node.call(operation.method, operation.params())
        lengths.set(operation.name, Math.max(lengths.get(operation.name) ?? 0, performance.now() - since))
        await end(node)
      }
    }
  }),
)

test.after(() => shop.close())

/** A node that stands right before an operation. */
async function begin({ from, before }: Operation, name: string): Promise<Release> {
  await copyFolder(shop.path(from), shop.path(name))
  const node = release(shop.path(name))
  await node.start()
  for (const [method, params] of before) await node.call(method, params)
  return node
}

async function end(node: Release): Promise<void> {
  await node.kill()
  await rm(node.root, { recursive: true, force: true })
}

/** Kills a node so many ms after now, to a fraction of a millisecond. */
async function killAfter(pid: number, ms: number): Promise<void> {
  const atMs = performance.now() + ms
  if (ms > 20) await new Promise((resolve) => setTimeout(resolve, ms - 15))
  while (performance.now() < atMs) await new Promise((resolve) => setImmediate(resolve))
  process.kill(pid, 'SIGKILL')
}

const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))

/** Everything that must hold of a node that runs, whatever happened before. @returns the version that boots */
async function holds(node: Release): Promise<string> {
  const { releases, running, permanent } = await node.call('releases')
  if (!Array.isArray(releases)) throw new Error('no releases')
  const permanents = releases.filter(({ status }) => status === 'permanent').map(({ vsn }) => String(vsn))
  assert.is(permanents.length, 1, JSON.stringify(releases))
  assert.is(permanent, permanents[0])
  for (const { status } of releases) {
    assert.ok(['permanent', 'old', 'unpacked'].includes(status), `${status} right after a start`)
  }
  const pointer = record(await json(join(node.root, 'releases', 'start_otp.json')))
  assert.is(pointer?.vsn, permanent, 'start_otp.json names the permanent release')
  assert.is(running, permanent, 'the permanent release runs')
  assert.is((await node.get()).version, permanent, 'its code runs')
  assert.is((await node.call('status')).vsn, permanent)
  const onDisk = await json(join(node.root, 'releases', 'RELEASES.json'))
  assert.equal(onDisk, releases, 'RELEASES.json says the same')
  for (const { vsn } of releases) await isComplete(node.root, String(vsn))
  const left = (await readdir(join(node.root, 'releases'))).filter((name) => /^\.(unpack|remove)-/.test(name))
  assert.equal(left, [], 'nothing is left of what was interrupted')
  return String(permanent)
}

/** Every file of a release is there with the content that its checksums list. */
async function isComplete(root: string, vsn: string): Promise<void> {
  const sums = record(await json(join(root, 'releases', vsn, 'checksums.json'))) ?? {}
  assert.ok(Object.keys(sums).length > 10)
  for (const [path, sum] of Object.entries(sums)) {
    const found = await readFile(join(root, path)).catch(() => Buffer.from(''))
    const hash = createHash('sha256').update(found).digest('hex')
    if (hash !== sum) assert.unreachable(`${vsn} is listed, and ${path} is not as its checksums say`)
  }
}

for (const [index, operation] of OPERATIONS.entries()) {
  const rounds = Math.floor(KILLS / OPERATIONS.length) + (index < KILLS % OPERATIONS.length ? 1 : 0)
  test(`${rounds} kills during ${operation.name}`, async () => {
    const lengthMs = lengths.get(operation.name) ?? 0
    let answered = 0
    for (let round = 0; round < rounds; round++) {
      // One moment in each part of the operation, and a little beyond its end.
      const delayMs = ((round + random.next()) / rounds) * lengthMs * 1.4
      const what = `SEED=${SEED} ${operation.name}, killed after ${delayMs.toFixed(2)} of ${lengthMs.toFixed(2)} ms`
      const node = await begin(operation, `${operation.name}-${round}`)
      try {
        const { os } = await node.get()
        const operating = node.call(operation.method, operation.params()).then(
          () => true,
          () => false,
        )
        await killAfter(os, delayMs)
        const acknowledged = await operating
        if (acknowledged) answered++
        await until('it has ended', () => node.hasEnded())

        const pointer = record(await json(join(node.root, 'releases', 'start_otp.json')))
        await node.start()
        const permanent = await holds(node)
        assert.is(permanent, pointer?.vsn, 'what start_otp.json named is what was booted')
        // What was acknowledged has happened.
        const versions = await node.versions()
        if (operation.name === 'commit' && acknowledged) assert.is(permanent, '1.1.0')
        if (operation.name === 'unpack' && acknowledged) assert.is(versions, '1.1.0 unpacked, 1.0.0 permanent')
        if (operation.name === 'unpack' || operation.name === 'upgrade') assert.is(permanent, '1.0.0')
        if (operation.name === 'remove') {
          assert.is(permanent, '1.1.0')
          if (acknowledged) assert.is(versions, '1.1.0 permanent')
        }
        await again(node, permanent)
      } catch (failure) {
        if (failure instanceof Error) failure.message = `${what}: ${failure.message}`
        throw failure
      }
      await end(node)
    }
    console.log(
      `  ${rounds} kills during ${operation.name}, within ${lengthMs.toFixed(0)} ms; ${answered} times it was done before`,
    )
  })
}

/** The same can be done again, to success: 1.1.0 runs and boots, and 1.0.0 can be taken away. */
async function again(node: Release, permanent: string): Promise<void> {
  if (permanent === '1.0.0') {
    done(await node.bin(['upgrade', '1.1.0', '--tar', tar('1.1.0')]))
    await node.call('commit')
  }
  const { releases } = await node.call('releases')
  if (Array.isArray(releases) && releases.some(({ vsn }) => vsn === '1.0.0'))
    await node.call('remove', { vsn: '1.0.0' })
  await node.kill()
  await node.start()
  assert.is(await holds(node), '1.1.0')
  assert.is(await node.versions(), '1.1.0 permanent')
  const lib = await readdir(join(node.root, 'lib'))
  assert.not.ok(lib.includes('counter-1.0.0'), 'what only 1.0.0 needed is gone')
}

test.run()
