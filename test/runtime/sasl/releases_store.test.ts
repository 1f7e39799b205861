import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DurableFs, durableFs } from '../../../runtime/sasl/src/durable_write.js'
import { addHistory, HISTORY_LIMIT, type HistoryEntry, readHistory } from '../../../runtime/sasl/src/history.js'
import { type Booted, permanentRelease, type Release, transition } from '../../../runtime/sasl/src/releases_file.js'
import {
  openReleases,
  readPointer,
  readReleases,
  releasesStore,
  writePermanent,
  writePointer,
  writeReleases,
} from '../../../runtime/sasl/src/releases_store.js'

const test = suite<{ dir: string }>('sasl/releases_store')

test.before.each(async (context) => {
  context.dir = await mkdtemp(join(tmpdir(), 'otp-rel-store-'))
})
test.after.each(({ dir }) => rm(dir, { recursive: true }))

const release = (vsn: string, status: Release['status']): Release => ({
  name: 'shop',
  vsn,
  erts: '20.20.2',
  libs: [{ application: 'shop', vsn, dir: `lib/shop-${vsn}` }],
  status,
})
const BEFORE = [release('2', 'current'), release('1', 'permanent')]
const booted = (vsn: string): Booted => ({ name: 'shop', vsn, erts: '20.20.2', libs: release(vsn, 'old').libs })
const silent = (): void => {}

/** A file system that stops working at its n-th operation: a kill -9 when `forGood`, a single fault otherwise. */
function failingFs(at: number, forGood: boolean): DurableFs & { count: number } {
  const fs: DurableFs & { count: number } = {
    count: 0,
    open: async (path, flags, mode) => {
      turn()
      const file = await durableFs.open(path, flags, mode)
      const guarded =
        <A extends unknown[]>(run: (...args: A) => Promise<void>) =>
        async (...args: A): Promise<void> => {
          turn()
          await run(...args)
        }
      return {
        writeFile: guarded((text: string) => file.writeFile(text)),
        sync: guarded(() => file.sync()),
        // A file stays open in no process that was killed.
        close: async () => {
          await file.close()
          turn()
        },
      }
    },
    rename: async (from, to) => {
      turn()
      await durableFs.rename(from, to)
    },
    unlink: async (path) => {
      turn()
      await durableFs.unlink(path)
    },
  }
  const turn = (): void => {
    fs.count++
    if (fs.count === at || (forGood && fs.count > at)) throw new Error(`operation ${at}`)
  }
  return fs
}

async function commitWith(dir: string, fs: DurableFs): Promise<void> {
  const sound = releasesStore(dir)
  await writeReleases(sound, BEFORE)
  await writePointer(sound, release('1', 'permanent'))
  const after = transition(BEFORE, 'make_permanent', '2')
  if (!after.ok) throw new Error('the commit is allowed')
  await writePermanent(releasesStore(dir, fs), BEFORE, after.value)
}

test('D19: a commit killed before any operation leaves a node that boots the permanent release and says so', async ({
  dir,
}) => {
  const all = failingFs(0, false)
  await commitWith(dir, all)
  assert.ok(all.count >= 14, `${all.count} operations are tried`)
  for (let at = 1; at <= all.count; at++) {
    await commitWith(dir, failingFs(at, true)).catch(silent)
    const store = releasesStore(dir)
    // What bin/NAME boots.
    const boots = (await readPointer(store)) ?? 'none'
    const releases = await openReleases(store, booted(boots), silent)
    assert.is(permanentRelease(releases)?.vsn, boots, `killed at ${at}: what boots is permanent`)
    assert.is(
      releases.find((one) => one.status === 'current'),
      undefined,
      `killed at ${at}: and runs`,
    )
    assert.equal(await readReleases(store), releases, `killed at ${at}: and RELEASES.json says the same`)
    assert.is(await readPointer(store), boots)
  }
})

test('a commit that fails because an operation does is not half done', async ({ dir }) => {
  const all = failingFs(0, false)
  await commitWith(dir, all)
  for (let at = 1; at <= all.count; at++) {
    const failed = await commitWith(dir, failingFs(at, false)).then(
      () => false,
      () => true,
    )
    if (!failed) continue
    const store = releasesStore(dir)
    const boots = (await readPointer(store)) ?? 'none'
    const releases = await openReleases(store, booted(boots), silent)
    assert.is(permanentRelease(releases)?.vsn, boots, `fault at ${at}`)
  }
})

test('what a crash leaves of a write is overwritten by the next', async ({ dir }) => {
  await writeFile(join(dir, '.RELEASES.json.tmp'), '[{"name":"half')
  const store = releasesStore(dir)
  await writeReleases(store, BEFORE)
  assert.equal(await readdir(dir), ['RELEASES.json'])
})

test('a first start from a package makes both files from what was booted', async ({ dir }) => {
  const store = releasesStore(dir)
  const releases = await openReleases(store, booted('1'), silent)
  assert.equal(releases, [release('1', 'permanent')])
  assert.equal(await readReleases(store), releases)
  assert.is(await readFile(join(dir, 'start_otp.json'), 'utf8'), '{"erts":"20.20.2","vsn":"1"}\n')
})

test('a RELEASES.json that cannot be read is kept aside, with its fault said', async ({ dir }) => {
  await writeFile(join(dir, 'RELEASES.json'), '[{"name": 1}]')
  const notes: string[] = []
  const releases = await openReleases(releasesStore(dir), booted('1'), (note) => notes.push(note))
  assert.equal(releases, [release('1', 'permanent')])
  assert.is(notes.length, 1)
  assert.match(notes[0] ?? '', /RELEASES\.json:1:/)
  assert.is(await readFile(join(dir, 'RELEASES.json.bad'), 'utf8'), '[{"name": 1}]')
})

test('the history keeps the newest entries', async ({ dir }) => {
  const store = releasesStore(dir)
  const entry = (to: string): HistoryEntry => ({
    at: '2024-01-01T00:00:00.000Z',
    who: 'op',
    action: 'install',
    from: '1',
    to,
    outcome: 'ok',
    duration_ms: 1,
  })
  const full = Array.from({ length: HISTORY_LIMIT }, (_, index) => entry(String(index)))
  const next = await addHistory(store, full, entry('last'))
  assert.is(next.length, HISTORY_LIMIT)
  assert.is(next[0]?.to, '1')
  assert.equal(await readHistory(store), next)
})

test.run()
