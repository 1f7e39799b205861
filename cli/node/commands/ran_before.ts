/** Which version a node ran before the one it runs: what a plain `downgrade` goes back to where what runs is what boots. */
import { record } from '../../render/record.js'
import { type ReleaseFacts, textOf } from '../answer.js'

/** Entries of the history that make another version run, or boot, when they succeed. */
const CHANGES: ReadonlySet<string> = new Set(['install', 'reboot_old', 'make_permanent'])

/**
 * The version below `runs` on the way that led to it: each step up adds one, each step back takes those above away. What
 * was only unpacked, whose installation failed, or what is no longer there is not on it.
 *
 * @param history entries as the node has them, oldest first
 */
export function ranBefore(
  history: readonly unknown[],
  all: readonly ReleaseFacts[],
  runs: string | undefined,
): string | undefined {
  let way: readonly string[] = []
  for (const entry of history) {
    const [from = '', to = '', action = ''] = [textOf(entry, 'from'), textOf(entry, 'to'), textOf(entry, 'action')]
    if (record(entry)?.outcome !== 'ok' || !CHANGES.has(action)) continue
    if (way.includes(to)) way = way.slice(0, way.indexOf(to) + 1)
    // What was made to boot without having run came from nowhere.
    else if (action !== 'install') way = [to]
    else way = [...(way.length === 0 ? [from] : way), to]
  }
  const below = runs === undefined || !way.includes(runs) ? [] : way.slice(0, way.indexOf(runs))
  return below.filter((vsn) => all.some((one) => one.vsn === vsn && one.status === 'old')).at(-1)
}
