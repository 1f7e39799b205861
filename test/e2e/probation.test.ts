/**
 * Releases that have to prove themselves: committed when they stay healthy, gone back from, hot, when they do not; the
 * answer is kept, and the build is not installed again without being told so.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildTars,
  done,
  jsonOf,
  openWorkshop,
  type Ran,
  type Release,
  record,
  telling,
  until,
  type Workshop,
} from '../support/e2e_node.js'

const test = suite('e2e/probation')

let shop: Workshop
let node: Release

/** A module that is asked: 1.1.0 is healthy, 1.1.1 never. */
const HEALTH = {
  'src/health.ts': "export const check = () => 'fine'\n",
}
const SICK_WAY = [
  { op: 'load_module', module: 'health' },
  { op: 'load_module', module: 'words' },
  { op: 'update', module: 'tally' },
  { op: 'update', module: 'counter', change: { advanced: [] }, mod_deps: ['words', 'tally'] },
]
const SICK = {
  'src/health.ts': "export const check = () => ['error', 'no database']\n",
  'appup.json': {
    vsn: '1.1.1',
    up: [{ from: '1.0.0', instructions: SICK_WAY }],
    down: [{ to: '1.0.0', instructions: SICK_WAY }],
  },
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const tar = await buildTars(
      await shop.project('project', [
        { vsn: '1.0.0', counter: HEALTH },
        { vsn: '1.1.0', counter: HEALTH },
        { vsn: '1.1.1', counter: SICK },
      ]),
    )
    node = await shop.deploy('node', tar('1.0.0'))
    await node.start()
    for (const vsn of ['1.1.0', '1.1.1']) done(await node.bin(['unpack', tar(vsn)]))
    for (let n = 1; n <= 5; n++) await node.get('/next')
  }),
)

test.after(() => shop.close())

const upgrade = (vsn: string, ...args: string[]): Promise<Ran> => node.bin(['upgrade', vsn, ...args])
const QUICK = ['--health-interval', '50ms', '--health-timeout', '1s']

test('one that stays healthy is made permanent', async () => {
  const ran = await upgrade('1.1.0', '--commit-after', '400ms', '--health', 'counter/health:check', ...QUICK)
  assert.match(done(ran), /It proved itself and is permanent/)
  assert.ok(ran.ms >= 400)
  assert.is(await node.versions(), '1.1.1 unpacked, 1.1.0 permanent, 1.0.0 old')
  done(await node.bin(['downgrade', '1.0.0']))
  done(await node.bin(['commit']))
  assert.is((await node.get()).n, 5)
})

test('one that is unhealthy is gone back from, hot, and what it answered is kept', async () => {
  const pid = (await node.get()).os
  const ran = await upgrade('1.1.1', '--health', 'counter/health:check', ...QUICK)
  assert.is(ran.code, 10)
  assert.match(
    ran.stderr,
    /"1\.1\.1" was installed and is not healthy: \[ 'error', 'no database' \]; the node runs "1\.0\.0" again/,
  )
  const look = await node.get()
  assert.equal([look.version, look.n, look.os], ['1.0.0', 5, pid])
  assert.is(await node.versions(), '1.1.1 old, 1.1.0 old, 1.0.0 permanent')
  const { history } = jsonOf(await node.bin(['history', '--json']))
  const entries = Array.isArray(history) ? history.slice(-3) : []
  assert.equal(
    entries.map(({ who, action, to, outcome }) => [who === 'health check', action, to, outcome]),
    [
      [false, 'install', '1.1.1', 'ok'],
      [true, 'probation', '1.1.1', 'unhealthy'],
      [true, 'install', '1.0.0', 'ok'],
    ],
  )
  assert.match(entries[1].message, /no database/)
})

test('a bad build is not installed again, unless it is insisted on', async () => {
  const refused = await upgrade('1.1.1')
  assert.is(refused.code, 9)
  assert.match(
    refused.stderr,
    /this build of "1\.1\.1" was installed before .* and was not healthy: .*no database.*; build it anew/,
  )
  const [{ vsn }] = JSON.parse(await readFile(`${node.root}/releases/bad_builds.json`, 'utf8'))
  assert.is(vsn, '1.1.1')
  done(await upgrade('1.1.1', '--again'))
  done(await node.bin(['downgrade', '1.0.0']))
})

test('an answer over HTTP counts by its status, and no answer at all is a bad one', async () => {
  let status = 200
  const server = createServer((_request, response) => response.writeHead(status).end('words of the service'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/health`
  try {
    assert.match(done(await upgrade('1.1.0', '--commit-after', '100ms', '--health', url, ...QUICK)), /proved itself/)
    done(await node.bin(['downgrade', '1.0.0']))
    done(await node.bin(['commit']))
    status = 503
    const ran = await upgrade('1.1.0', '--commit-after', '10s', '--health', url, ...QUICK)
    assert.is(ran.code, 10)
    assert.match(ran.stderr, /is not healthy: HTTP 503 words of the service;/)
  } finally {
    server.close()
  }
  const gone = await upgrade('1.1.0', '--again', '--health', url, ...QUICK)
  assert.match(gone.stderr, /is not healthy: connect ECONNREFUSED/)
})

test('a probation goes on when its client is gone, and is seen in versions', async () => {
  const running = upgrade('1.1.0', '--again', '--commit-after', '1500ms', '--health', 'counter/health:check', ...QUICK)
  const probation = await until('a probation', async () => record((await node.call('releases')).probation))
  assert.equal([probation.vsn, probation.of_ms], ['1.1.0', 1500])
  assert.match(done(await node.bin(['versions'])), /1\.1\.0 is on probation: .* to go, 'fine'/)
  running.catch(() => {})
  await until('it is committed', async () =>
    (await node.versions()).startsWith('1.1.1 old, 1.1.0 permanent') ? true : undefined,
  )
  done(await node.bin(['downgrade', '1.0.0']))
  done(await node.bin(['commit']))
})

test('what somebody else does meanwhile ends it', async () => {
  const running = upgrade('1.1.0', '--commit-after', '20s', ...QUICK)
  await until('a probation', async () => record((await node.call('releases')).probation))
  done(await node.bin(['downgrade', '1.0.0']))
  assert.match(done(await running), /Its probation ended: something else was installed or committed meanwhile/)
  assert.is((await node.get()).version, '1.0.0')
})

const REFUSED = [
  [['--health', 'nonsense'], /health: got 'nonsense'; allowed is a URL that begins with http:\/\/ or https:\/\/, or/],
  [['--commit-after', 'soon'], /--commit-after is a time such as 500ms, 60s, 5m or 1h; got "soon"/],
] as const
for (const [args, words] of REFUSED) {
  test(`refused before anything is done: ${args.join(' ')}`, async () => {
    const ran = await upgrade('1.1.0', ...args)
    assert.ok(ran.code !== 0)
    assert.match(ran.stderr, words)
    assert.is((await node.get()).version, '1.0.0')
  })
}

test.run()
