/** `rehearse VSN`: an upgrade of copies of the live states; the node that runs is not touched. */
import { err, ok, type Result } from '../../../schemas/result.js'
import type { Failure, Report } from '../../render/failure.js'
import { record } from '../../render/record.js'
import { rehearsalFailure, rehearsalLines } from '../../render/rehearsal.js'
import { listOf, releases, running } from '../answer.js'
import { call, withNode } from '../ask.js'
import type { Client } from '../client.js'
import { type NodeCommand, type NodeContext, text } from '../command.js'
import { findPackage, who } from './upgrade.js'

/** Rehearses, and fails where a state could not be converted. */
export const rehearse: NodeCommand = (args, context) =>
  withNode(context, async (client) => {
    const vsn = text(args, 'vsn') ?? ''
    const known = await call(client, context, 'releases', {})
    if (!known.ok) return known
    const all = releases(known.value)
    const tar = all.some((one) => one.vsn === vsn)
      ? ok(undefined)
      : findPackage(vsn, text(args, 'tar'), running(all)?.name ?? client.node.name, context)
    return tar.ok ? rehearseOn(client, context, vsn, tar.value) : tar
  })

/** Rehearses on a node that is connected. */
export async function rehearseOn(
  client: Client,
  context: NodeContext,
  vsn: string,
  tar: string | undefined,
): Promise<Result<Report, Failure>> {
  const answer = await call(client, context, 'rehearse', { vsn, ...(tar === undefined ? {} : { tar }), who: who() })
  if (!answer.ok) return answer
  const data = answer.value
  const failed = listOf(data, 'processes').some((one) => record(one)?.outcome === 'failed')
  if (failed) return err(rehearsalFailure(data, client.node.name))
  return ok({ data, lines: (style) => rehearsalLines(data, client.node.name, context.program, style) })
}
