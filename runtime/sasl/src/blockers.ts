/**
 * Who stands still while somebody waits for his answer. OTP has no such thing: there the order of a relup says who is
 * suspended first, and a caller must come before whom it calls.
 */
import type { Pid } from '../../erts/term.js'

/**
 * Those that stand still and are waited for, by one of `pending` or by somebody else that it waits for.
 *
 * @param stand who stands still
 * @param waitsFor whose answers a process waits for
 * @returns each once, in no particular order
 */
export function blockers<T>(
  pending: Iterable<Pid>,
  stand: ReadonlyMap<Pid, T>,
  waitsFor: (pid: Pid) => readonly Pid[],
): readonly T[] {
  const seen = new Set<Pid>(pending)
  const found: T[] = []
  // Grows while it is walked.
  for (const pid of seen) {
    const one = stand.get(pid)
    if (one !== undefined) found.push(one)
    else for (const server of waitsFor(pid)) seen.add(server)
  }
  return found
}
