import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addRelease,
  type Release,
  type ReleaseAction,
  type ReleaseStatus,
  reconcile,
  runningRelease,
  toDisk,
  transition,
} from '../../../runtime/sasl/src/releases_file.js'

const test = suite('sasl/releases_file')

const release = (vsn: string, status: ReleaseStatus): Release => ({
  name: 'shop',
  vsn,
  erts: '20.20.2',
  libs: [{ application: 'shop', vsn, dir: `lib/shop-${vsn}` }],
  status,
})

/** `'1:permanent 2:current'` */
const world = (text: string): readonly Release[] =>
  text.split(' ').map((one) => {
    const [vsn = '', status = ''] = one.split(':')
    return release(vsn, status as ReleaseStatus) // the tables below name statuses
  })

const shown = (releases: readonly Release[]): string => releases.map((one) => `${one.vsn}:${one.status}`).join(' ')

// before, action, version, after or the tag of the refusal, the rule
const CASES: readonly (readonly [string, ReleaseAction, string, string, string])[] = [
  ['2:unpacked 1:permanent', 'install', '2', '2:current 1:permanent', 'an unpacked release becomes current'],
  ['2:old 1:permanent', 'install', '2', '2:current 1:permanent', 'an old release can be installed again'],
  ['3:unpacked 2:current 1:permanent', 'install', '3', '3:current 2:old 1:permanent', 'the one that ran becomes old'],
  ['2:current 1:permanent', 'install', '1', '2:old 1:permanent', 'going back to the permanent one makes the other old'],
  ['2:current 1:permanent', 'install', '2', 'already_installed', 'the current one is not installed again'],
  ['2:unpacked 1:permanent', 'install', '1', 'already_installed', 'the permanent one is not installed while it runs'],
  ['2:tmp_current 1:permanent', 'install', '2', 'bad_status', 'a trial boot is not installed'],
  ['2:current 1:permanent', 'install', '3', 'no_such_release', 'an unknown version is refused'],
  ['2:current 1:permanent', 'make_permanent', '2', '2:permanent 1:old', 'the former permanent one becomes old'],
  [
    '2:current 1:permanent',
    'make_permanent',
    '1',
    '2:current 1:permanent',
    'the permanent one stays so, without effect',
  ],
  ['2:unpacked 1:permanent', 'make_permanent', '2', 'bad_status', 'only what runs can be made permanent: not unpacked'],
  ['2:old 1:permanent', 'make_permanent', '2', 'bad_status', 'only what runs can be made permanent: not old'],
  ['2:permanent 1:old', 'reboot_old', '1', '2:old 1:permanent', 'an old release becomes permanent for a reboot'],
  ['2:unpacked 1:permanent', 'reboot_old', '2', 'bad_status', 'only an old one is rebooted into'],
  ['2:permanent 1:old', 'boot', '1', '2:old 1:permanent', 'without a node an old release is made what boots'],
  ['2:unpacked 1:permanent', 'boot', '2', '2:permanent 1:old', 'and one that never ran'],
  ['2:permanent 1:old', 'boot', '2', '2:permanent 1:old', 'what boots already stays so'],
  ['2:unpacked 1:permanent', 'remove', '2', '1:permanent', 'an unpacked release can be removed'],
  ['2:old 1:permanent', 'remove', '2', '1:permanent', 'an old release can be removed'],
  ['2:current 1:permanent', 'remove', '2', 'current', 'the release that runs is not removed'],
  ['2:current 1:permanent', 'remove', '1', 'permanent', 'the release that boots is not removed'],
]

for (const [before, action, vsn, expected, why] of CASES) {
  test(why, () => {
    const after = transition(world(before), action, vsn)
    assert.is(after.ok ? shown(after.value) : after.error.tag, expected)
  })
}

test('a release is added in front, as unpacked; a known version is refused', () => {
  const { status: _, ...fresh } = release('2', 'unpacked')
  const added = addRelease(world('1:permanent'), fresh)
  assert.is(added.ok && shown(added.value), '2:unpacked 1:permanent')
  const again = addRelease(world('2:old 1:permanent'), fresh)
  assert.equal(again, { ok: false, error: { tag: 'existing_release', vsn: '2', status: 'old' } })
})

test('on disk the current release is unpacked, since a restart boots another', () => {
  assert.is(shown(toDisk(world('3:unpacked 2:current 1:permanent'))), '3:unpacked 2:unpacked 1:permanent')
})

test('what runs is the current release, else the permanent one', () => {
  assert.is(runningRelease(world('2:current 1:permanent'))?.vsn, '2')
  assert.is(runningRelease(world('2:unpacked 1:permanent'))?.vsn, '1')
})

// RELEASES.json, start_otp.json, booted, in memory, written, pointed to, the rule
const STARTS: readonly (readonly [
  string | undefined,
  string | undefined,
  string,
  string,
  boolean,
  string | undefined,
  string,
])[] = [
  [undefined, undefined, '1', '1:permanent', true, '1', 'a first start makes both files from what was booted'],
  ['1:permanent', '1', '1', '1:permanent', false, undefined, 'nothing is written where all agree'],
  [
    '2:unpacked 1:permanent',
    '1',
    '1',
    '2:unpacked 1:permanent',
    false,
    undefined,
    'an installed release is unpacked after a restart',
  ],
  [
    '2:permanent 1:old',
    '1',
    '1',
    '2:old 1:permanent',
    true,
    undefined,
    'a commit killed before start_otp.json did not happen',
  ],
  [
    '2:unpacked 1:permanent',
    '2',
    '2',
    '2:permanent 1:old',
    true,
    undefined,
    'a start_otp.json ahead of RELEASES.json counts',
  ],
  ['2:permanent 1:old', undefined, '2', '2:permanent 1:old', false, '2', 'a missing start_otp.json is derived'],
  ['2:permanent 1:old', '7', '2', '2:permanent 1:old', false, '2', 'one that names an unknown release is derived'],
  [
    '2:unpacked 1:permanent',
    '1',
    '2',
    '2:current 1:permanent',
    false,
    undefined,
    'another release booted by hand is current',
  ],
  ['1:permanent', '1', '2', '2:current 1:permanent', true, undefined, 'a booted release that is not listed is added'],
  [
    '2:tmp_current 1:permanent',
    '1',
    '1',
    '2:unpacked 1:permanent',
    true,
    undefined,
    'a trial boot that is over is unpacked',
  ],
]

for (const [disk, pointer, booted, memory, write, pointTo, why] of STARTS) {
  test(why, () => {
    const { name, vsn, erts, libs } = release(booted, 'unpacked')
    const result = reconcile(disk === undefined ? undefined : world(disk), pointer, { name, vsn, erts, libs })
    assert.is(shown(result.releases), memory)
    assert.is(result.writeReleases, write)
    assert.is(result.pointTo, pointTo)
  })
}

test.run()
