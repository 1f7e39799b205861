/** `dev`: runs the project, and puts every save into the running node. The work is cli/dev's; here are the words. */
import { err, ok } from '../../schemas/result.js'
import type { DevEvent } from '../dev/events.js'
import { type Keys, openKeys } from '../dev/keys.js'
import { openSession } from '../dev/session.js'
import { connect, DEFAULT_TIMEOUT_MS } from '../node/client.js'
import { clientFailure } from '../node/client_error.js'
import { type Arguments, flag, list, text } from '../node/command.js'
import { forDev } from '../release/build.js'
import { warningLines } from '../render/error.js'
import { type Outcome, type Report, report } from '../render/failure.js'
import { count, formatMs } from '../render/steps.js'
import { type CliContext, chooseRelease, configOptions, projectPath, readProject, shown } from './project.js'

/** Runs until it is told to quit. */
export async function dev(args: Arguments, context: CliContext): Promise<Outcome> {
  const file = await projectPath(args, context)
  if (!file.ok) return file
  const project = await readProject(args, context)
  if (!project.ok) return project
  const release = chooseRelease(project.value, text(args, 'name'))
  if (!release.ok) return release
  const root = `${forDev(project.value).output}/rel/${release.value}`
  const before = await connect({ root })
  if (before.ok) {
    before.value.close()
    return err({
      exit: 'refused',
      tag: 'already_running',
      message: `a node of "otp-rel dev" runs already (process ${before.value.node.pid}): another one runs, or was killed`,
      hints: [`stop it with "${context.program} stop --root ${shown(root, context)}"`],
    })
  }
  if (before.error.tag !== 'not_running' && before.error.tag !== 'no_release')
    return err(clientFailure(before.error, context.program))
  let keys: Keys | undefined
  const tell = (event: DevEvent) => {
    context.show(words(event, context))
    keys?.hold()
  }
  const node = { ...context, target: { root }, timeoutMs: DEFAULT_TIMEOUT_MS, packagesOf: () => [] }
  const opened = await openSession({
    project: file.value,
    config: configOptions(args, context),
    release: release.value,
    args: list(args, 'rest'),
    json: flag(args, 'json'),
    context: node,
    tell,
  })
  if (!opened.ok) return opened
  const session = opened.value
  keys = openKeys(session, context)
  await keys.quit
  await session.close()
  keys.close()
  return ok(report({ event: 'quit' }, ['stopped']))
}

function words(event: DevEvent, context: CliContext): Omit<Report, 'warnings'> {
  const data = event
  const show = (faults: readonly Parameters<typeof warningLines>[0][number][]) =>
    faults.map((fault) => (fault.file === undefined ? fault : { ...fault, file: shown(fault.file, context) }))
  switch (event.event) {
    case 'started':
      return {
        data,
        lines: (style) => [
          `${style.green(`${event.name} ${event.vsn}`)} runs (process ${event.pid}, ${formatMs(event.ms)}); save a file, and it is live`,
        ],
      }
    case 'live': {
      const did = [
        ...(event.migrated > 0 ? [`${count(event.migrated, 'state')} converted`] : []),
        ...event.started.map((id) => `${id} started`),
        ...event.stopped.map((id) => `${id} stopped`),
      ]
      const what = [
        ...event.changed,
        ...event.added.map((id) => `${id} (new)`),
        ...event.removed.map((id) => `${id} (removed)`),
      ].join(', ')
      return {
        data,
        lines: (style) => [
          ...warningLines(show(event.warnings), style),
          `${style.green('live')} in ${Math.max(1, Math.round(event.ms))} ms: ${what}${did.length === 0 ? '' : style.dim(`; ${did.join(', ')}`)}`,
          ...event.notes.map((note) => `  ${style.yellow('note')} ${note}`),
        ],
      }
    }
    case 'same':
      return { data, lines: (style) => [style.dim(`${event.paths.join(', ')}: the code is the same`)] }
    case 'unbuilt': {
      const said = `${event.path} is not what the node loads of ${event.package}: build the package, and its result is taken in`
      return { data, lines: (style) => [style.dim(said)] }
    }
    case 'faults':
      return {
        data,
        lines: (style) => [
          ...warningLines(show(event.faults), style),
          `${style.red('not live')}: ${count(event.faults.length, 'fault')}; what ran before runs on`,
        ],
      }
    case 'refused':
      return {
        data,
        lines: (style) => [`${style.red('not live')}: ${event.message}`, '  r builds and restarts, with new state'],
      }
    case 'restarting':
      return { data, lines: (style) => [`${style.yellow('restarting')} the node, with new state: ${event.why}`] }
    case 'ended':
      return {
        data,
        lines: (style) => [
          `${style.red('the node has ended')} (${event.how}); it is started again at the next save, or with r`,
        ],
      }
  }
}
