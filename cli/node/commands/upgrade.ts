/**
 * `upgrade`, `downgrade`, `commit`, `unpack`, `remove`: the way of a release through a node.
 *
 * OTP: release_handler's unpack_release, check_install_release, install_release, make_permanent, remove_release; an
 * upgrade here is the first three in one go, because each alone is of use only when something went wrong.
 */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { type Failure, type Outcome, report } from '../../render/failure.js'
import { didYouMean } from '../../render/nearest.js'
import { record } from '../../render/record.js'
import { parseMs } from '../../render/steps.js'
import { afterRestart, restartIn } from '../after_restart.js'
import { listOf, type ReleaseFacts, releases, running, textOf } from '../answer.js'
import { ask, call, withNode } from '../ask.js'
import type { Client } from '../client.js'
import { type Arguments, flag, type NodeCommand, type NodeContext, number, text } from '../command.js'
import { betweenHooks } from '../hooks.js'
import { toStep } from '../progress.js'
import { commitOffline } from './commit_offline.js'
import { ranBefore } from './ran_before.js'
import { checkLines, installLines, leftLines, restartLines, startWarnings } from './upgrade_text.js'

/** Makes the running node the given version; its package is found and unpacked where the node does not have it yet. */
export const upgrade: NodeCommand = async (args, context) => {
  const vsn = text(args, 'vsn') ?? ''
  // What is refused for plain reasons asks no hook.
  const tar = await withNode(context, (client) => packageOf(vsn, text(args, 'tar'), client, context))
  if (!tar.ok) return tar
  return betweenHooks(() => withNode(context, (client) => install(client, context, 'upgrade', vsn, tar.value, args)))(
    args,
    context,
  )
}

/** The package of a version; undefined where the node needs none. */
async function packageOf(
  vsn: string,
  given: string | undefined,
  client: Client,
  context: NodeContext,
): Promise<Result<string | undefined, Failure>> {
  const known = await call(client, context, 'releases', {})
  if (!known.ok) return known
  const all = releases(known.value)
  const versions = all.map((one) => one.vsn)
  // A package that is named may hold another build of a version that is known.
  if (given === undefined && versions.includes(vsn)) return ok(undefined)
  const name = running(all)?.name ?? client.node.name
  const tar = findPackage(vsn, given, name, context, versions)
  if (!tar.ok || tar.value === undefined) return tar
  const holds = await call(client, context, 'package', { tar: tar.value })
  // A node of before cannot say it, and refuses later.
  if (!holds.ok) return holds.error.tag === 'unknown_method' ? tar : holds
  const [itsName = name, itsVsn = vsn] = [textOf(holds.value, 'name'), textOf(holds.value, 'vsn')]
  if (itsVsn === vsn) return tar
  return err({
    exit: 'bad_package',
    tag: 'bad_package',
    message: `${tar.value} holds ${itsName} ${itsVsn}, not ${vsn}; nothing was done`,
    facts: { file: tar.value, vsn: itsVsn, asked: vsn },
  })
}

/** Takes the running node back to a version it still has: the one given, else the one that boots, else the one before. */
export const downgrade: NodeCommand = async (args, context) => {
  const given = text(args, 'vsn')
  const vsn = given === undefined ? await withNode(context, (client) => wayBack(client, context)) : ok(given)
  if (!vsn.ok) return vsn
  return betweenHooks(() =>
    withNode(context, (client) => install(client, context, 'downgrade', vsn.value, undefined, args)),
  )({ ...args, vsn: vsn.value }, context)
}

/** The version to go back to where none is named. */
async function wayBack(client: Client, context: NodeContext): Promise<Result<string, Failure>> {
  const known = await call(client, context, 'releases', {})
  if (!known.ok) return known
  const all = releases(known.value)
  const [runs, boots] = [running(all)?.vsn, all.find(({ status }) => status === 'permanent')?.vsn]
  if (boots !== undefined && boots !== runs) return ok(boots)
  const history = await call(client, context, 'history', {})
  const before = history.ok ? ranBefore(listOf(history.value, 'history'), all, runs) : undefined
  return before === undefined ? err(nothingBack(runs ?? '', all, context)) : ok(before)
}

/** What runs is what boots, and nothing ran before it: a version has to be named. */
function nothingBack(vsn: string, all: readonly ReleaseFacts[], { program }: NodeContext): Failure {
  const others = all.filter(({ status }) => status === 'old').map((one) => one.vsn)
  return {
    exit: 'refused',
    tag: 'already_installed',
    message: `${vsn} runs and is what boots, and no other version is known to have run before it`,
    hints:
      others.length === 0
        ? [`see what the node has with "${program} versions"`]
        : [`say which version: ${others.map((one) => `"${program} downgrade ${one}"`).join(' or ')}`],
    facts: { vsn, others },
  }
}

/** Makes the version that runs, or the one given, the one that boots; the one given also where no node runs. */
export const commit: NodeCommand = async (args, context) => {
  const outcome = await commitOnNode(args, context)
  if (outcome.ok || outcome.error.exit !== 'not_running') return outcome
  return commitOffline(text(args, 'vsn'), who(), context, outcome.error)
}

const commitOnNode: NodeCommand = (args, context) =>
  withNode(context, async (client) => {
    const given = text(args, 'vsn')
    const known = given === undefined ? await call(client, context, 'releases', {}) : ok([])
    if (!known.ok) return known
    const vsn = given ?? running(releases(known.value))?.vsn
    const answer = await call(client, context, 'commit', {
      ...(vsn === undefined ? {} : { vsn }),
      ...(flag(args, 'end-old-code') ? { end_old_code: true } : {}),
      who: who(),
    })
    if (!answer.ok) return answer
    const name = client.node.name
    const what = textOf(answer.value, 'vsn') ?? vsn ?? 'the version that runs'
    const lines = [`${name} ${what} is permanent: it is what boots from now on`, ...leftLines(answer.value)]
    return ok({ ...report(answer.value, lines), warnings: startWarnings(answer.value, what) })
  })

/** Puts a package's release on the node without installing it. */
export const unpack: NodeCommand = (args, context) =>
  withNode(context, async (client) => {
    const wanted = text(args, 'package') ?? ''
    // What looks like a file is one, also when it is not there.
    const isFile = existsSync(wanted) || /[/\\]|\.tar\.gz$/.test(wanted)
    const tar = findPackage(wanted, isFile ? wanted : undefined, client.node.name, context)
    if (!tar.ok) return tar
    const answer = await call(
      client,
      context,
      'unpack',
      { ...(tar.value === undefined ? { vsn: wanted } : { tar: tar.value }), who: who() },
      { onProgress: (said) => show(said, context) },
    )
    if (!answer.ok) return answer
    const vsn = typeof answer.value === 'string' ? answer.value : (textOf(answer.value, 'vsn') ?? wanted)
    return ok(
      report(answer.value, [
        `${client.node.name} ${vsn} is unpacked`,
        `Install it:   ${context.program} upgrade ${vsn}`,
      ]),
    )
  })

/** Removes a version's files from the node; neither the one that runs nor the one that boots. */
export const remove: NodeCommand = async (args, context) => {
  const vsn = text(args, 'vsn') ?? ''
  const answer = await ask(context, 'remove', { vsn, who: who() })
  return answer.ok ? ok(report(answer.value, [`${vsn} is removed`])) : answer
}

/**
 * The tar of a version: the one given, else none when its files are in place already, else the first of the usual
 * places that has it.
 */
export function findPackage(
  vsn: string,
  given: string | undefined,
  name: string,
  context: NodeContext,
  known: readonly string[] = [],
): Result<string | undefined, Failure> {
  const places =
    given === undefined
      ? [...context.packagesOf(vsn, name), join(context.target.root, 'releases', `${name}-${vsn}.tar.gz`)]
      : [given]
  // A build puts its files where this node runs from; then there is nothing to unpack, and the node looks at them itself.
  const inPlace = join(context.target.root, 'releases', vsn, `${name}.rel.json`)
  if (given === undefined && existsSync(inPlace)) return ok(undefined)
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return ok(resolve(found))
  const looked = [...new Set(places)].map((place) => `"${place}"`).join(' and ')
  return err({
    exit: given === undefined ? 'refused' : 'bad_input',
    tag: given === undefined ? 'no_such_release' : 'no_such_file',
    message:
      given === undefined
        ? `the node has no version "${vsn}", and there is no package of it: looked for ${looked}${didYouMean(vsn, known)}`
        : `there is no package ${looked}`,
    hints: [
      `see what the node has with "${context.program} versions"`,
      'build the package with "otp-rel tar", or say where it is with --tar FILE',
    ],
    facts: { vsn, looked: places },
  })
}

async function install(
  client: Client,
  context: NodeContext,
  method: 'upgrade' | 'downgrade',
  vsn: string,
  tar: string | undefined,
  args: Arguments,
): Promise<Outcome> {
  const dryRun = flag(args, 'dry-run')
  const timeouts = {
    suspend_timeout: number(args, 'suspend-timeout'),
    code_change_timeout: number(args, 'code-change-timeout'),
    start_timeout: number(args, 'start-timeout'),
  }
  const proving = dryRun ? ok({}) : probation(args)
  if (!proving.ok) return proving
  const params = {
    vsn,
    tar,
    ...timeouts,
    ...proving.value,
    unsuspended: text(args, 'unsuspended'),
    error_action: text(args, 'error-action'),
    ...(flag(args, 'keep-children') ? { update_children: false } : {}),
    ...(flag(args, 'again') ? { again: true } : {}),
    ...(flag(args, 'restart') ? { restart: true } : {}),
    who: who(),
  }
  const answer = await call(client, context, dryRun ? 'check' : method, params, {
    onProgress: (said) => show(said, context),
  })
  if (!answer.ok) {
    const restarts = answer.error.exit === 'upgrade_not_undone' && params.error_action !== undefined
    return restarts ? err({ ...answer.error, hints: ['the node ends now, and the permanent release boots'] }) : answer
  }
  const { name } = client.node
  let data = answer.value
  const id = dryRun ? undefined : restartIn(data)
  if (id !== undefined) {
    client.close()
    context.progress({ verb: 'restarting', text: `${name} ${vsn}` })
    const over = await afterRestart(id, client.node.pid, vsn, context)
    if (!over.ok) return over
    const { entry, node, pid } = over.value
    data = { ...record(data), ...record(entry), node, pid }
    if (!isAsked(proving.value)) {
      const now = await ask(context, 'releases')
      const boots = now.ok ? releases(now.value).find(({ status }) => status === 'permanent')?.vsn : undefined
      return ok(report(data, restartLines(data, name, vsn, boots, context.program)))
    }
    const proved = await prove({ from: textOf(data, 'from'), ...proving.value, who: who() }, context)
    if (!proved.ok) return proved
    data = { ...record(data), ...record(proved.value) }
    return ok(report(data, installLines(data, name, vsn, undefined, context.program)))
  }
  const warnings = startWarnings(data, vsn)
  if (dryRun) return ok({ data, lines: (style) => checkLines(data, name, vsn, style), warnings })
  const after = await call(client, context, 'releases', {})
  const permanent = after.ok ? releases(after.value).find(({ status }) => status === 'permanent')?.vsn : undefined
  return ok({ ...report(data, installLines(data, name, vsn, permanent, context.program)), warnings })
}

/** How the version has to prove itself before it is committed by itself: the options as the node takes them. */
function probation(args: Arguments): Result<object, Failure> {
  const params: Record<string, string | number> = {}
  const health = text(args, 'health')
  const failures = number(args, 'health-failures')
  if (health !== undefined) params.health = health
  if (failures !== undefined) params.health_failures = failures
  for (const [option, param] of [
    ['commit-after', 'commit_after'],
    ['health-interval', 'health_interval'],
    ['health-timeout', 'health_timeout'],
  ] as const) {
    const given = text(args, option)
    const ms = given === undefined ? undefined : parseMs(given)
    if (given !== undefined && ms === undefined) {
      const message = `--${option} is a time such as 500ms, 60s, 5m or 1h; got "${given}"`
      return err({ exit: 'usage', tag: 'bad_option', message })
    }
    if (ms !== undefined) params[param] = ms
  }
  return ok(params)
}

const isAsked = (params: object): boolean => 'health' in params || 'commit_after' in params

/** The probation of a version that needed a restart, on the node that came. */
const prove = (params: object, context: NodeContext): Promise<Result<unknown, Failure>> =>
  withNode(context, (client) => call(client, context, 'prove', params, { onProgress: (said) => show(said, context) }))

/** Who asks, for the node's history; behind `sudo` the person, not root. */
export function who(): string {
  const { SUDO_USER: person } = process.env
  try {
    const { username } = userInfo()
    return person === undefined || person === username ? username : `${person} as ${username}`
  } catch {
    // A user without an entry in the system's list, as in many containers.
    return String(process.getuid?.() ?? '')
  }
}

function show(said: unknown, { progress }: NodeContext): void {
  const step = toStep(said)
  if (step !== undefined) progress(step, said)
}
