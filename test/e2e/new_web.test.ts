/**
 * The HTTP server of a project of `otp-rel new`: it outlives what becomes of the process that listens. A kill, an upgrade that
 * restarts the application, one that changes what it answers, and a save under `otp-rel dev`.
 */
import { readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DevRun } from '../support/dev_session.js'
import { done, jsonOf, openWorkshop, otpRel, ROOT, telling, until, type Workshop } from '../support/e2e_node.js'
import { edit, freePort, scaffold } from '../support/scaffold.js'

const test = suite('e2e/new_web')

let shop: Workshop
let project: string
let port: number
let dev: DevRun | undefined

const rel = (...args: string[]) => otpRel(args, { cwd: project })
const answer = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}`)).text()
const source = (file: string) => join(project, 'apps/web', file)

/** Makes a version of the project, and the instructions to come to it from the one before. */
async function version(before: string, vsn: string, change: () => Promise<void>): Promise<void> {
  for (const file of [source('app.json'), join(project, 'otp.config.json')])
    await edit(file, `"vsn": "${before}"`, `"vsn": "${vsn}"`)
  await change()
  done(await rel('build'))
}

test.before(
  telling(async () => {
    shop = await openWorkshop()
    project = await scaffold(shop, 'web', 'service')
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'))
    port = await freePort()
    await edit(source('app.json'), '8080', String(port))
    done(await rel('build'))
    done(await rel('start'))
  }),
)

test.after(async () => {
  await dev?.stop()
  await shop.close()
})

test('killed, it listens again', async () => {
  assert.is(await answer(), '1\n')
  done(await rel('eval', 'Process.exitPid(Process.whereis("http"), "kill")'))
  const answered = await until('an answer', () => answer().catch(() => undefined))
  assert.is(answered, '2\n', 'the counter has not ended with it')
})

test('without the counter it answers that it cannot, and again when the counter is back', async () => {
  done(await rel('eval', 'Supervisor.terminateChild("web_sup", "counter")'))
  const response = await fetch(`http://127.0.0.1:${port}`)
  assert.is(response.status, 503)
  done(await rel('eval', 'Supervisor.restartChild("web_sup", "counter")'))
  assert.is(await answer(), '1\n')
})

test('status ends with 19 while an application of the release is stopped', async () => {
  done(await rel('eval', 'Application.stop("web")'))
  const down = await rel('status')
  assert.is(down.code, 19)
  assert.match(down.stdout, /not running +web\n/)
  done(await rel('eval', 'Application.start("web", "permanent")'))
  done(await rel('status'))
})

test('an upgrade that restarts the application, and back: it answers', async () => {
  const restart = [{ op: 'restart_application', application: 'web' }]
  await version('1.0.0', '1.1.0', () =>
    shop.put('web/apps/web', {
      'appup.json': {
        vsn: '1.1.0',
        up: [{ from: '1.0.0', instructions: restart }],
        down: [{ to: '1.0.0', instructions: restart }],
      },
    }),
  )
  done(await rel('upgrade', '1.1.0'))
  assert.is(await answer(), '1\n', 'a counter of its own')
  done(await rel('downgrade'))
  assert.is(await answer(), '1\n')
  done(await rel('upgrade', '1.1.0'))
})

test('an upgrade of what it answers: nothing to look at, and it is answered', async () => {
  await version('1.1.0', '1.2.0', async () => {
    await edit(source('src/http.ts'), 'response.end(`', 'response.end(`number ')
    const generated = jsonOf(await rel('appup', '--json'))
    assert.not.match(JSON.stringify(generated), 'init')
  })
  assert.is(await answer(), '1\n')
  done(await rel('upgrade', '1.2.0'))
  assert.is(await answer(), 'number 2\n')
  done(await rel('stop'))
})

test('a save of what it answers, under dev', async () => {
  dev = new DevRun(project)
  await dev.next('started')
  assert.is(await answer(), 'number 1\n')
  await edit(source('src/http.ts'), '`number ', '`the ')
  const live = await dev.next('live')
  assert.equal([live.changed, live.notes], [['web/http'], []])
  assert.is(await answer(), 'the 2\n')
})

test('the umbrella has the same server', async () => {
  const umbrella = await scaffold(shop, 'two', 'umbrella')
  const there = await readFile(join(umbrella, 'apps/two_web/src/http.ts'), 'utf8')
  await edit(source('src/http.ts'), '`the ', '`')
  const here = await readFile(source('src/http.ts'), 'utf8')
  assert.is(there.replace("'two/counter'", "'./counter.js'").replace("'two_web'", "'web'"), here)
})

test.run()
