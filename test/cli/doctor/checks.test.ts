import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { diagnose, worst } from '../../../cli/doctor/checks.js'
import type { DoctorFacts, ProjectFacts, ReleaseFacts } from '../../../cli/doctor/facts.js'

const test = suite('cli/doctor/checks')

const PROJECT: ProjectFacts = {
  dir: '/p',
  configFaults: [],
  applications: [{ name: 'shop', vsn: '1.0.0' }],
  applicationFaults: [],
  build: { releases: ['shop 1.1.0'], faults: [], warnings: [] },
  uncommitted: 0,
}
const RELEASE: ReleaseFacts = {
  name: 'shop',
  root: '/r',
  versions: [
    { vsn: '1.0.0', from: [] },
    { vsn: '1.1.0', from: ['1.0.0'] },
  ],
  node: { vsn: '1.1.0', pid: 7, notRunning: [] },
  socket: { path: '/r/run/sock', mode: 0o140600 },
  leftovers: [],
  ports: [{ setting: 'shop.port', port: 80, busy: false }],
}
const OWN = { vsn: '0.1.0', dir: '/p/node_modules/otp-rel' }
const WELL: DoctorFacts = {
  program: 'otp-rel',
  node: { found: '22.1.0', oldest: '20.19.0' },
  otpRel: { ...OWN, inProject: [OWN], asked: '^0.1.0' },
  project: PROJECT,
  releases: [RELEASE],
  disk: { dir: '/p', freeBytes: 5 * 1024 ** 3 },
  inotify: { watches: 524_288, instances: 512 },
}

const project = (more: Partial<ProjectFacts>): DoctorFacts => ({ ...WELL, project: { ...PROJECT, ...more } })
const release = (more: Partial<ReleaseFacts>): DoctorFacts => ({ ...WELL, releases: [{ ...RELEASE, ...more }] })
const other = { vsn: '0.2.0', dir: '/usr/lib/otp-rel' }
const parse = {
  tag: 'parse_error',
  severity: 'error',
  message: 'expected ","',
  file: 'otp.config.json',
  line: 3,
} as const
const noConfig = { root: '/r', timeoutMs: 5_000 }
const wrongUser = { tag: 'wrong_user', root: '/r', path: '/r/run', uid: 1, user: 'me', owner: 2 } as const

// facts, level, what is said, exit class, why
const TABLE = [
  [{ ...WELL, node: { found: '18.20.0', oldest: '20.19.0' } }, 'fault', /older than 20\.19\.0/, 'system'],
  [{ ...WELL, otpRel: { ...other, inProject: [OWN] } }, 'fault', /the project has 0\.1\.0/, 'bad_input'],
  [{ ...WELL, otpRel: { ...other, vsn: '0.1.0', inProject: [OWN] } }, 'warning', /the project has 0\.1\.0/],
  [{ ...WELL, otpRel: { ...OWN, inProject: [OWN, other] } }, 'warning', /installed 2 times/],
  [
    { ...WELL, otpRel: { ...OWN, inProject: [OWN], asked: '^2.0.0' } },
    'fault',
    /asks for otp-rel \^2\.0\.0/,
    'bad_input',
  ],
  [{ ...WELL, otpRel: { ...OWN, inProject: [], asked: '^0.1.0' } }, 'fault', /is not installed/, 'bad_input'],
  [project({ configFaults: [parse] }), 'fault', /^otp\.config\.json:3: expected ","$/, 'bad_input'],
  [project({ applications: [] }), 'fault', /no application/, 'bad_input'],
  [project({ applicationFaults: [parse] }), 'fault', /expected/, 'bad_input'],
  [
    project({ build: { releases: [], faults: [{ fault: parse, exit: 'build_fault' }], warnings: [] } }),
    'fault',
    /expected/,
    'build_fault',
  ],
  [
    project({
      applicationFaults: [parse],
      build: { releases: [], faults: [{ fault: parse, exit: 'bad_input' }], warnings: [] },
    }),
    'fault',
    /expected/,
    'bad_input',
  ],
  [project({ build: { releases: [], faults: [], warnings: [parse] } }), 'warning', /expected/],
  [project({ uncommitted: 2 }), 'warning', /2 files changed/],
  [
    release({
      versions: [
        { vsn: '1.0.0', from: [] },
        { vsn: '1.1.0', from: [] },
      ],
    }),
    'warning',
    /no upgrade leads from 1\.0\.0/,
  ],
  [release({ node: { error: { tag: 'not_running', root: '/r', pid: 9 } } }), 'warning', /process 9 ended without/],
  [
    release({ node: { vsn: '1.1.0', pid: 7, notRunning: ['shop'] } }),
    'fault',
    /runs 1\.1\.0 .* but without "shop"/,
    'application_down',
  ],
  [release({ node: { error: wrongUser } }), 'fault', /belongs to user id 2/, 'wrong_user'],
  [
    release({ node: { error: { tag: 'not_answering', pid: 9, here: true, why: 'silent', ...noConfig } } }),
    'fault',
    /did not answer within 5/,
    'not_answering',
  ],
  [release({ socket: { path: '/r/run/sock', mode: 0o140666 } }), 'warning', /open to other users \(mode 666\)/],
  [release({ leftovers: [8, 9] }), 'warning', /2 processes of \/r besides its node: 8 9/],
  [release({ ports: [{ setting: 'shop.port', port: 80, busy: true }] }), 'warning', /port 80 \(shop\.port\) is in use/],
  [{ ...WELL, disk: { dir: '/p', freeBytes: 1024 } }, 'fault', /only 0\.0 GB/, 'system'],
  [{ ...WELL, disk: { dir: '/p', freeBytes: 5e8 } }, 'warning', /only 0\.5 GB/],
  [{ ...WELL, inotify: { watches: 100, instances: 512 } }, 'warning', /max_user_watches is 100/],
] as const satisfies readonly (readonly [DoctorFacts, string, RegExp, string?])[]

test('where all is well, every check says so, and the end is 0', () => {
  const findings = diagnose(WELL)
  assert.equal(new Set(findings.map(({ level }) => level)), new Set(['ok']))
  assert.equal(
    new Set(findings.map(({ check }) => check)),
    new Set(['node', 'otp-rel', 'config', 'applications', 'build', 'git', 'shop', 'disk', 'inotify']),
  )
  assert.is(worst(findings), undefined)
})

for (const [facts, level, said, exit] of TABLE) {
  test(`${level}: ${said.source}`, () => {
    const findings = diagnose(facts).filter((finding) => finding.level !== 'ok')
    assert.is(findings.length, 1, JSON.stringify(findings))
    assert.is(findings[0]?.level, level)
    assert.match(findings[0]?.message ?? '', said)
    assert.ok((findings[0]?.ways.length ?? 0) > 0, 'a way out')
    assert.is(worst(findings), exit)
  })
}

test('an otp-rel from a file or folder is not held against a range', () => {
  const facts = { ...WELL, otpRel: { ...OWN, inProject: [OWN], asked: 'file:../otp-rel-0.1.0.tgz' } }
  assert.is(worst(diagnose(facts)), undefined)
})

test('a folder that is no release is a fault where a release was named, and none in a project', () => {
  const none = { ...RELEASE, versions: [], node: { error: { tag: 'no_release', root: '/r' } } } as const
  const { project: _, ...rest } = WELL
  assert.is(worst(diagnose({ ...rest, releases: [none] })), 'bad_input')
  assert.is(worst(diagnose({ ...WELL, releases: [none] })), undefined)
})

test.run()
