import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../../cli/commands/run.js'
import type { Finding } from '../../../cli/doctor/checks.js'
import { capture } from '../support/capture.js'

const test = suite('cli/commands/doctor')
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'otp-doctor-')))
test.after(() => rmSync(dir, { recursive: true, force: true }))

function put(path: string, content: unknown): void {
  mkdirSync(join(dir, path, '..'), { recursive: true })
  writeFileSync(join(dir, path), JSON.stringify(content))
}

async function doctor(cwd: string, ...argv: string[]) {
  const { captured, world } = capture()
  const code = await runCli(['doctor', ...argv], { ...world, cwd })
  return { code, ...captured }
}

/** The process id of a program that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'close')
  return child.pid ?? 0
}

test('a release: the stale file of a dead node and a port in use are found, with exit code 0', async () => {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  mkdirSync(join(dir, 'rel/bin'), { recursive: true })
  put('rel/releases/1.0.0/sys.config.json', { shop: { http_port: port, report: 1 } })
  put('rel/run/node.json', { pid: await deadPid(), socket: 'run/sock', name: 'shop', vsn: '1.0.0' })
  const found = await doctor(join(dir, 'rel'))
  server.close()
  assert.is(found.code, 0, found.err)
  assert.match(found.out, /warning {2}\S+ +no node runs; process \d+ ended without/)
  assert.match(found.out, new RegExp(`port ${port} \\(shop\\.http_port\\) is in use`))
  assert.match(found.out, /\n2 warnings\n$/)
})

test('a configuration that is none is a fault with its place and its exit code, in JSON as data', async () => {
  put('bad/otp.config.json', { releases: [{ nam: 'x' }] })
  const { code, out, err } = await doctor(join(dir, 'bad'))
  assert.is(code, 3)
  assert.match(out, /^fault +config +.*otp\.config\.json:1:\d+ releases\[0\]/m)
  assert.is(err, '')
  const { error } = JSON.parse((await doctor(join(dir, 'bad'), '--json')).out)
  const faults = error.facts.findings.filter(({ level }: Finding) => level === 'fault')
  assert.ok(faults.length > 0)
  assert.is(error.code, 3)
})

test('a project: its applications and releases', async () => {
  put('good/otp.config.json', { releases: [{ name: 'x', vsn: '1.0.0', applications: ['x'] }] })
  put('good/apps/x/app.json', { name: 'x', vsn: '1.0.0' })
  const { code, out } = await doctor(join(dir, 'good'))
  assert.is(code, 0, out)
  assert.match(out, /1 application: x 1\.0\.0/)
  assert.match(out, /OK +build +x 1\.0\.0 can be built/)
  assert.match(out, /warning +build +.*sasl/)
  assert.match(out, /OK +x +nothing is built yet/)
})

test('what keeps a release from being built is a fault, told once, with paths as check has them', async () => {
  put('unbuilt/otp.config.json', { releases: [{ name: 'x', vsn: '1.0.0', applications: ['x', 'sasl'] }] })
  put('unbuilt/apps/x/app.json', { name: 'x', vsn: '1.0.0', mod: ['gone', []] })
  const bad = await doctor(join(dir, 'unbuilt'))
  assert.is(bad.code, 3)
  assert.is(bad.out.match(/callback module "gone"/g)?.length, 1)
  assert.match(bad.out, /fault +applications +apps\/x\/app\.json:1:/)
  put('unbuilt/apps/x/app.json', { name: 'x', vsn: '1.0.0' })
  mkdirSync(join(dir, 'unbuilt/apps/x/src'), { recursive: true })
  writeFileSync(join(dir, 'unbuilt/apps/x/src/a.ts'), `import 'not-there'\n`)
  const unbuilt = await doctor(join(dir, 'unbuilt'))
  assert.is(unbuilt.code, 4)
  assert.match(unbuilt.out, /fault +build +apps\/x\/src\/a\.ts:1:8: import of "not-there"/)
})

test('a folder that is no release', async () => {
  assert.is((await doctor(dir, '--root', 'bad')).code, 3)
})

test.run()
