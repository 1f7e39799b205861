import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkEntries, type PackageEntry } from '../../../runtime/sasl/src/package_entry.js'

const test = suite('sasl/package_entry')

const file = (path: string, mode = 0o644): PackageEntry => ({ path, type: 'File', mode })
const link = (path: string, linkpath: string): PackageEntry => ({ path, type: 'SymbolicLink', linkpath })
const hard = (path: string, linkpath: string): PackageEntry => ({ path, type: 'Link', linkpath })

// entries, what is said of the first that is refused (undefined: none), the rule
const CASES: readonly (readonly [readonly PackageEntry[], string | undefined, string])[] = [
  [[file('lib/a-1/ebin/a.js'), { path: 'lib/', type: 'Directory' }], undefined, 'files and folders are taken'],
  [
    [link('lib/a-1/node_modules/ws', '../../.npm/ws@8/node_modules/ws')],
    undefined,
    'a link within the release is taken',
  ],
  [[file('/etc/passwd')], 'is an absolute path', 'an absolute path is refused'],
  [[file('C:/windows/x')], 'is an absolute path', 'a drive is an absolute path'],
  [[file('lib/../../x')], 'leads out of the release with ".."', 'a path that climbs is refused'],
  [[file('lib/a/../b')], 'leads out of the release with ".."', 'a path that climbs and comes back is refused as well'],
  [[file('lib\\..\\x')], 'holds a backslash', 'a backslash is refused'],
  [[file('lib/a\0b')], 'has no usable name', 'a zero byte is refused'],
  [
    [{ path: 'lib/tty', type: 'CharacterDevice' }],
    'is a CharacterDevice; only files, folders and links may be in a package',
    'a device is refused',
  ],
  [
    [{ path: 'lib/pipe', type: 'FIFO' }],
    'is a FIFO; only files, folders and links may be in a package',
    'a pipe is refused',
  ],
  [[file('bin/x', 0o4755)], 'would run with the rights of its owner or group', 'setuid is refused'],
  [[link('lib/x', '/etc')], 'is a link out of the release, to "/etc"', 'a link to an absolute path is refused'],
  [[link('lib/x', '../../etc')], 'is a link out of the release, to "../../etc"', 'a link that climbs out is refused'],
  [[hard('lib/x', '../etc/passwd')], 'is a link out of the release, to "../etc/passwd"', 'a hard link out is refused'],
  [[link('lib/x', '..'), file('lib/x/evil')], 'leads through the link "lib/x"', 'nothing is written through a link'],
  [[file('lib/x/evil'), link('lib/x', '..')], 'leads through the link "lib/x"', 'also when the link comes later'],
  [[link('lib/X', '..'), file('lib/x/evil')], 'leads through the link "lib/X"', 'also where names differ in case only'],
  [
    [link('lib/x', '..'), hard('lib/y', 'lib/x/a')],
    'is a link that leads through the link "lib/x"',
    'nor linked through one',
  ],
  [[file('lib/a'), file('lib//a')], 'is there twice', 'two files of one name are refused'],
  [[file('releases/RELEASES.json')], 'belongs to the node, not to a package', 'the list of releases is not replaced'],
  [[file('releases/start_otp.json')], 'belongs to the node, not to a package', 'nor what is booted'],
  [[file('run/node.json')], 'belongs to the node, not to a package', 'nor the run folder'],
]

for (const [entries, why, rule] of CASES) {
  test(rule, () => assert.is(checkEntries(entries)[0]?.why, why))
}

test.run()
