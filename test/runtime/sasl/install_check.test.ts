/** Each check before an installation, the words it finds, and that nothing was changed. */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkInstall } from '../../../runtime/sasl/src/install_check.js'
import { formatReleaseError, type ReleaseError } from '../../../runtime/sasl/src/release_error.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { inTest } from '../../support/processes.js'
import { DOWN, probe, type RoomNode, startRoomNode, UP } from './room_node.js'

const test = suite('sasl/install_check')

const loads = (one: LowLevelInstruction, module: string): boolean => one.op === 'load' && one.module === module

/** Writes another way up. */
function up(node: RoomNode, change: (script: readonly LowLevelInstruction[]) => readonly LowLevelInstruction[]): void {
  const relup = { vsn: '2', up: [{ from: '1', instructions: change(UP) }], down: [{ to: '1', instructions: DOWN }] }
  node.rewrite('2', 'releases/2/relup.json', JSON.stringify(relup))
}

/** Writes another boot script: what its applications need. */
function resources(node: RoomNode, change: (resource: Record<string, unknown>) => Record<string, unknown>): void {
  const file = 'releases/2/start.script.json'
  const script = JSON.parse(readFileSync(join(node.root, file), 'utf8'))
  for (const one of script.instructions) one.mfa[2][0] = change(one.mfa[2][0])
  node.rewrite('2', file, JSON.stringify(script))
}

const tell: LowLevelInstruction = { op: 'apply', mfa: ['kernel/application', 'start', ['ghost', 'permanent']] }

// what is wrong, how it is made so, the tags found, the words
const FAULTS: readonly (readonly [string, (node: RoomNode) => void, readonly string[], RegExp])[] = [
  [
    'a file that differs from its checksum',
    (node) => appendFileSync(join(node.root, 'lib/room-2/ebin/counter.js'), '//'),
    ['checksum_mismatch'],
    /different content: "lib\/room-2\/ebin\/counter\.js"/,
  ],
  [
    'a changed module that no instruction loads',
    (node) => up(node, (script) => script.filter((one) => !loads(one, 'room/counter'))),
    ['module_not_in_relup'],
    /"room" changed "room\/counter", which the relup does not load/,
  ],
  [
    'a changed module of JSON that no instruction loads; resource and appup are none',
    (node) => {
      node.rewrite('1', 'lib/room-1/ebin/http/prices.json', '{"tea":1}')
      node.rewrite('2', 'lib/room-2/ebin/http/prices.json', '{"tea":2}')
      node.rewrite('1', 'lib/room-1/ebin/appup.json', '{}')
      node.rewrite('2', 'lib/room-2/ebin/appup.json', '{"vsn":"2","up":[],"down":[]}')
    },
    ['module_not_in_relup'],
    /"room" changed "room\/http\/prices\.json", which the relup does not load/,
  ],
  [
    'an instruction that may not stand there',
    (node) =>
      up(node, (script) => [
        { op: 'load', module: 'room/lib', pre_purge: 'brutal_purge', post_purge: 'brutal_purge' },
        ...script,
      ]),
    ['illegal_instruction', 'illegal_instruction'],
    /must stand after point_of_no_return[\s\S]*which no load_object_code before it reads/,
  ],
  [
    'code of a version that the release does not have',
    (node) =>
      up(node, (script) =>
        script.map((one) =>
          one.op === 'load_object_code' && one.application === 'audit' ? { ...one, vsn: '9' } : one,
        ),
      ),
    ['bad_lib_vsn'],
    /loads code of "audit" 9, but the new release has 1/,
  ],
  [
    'a module that does not compile',
    (node) => node.rewrite('2', 'lib/room-2/ebin/lib.js', 'return {'),
    ['bad_module'],
    /^"room\/lib" would not load/,
  ],
  [
    'a module that throws when it is evaluated',
    (node) => node.module('2', 'room/lib', '2', `throw new Error('not here')\nexport const label = () => 'two'`),
    ['bad_module'],
    /not here/,
  ],
  [
    'a configuration that does not parse',
    (node) => node.rewrite('2', 'releases/2/sys.config.json', '{'),
    ['bad_file'],
    /sys\.config\.json:1:\d+/,
  ],
  [
    'an application that is started and is not in the release',
    (node) => up(node, (script) => [...script, tell]),
    ['unstartable'],
    /"ghost" would not start: it needs "ghost", which is not in the new release/,
  ],
  [
    'an application that needs one that does not run then',
    (node) => resources(node, (one) => (one.name === 'audit' ? { ...one, applications: ['kernel', 'legacy'] } : one)),
    ['unstartable'],
    /"audit" would not start: it needs "legacy", which is not in the new release/,
  ],
  [
    'another Node, and another runtime, without a restart',
    ({ releases }) => {
      const [to, from] = releases
      if (to === undefined || from === undefined) throw new Error('there are two')
      const lib = (vsn: string) => ({ application: 'stdlib', vsn, dir: '.' })
      Object.assign(from, { libs: [...from.libs, lib('1')] })
      Object.assign(to, { erts: '22.1.0', libs: [...to.libs, lib('2')] })
    },
    ['runtime_changed'],
    /relup\.json: going from "1" to "2" changes Node 20\.20\.2 -> 22\.1\.0, stdlib 1 -> 2, which needs a restart/,
  ],
  [
    'many things at once',
    (node) => {
      node.rewrite('2', 'releases/2/sys.config.json', '{')
      up(node, (script) => [...script.filter((one) => !loads(one, 'room/counter')), tell])
      appendFileSync(join(node.root, 'lib/room-2/ebin/lib.js'), '//')
    },
    ['bad_file', 'checksum_mismatch', 'module_not_in_relup', 'unstartable'],
    /nothing was changed:\n {2}- .*\n {2}- /,
  ],
]

const tagsOf = (error: ReleaseError): readonly string[] =>
  error.tag === 'check_failed' ? error.faults.map(({ tag }) => tag) : [error.tag]

for (const [what, make, tags, words] of FAULTS) {
  test(
    `${what} is found, and nothing is changed`,
    inTest(async () => {
      Object.assign(probe, { configAnswer: 'ok', refuse: false, startAnswer: undefined, hang: false })
      const node = await startRoomNode()
      try {
        make(node)
        const before = await node.observe()
        const notes = probe.notes.length
        const result = await checkInstall({ root: node.root, releases: node.releases, linker: node.linker }, '2')
        if (result.ok) throw new Error('the check found nothing')
        assert.equal([...tagsOf(result.error)].sort(), [...tags].sort())
        assert.match(formatReleaseError(result.error), words)
        assert.equal(await node.observe(), before)
        assert.is(probe.notes.length, notes, 'nothing of the plan was called')
      } finally {
        await node.close()
      }
    }),
  )
}

test.run()
