/**
 * The whole line on real processes: builds two versions of the chat, boots the first, upgrades it live under load,
 * goes back, upgrades again, commits, and restarts. Prints what the clients saw; ends with status 1 when anything was
 * lost. Everything stays on 127.0.0.1.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extract } from 'tar'
import { otpRel, PROJECT, run } from './cli.js'
import { getJson } from './http_client.js'
import { Load } from './load.js'
import { printTable } from './table.js'

const CLIENTS = 200
const ROOMS = 20
const HTTP_CLIENTS = 8
/** Load before, between and after the changes, ms. */
const PHASE_MS = 2000

interface Upgraded {
  readonly from: string
  readonly to: string
  readonly duration_ms: number
  readonly longest_pause_ms: number
  readonly migrated: number
}

const startedMs = performance.now()
const deploy = await mkdtemp(join(tmpdir(), 'chat-demo-'))
const node = ['--root', deploy] as const
const bin = join(deploy, 'bin', 'chat')

const say = (text: string): void => {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`)
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits for something that the load brings about. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const untilMs = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`${what}: not within 10 s`)
    await pause(5)
  }
}

async function start(): Promise<number> {
  const ran = await run(bin, ['start', '--chat_web', 'port=0'])
  if (ran.status !== 0) throw new Error(`bin/chat start ended with ${ran.status}\n${ran.stdout}${ran.stderr}`)
  return otpRel<number>('rpc', 'chat_web/listener', 'port', ...node)
}

async function change(load: Load, command: 'upgrade' | 'downgrade', vsn: string): Promise<Upgraded> {
  const summary = await otpRel<Upgraded>(command, vsn, ...node)
  say(
    `${command}d to ${vsn}: ${summary.migrated} states converted, longest pause of a process ${summary.longest_pause_ms.toFixed(1)} ms, ${summary.duration_ms.toFixed(0)} ms in all`,
  )
  const style = vsn === '1.0.0' ? 'old' : 'new'
  await until(`every client sees the behaviour of ${vsn}`, () =>
    load.clients.every((client) => client.lastStyle === style),
  )
  say(`all ${load.clients.length} connections see the behaviour of ${vsn}`)
  return summary
}

async function demo(): Promise<boolean> {
  say('otp-rel build; otp-rel tar: chat 1.0.0 and chat 1.1.0')
  await otpRel('build')
  // what an earlier demo packed is nobody's
  await otpRel('tar', '--force')
  say('unpacking chat-1.0.0.tar.gz into an empty folder')
  await extract({ file: join(PROJECT, '_build', 'tar', 'chat-1.0.0.tar.gz'), cwd: deploy })
  say('bin/chat start')
  const port = await start()
  const booted = await getJson<{ version: string; motd: string }>(port, '/version')
  say(`chat ${booted.version} serves http://127.0.0.1:${port} ("${booted.motd}")`)

  say(`${CLIENTS} WebSocket clients in ${ROOMS} rooms, ${HTTP_CLIENTS} kept-alive HTTP clients`)
  const load = await Load.start({ port, clients: CLIENTS, rooms: ROOMS, httpClients: HTTP_CLIENTS, everyMs: 100 })
  const changes: Upgraded[] = []
  await pause(PHASE_MS)
  changes.push(await change(load, 'upgrade', '1.1.0'))
  const after = await getJson<{ motd: string }>(port, '/version')
  await until('every client is told the new message of the day', () =>
    load.clients.every((client) => client.announcements.includes(after.motd)),
  )
  await pause(PHASE_MS)
  changes.push(await change(load, 'downgrade', '1.0.0'))
  await pause(PHASE_MS)
  changes.push(await change(load, 'upgrade', '1.1.0'))
  await pause(PHASE_MS)
  await otpRel('commit', '1.1.0', ...node)
  say('committed: 1.1.0 is what boots from now on')

  const seen = await load.stop()
  const wrong = await load.wrongHistories()
  load.close()
  say('bin/chat stop; bin/chat start')
  await run(bin, ['stop'])
  const again = await getJson<{ version: string }>(await start(), '/version')
  say(`after the restart: chat ${again.version}`)
  await run(bin, ['stop'])

  const good = printTable([
    ['connections dropped', seen.dropped + seen.reconnects, 0],
    ['messages lost', seen.lost, 0],
    ['messages out of order', seen.outOfOrder, 0],
    ['requests failed', seen.requestsFailed, 0],
    ['rooms with a wrong history', wrong.length, 0],
    ['version after the restart', again.version, '1.1.0'],
    ['messages sent', seen.messages],
    ['messages delivered', seen.deliveries],
    ['requests answered', seen.requests],
    ['states converted', changes.reduce((total, { migrated }) => total + migrated, 0)],
    ['longest pause of a process', `${Math.max(...changes.map((one) => one.longest_pause_ms)).toFixed(1)} ms`],
    ['longest gap a client saw', `${seen.longestGapMs.toFixed(1)} ms`],
    ['longest request', `${seen.longestRequestMs.toFixed(1)} ms`],
    ['upgrade, downgrade, upgrade', changes.map(({ duration_ms }) => `${duration_ms.toFixed(0)} ms`).join(', ')],
    ['total time', `${((performance.now() - startedMs) / 1000).toFixed(1)} s`],
  ])
  return good
}

try {
  const good = await demo()
  await rm(deploy, { recursive: true, force: true })
  process.exit(good ? 0 : 1)
} catch (failure) {
  console.error(failure instanceof Error ? failure.message : failure)
  console.error(`the node's folder is kept: ${deploy}`)
  await run(bin, ['stop']).catch(() => {})
  process.exit(1)
}
