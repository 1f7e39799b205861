/**
 * Operations on releases that are cut off at every step. `kill -9` before each single operation on the file system, in
 * the middle of what is written, and before each instruction of a relup: the node boots the permanent release, knows the
 * truth about every other one, and the operation can be repeated. And each file operation fails by itself (no space,
 * input/output error, no permission): the node goes on, says what failed, and stands either before or after.
 *
 * `npm test` draws a sample of the points; `npm run test:kill` takes 300 of each kind of each operation, or all there are.
 * Environment: `KILL_POINTS`, how many (default 2), or `all`; `SEED`, for others; `OPERATION`, one alone.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
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
  ROOT,
  record,
  release,
  repack,
  telling,
  until,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/kill')

const POINTS = process.env.KILL_POINTS === 'all' ? Number.POSITIVE_INFINITY : Number(process.env.KILL_POINTS ?? 2)
const SEED = Number(process.env.SEED ?? 1)

const random = makeRandom(SEED)
let shop: Workshop
let tar: (vsn: string) => string

type Request = readonly [method: string, params: () => object]

/** An operation: the folder it begins in, the request that is cut off, and what leads back to where it began. */
interface Operation {
  readonly name: string
  /** Folder of the workshop, stopped. */
  readonly from: 'fresh' | 'unpacked' | 'committed'
  readonly before: readonly Request[]
  readonly request: Request
  readonly back: readonly Request[]
  /** `versions` when it was done. */
  readonly after: string
}

const vsn =
  (version: string): (() => object) =>
  () => ({ vsn: version })
const unpack: Request = ['unpack', () => ({ tar: tar('1.1.0') })]

const OPERATIONS: readonly Operation[] = [
  {
    name: 'unpack',
    from: 'fresh',
    before: [],
    request: unpack,
    back: [['remove', vsn('1.1.0')]],
    after: '1.1.0 unpacked, 1.0.0 permanent',
  },
  {
    name: 'upgrade',
    from: 'unpacked',
    before: [],
    request: ['upgrade', vsn('1.1.0')],
    back: [['upgrade', vsn('1.0.0')], ['remove', vsn('1.1.0')], unpack],
    after: '1.1.0 current, 1.0.0 permanent',
  },
  {
    name: 'commit',
    from: 'unpacked',
    before: [['upgrade', vsn('1.1.0')]],
    request: ['commit', vsn('1.1.0')],
    back: [
      ['upgrade', vsn('1.0.0')],
      ['commit', vsn('1.0.0')],
      ['upgrade', vsn('1.1.0')],
    ],
    after: '1.1.0 permanent, 1.0.0 old',
  },
  {
    name: 'downgrade',
    from: 'committed',
    before: [],
    request: ['upgrade', vsn('1.0.0')],
    back: [['upgrade', vsn('1.1.0')]],
    after: '1.1.0 permanent, 1.0.0 current',
  },
  {
    name: 'remove',
    from: 'committed',
    before: [],
    request: ['remove', vsn('1.0.0')],
    back: [['unpack', () => ({ tar: tar('1.0.0') })]],
    after: '1.1.0 permanent',
  },
]

/** Called between the instructions of the relup: a point to be killed at. */
const PROBE = {
  'src/probe.ts':
    'export const at = (what: string) => {\n' +
    '  const { faults } = globalThis as { faults?: { instruction(what: string): void } }\n' +
    '  faults?.instruction(what)\n}\n',
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const versions = [
      { vsn: '1.0.0', counter: PROBE },
      { vsn: '1.1.0', counter: PROBE },
    ]
    const built = await buildTars(await shop.project('project', versions))
    await repack(built('1.1.0'), shop.path('probed-1.1.0.tar.gz'), (dir) =>
      probeRelup(`${dir}/releases/1.1.0/relup.json`),
    )
    tar = (version) => (version === '1.1.0' ? shop.path('probed-1.1.0.tar.gz') : built(version))
    const fresh = await shop.deploy('fresh', tar('1.0.0'))
    await fresh.start()
    done(await fresh.bin(['stop']))
    await copyFolder(fresh.root, shop.path('unpacked'))
    const unpacked = release(shop.path('unpacked'))
    await unpacked.start()
    await unpacked.call(unpack[0], unpack[1]())
    done(await unpacked.bin(['stop']))
    await copyFolder(unpacked.root, shop.path('committed'))
    const committed = release(shop.path('committed'))
    await committed.start()
    await committed.call('upgrade', { vsn: '1.1.0' })
    await committed.call('commit', { vsn: '1.1.0' })
    done(await committed.bin(['stop']))
  }),
)

test.after(() => shop.close())

/** Puts a call of the probe before each instruction after the code is read. */
async function probeRelup(file: string): Promise<void> {
  const relup: { up: Script[]; down: Script[] } = JSON.parse(await readFile(file, 'utf8'))
  for (const script of [...relup.up, ...relup.down]) {
    script.instructions = script.instructions.flatMap((one, index) =>
      one.op === 'load_object_code'
        ? [one]
        : [{ op: 'apply', mfa: ['counter/probe', 'at', [`${index} ${one.op}`]] }, one],
    )
  }
  await shop.put('.', { [file.slice(shop.dir.length)]: relup })
}

interface Script {
  instructions: { readonly op: string }[]
}

/** A node that stands right before an operation, its file operations under watch. */
async function begin({ from, before }: Operation, name: string): Promise<Release> {
  await copyFolder(shop.path(from), shop.path(name))
  const node = release(shop.path(name))
  const NODE_OPTIONS = `--require ${join(ROOT, 'test/support/faults.cjs')}`
  done(await node.bin(['start'], { env: { ...process.env, NODE_OPTIONS, OTP_TEST_FAULTS: node.root } }))
  for (const [method, params] of before) await node.call(method, params())
  return node
}

async function end(node: Release): Promise<void> {
  await node.kill()
  await rm(node.root, { recursive: true, force: true })
}

interface Fault {
  readonly at: number
  readonly mode: 'kill' | 'torn' | 'ENOSPC' | 'EIO' | 'EACCES'
  readonly reads: boolean
}

const arm = (node: Release, fault: Fault) =>
  node.call('eval', { expression: `globalThis.faults.arm(${JSON.stringify(fault)})` })

/** How many operations there were, and which met the fault. */
async function disarm(node: Release): Promise<{ count: number; fired: string }> {
  const { count, fired } = await node.call('eval', { expression: 'globalThis.faults.disarm()' })
  return { count: Number(count), fired: String(fired ?? 'nothing') }
}

/** The points among 1 to `count`: all, or one in each of so many parts. */
function pointsAmong(count: number): number[] {
  if (POINTS >= count) return Array.from({ length: count }, (_, index) => index + 1)
  return Array.from({ length: POINTS }, (_, part) => 1 + Math.floor(((part + random.next()) / POINTS) * count))
}

/** Whether an operation did what was asked. */
const ask = ({ request: [method, params] }: Operation, node: Release) =>
  node.call(method, params()).then(
    () => 'done' as const,
    (failure: Error) => failure.message,
  )

const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))

/** Everything that must hold of a node right after a start, whatever happened before. @returns the version that boots */
async function holds(node: Release): Promise<string> {
  const { releases, running, permanent } = await node.call('releases')
  if (!Array.isArray(releases)) throw new Error('no releases')
  const permanents = releases.filter(({ status }) => status === 'permanent').map((one) => String(one.vsn))
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
  for (const one of releases) await isComplete(node.root, String(one.vsn))
  const left = (await readdir(join(node.root, 'releases'))).filter((name) => /^\.(unpack|remove)-/.test(name))
  assert.equal(left, [], 'nothing is left of what was interrupted')
  return String(permanent)
}

/** Every file and link of a release is there as its checksums list it. */
async function isComplete(root: string, version: string): Promise<void> {
  const sums = record(await json(join(root, 'releases', version, 'checksums.json'))) ?? {}
  assert.ok(Object.keys(sums).length > 10)
  for (const [path, sum] of Object.entries(sums)) {
    if ((await sumOf(join(root, path))) !== sum)
      assert.unreachable(`${version} is listed, and ${path} is not as its checksums say`)
  }
}

async function sumOf(path: string): Promise<string> {
  const link = await readlink(path).catch(() => undefined)
  if (link !== undefined) return `-> ${link}`
  const content = await readFile(path).catch(() => undefined)
  return content === undefined ? 'absent' : createHash('sha256').update(content).digest('hex')
}

/** What is left of the kinds of points, for the line at the end. */
let killed = 0
let failed = 0

const chosen = OPERATIONS.filter(({ name }) => [undefined, name].includes(process.env.OPERATION))

for (const operation of chosen) {
  test(`killed at points of ${operation.name}`, async () => {
    const measure = await begin(operation, `measure-${operation.name}`)
    await arm(measure, { at: 0, mode: 'kill', reads: false })
    assert.is(await ask(operation, measure), 'done')
    const { count } = await disarm(measure)
    await end(measure)
    assert.ok(count > 3, `only ${count} operations`)
    const since = killed
    const points = pointsAmong(count).flatMap((at): Fault[] => [
      { at, mode: 'kill', reads: false },
      ...(random.int(3) === 0 || POINTS > count ? [{ at, mode: 'torn', reads: false } as const] : []),
    ])
    for (const fault of points) {
      const what = `SEED=${SEED} ${operation.name}, ${fault.mode} at ${fault.at} of ${count}`
      const node = await begin(operation, `${operation.name}-${fault.mode}-${fault.at}`)
      try {
        await arm(node, fault)
        const answer = await ask(operation, node)
        // the order of what runs side by side differs: there may have been fewer
        if (answer === 'done') await node.kill()
        await until('it has ended', () => node.hasEnded())
        killed++
        const pointer = record(await json(join(node.root, 'releases', 'start_otp.json')))
        await node.start()
        const permanent = await holds(node)
        assert.is(permanent, pointer?.vsn, 'what start_otp.json named is what was booted')
        await again(node, permanent)
      } catch (failure) {
        if (failure instanceof Error) failure.message = `${what}: ${failure.message}`
        throw failure
      }
      await end(node)
    }
    console.log(`  ${operation.name}: ${count} points, killed at ${killed - since}`)
  })

  test(`file operations of ${operation.name} fail`, async () => {
    const node = await begin(operation, `fails-${operation.name}`)
    const counts: number[] = []
    const since = failed
    for (const mode of ['ENOSPC', 'EIO', 'EACCES'] as const) {
      const reads = mode !== 'ENOSPC'
      await arm(node, { at: 0, mode, reads })
      assert.is(await ask(operation, node), 'done')
      const { count } = await disarm(node)
      counts.push(count)
      await back(operation, node)
      for (const at of pointsAmong(count)) {
        const point = `SEED=${SEED} ${operation.name}, ${mode} at ${at} of ${count}`
        try {
          await failsAt(operation, node, { at, mode, reads }, point)
        } catch (failure) {
          if (failure instanceof Error) failure.message = `${point}: ${failure.message}\n${await logOf(node)}`
          throw failure
        }
      }
    }
    console.log(`  ${operation.name}: ${counts.join(', ')} file operations, failed ${failed - since}`)
    assert.is(await ask(operation, node), 'done')
    await node.kill()
    await node.start()
    await holds(node)
    await end(node)
  })
}

/** One file operation fails in the middle of `operation`: the node goes on, and stands either before or after it. */
async function failsAt(operation: Operation, node: Release, fault: Fault, point: string): Promise<void> {
  const { after } = operation
  const before = await node.versions()
  await arm(node, fault)
  const answer = await ask(operation, node)
  const { fired } = await disarm(node)
  failed++
  const what = `${point}, ${fired}: answered ${answer}`
  const versions = await node.versions()
  assert.is(versions, answer === 'done' || versions === after ? after : before, what)
  // what could not be done says why
  if (answer !== 'done') assert.match(answer, /"message":"[^"]/, what)
  assert.is((await node.get()).n >= 0, true, what)
  if (versions === after) await back(operation, node)
}

/** The end of what a node has logged. */
async function logOf(node: Release): Promise<string> {
  const names = await readdir(join(node.root, 'log')).catch(() => [])
  const logs = await Promise.all(names.sort().map((name) => readFile(join(node.root, 'log', name), 'utf8')))
  return logs.join('\n').slice(-4000)
}

/** Leads back to where the operation began. */
async function back({ back: requests }: Operation, node: Release): Promise<void> {
  for (const [method, params] of requests) await node.call(method, params())
}

/** The same can be done again, to success: 1.1.0 runs and boots, and 1.0.0 can be taken away. */
async function again(node: Release, permanent: string): Promise<void> {
  if (permanent === '1.0.0') {
    done(await node.bin(['upgrade', '1.1.0', '--tar', tar('1.1.0')]))
    await node.call('commit')
  }
  const { releases } = await node.call('releases')
  if (Array.isArray(releases) && releases.some((one) => one.vsn === '1.0.0'))
    await node.call('remove', { vsn: '1.0.0' })
  await node.kill()
  await node.start()
  assert.is(await holds(node), '1.1.0')
  assert.is(await node.versions(), '1.1.0 permanent')
  const lib = await readdir(join(node.root, 'lib'))
  assert.not.ok(lib.includes('counter-1.0.0'), 'what only 1.0.0 needed is gone')
}

test('how many points there were', () => {
  console.log(`  ${killed} times killed, ${failed} times a file operation failed`)
  assert.ok(killed > 0 && failed > 0)
})

test.run()
