/** What can be asked about processes. OTP: `process_info/1,2`, `processes/0`. */
import { error } from './exit.js'
import { moduleName } from './modules.js'
import { allProcesses, type Process } from './proc.js'
import { visible } from './scheduler.js'
import { linksOf, NODE } from './signal.js'
import type { Pid } from './term.js'

function initialCall({ initialCall: call }: Process): readonly [module: string, fun: string, arity: number] {
  return call === null ? ['erts/process', 'spawn', 1] : [moduleName(call[0]), call[1], call[2]]
}

/** The items, in OTP's words. Those that JavaScript cannot know are there with a value that stands for nothing. */
const ITEMS = {
  registered_name: (p: Process) => p.name ?? [],
  initial_call: (p: Process) => initialCall(p),
  /** What it runs is not known in JavaScript: what it waits in, else what it was started with. */
  current_function: (p: Process): readonly unknown[] =>
    p.extra?.waiter != null
      ? ['erts/process', 'receive', 2]
      : p.loop !== null && !p.busy
        ? ['module' in p.loop ? String(p.loop.module) : moduleName(p.loop.code), 'loop', 1]
        : initialCall(p),
  current_stacktrace: (_: Process): readonly string[] => [],
  current_module: (p: Process) => moduleName(p.running?.module ?? p.loop?.code ?? 'erts/process'),
  status: (p: Process) => (p.busy ? 'running' : p.scheduled ? 'runnable' : 'waiting'),
  message_queue_len: (p: Process) => p.count,
  messages: (p: Process) => Array.from({ length: p.count }, (_, i) => visible(p.kindAt(i), p.payloadAt(i))),
  links: (p: Process) => linksOf(p).map((peer) => peer.pid),
  monitors: (p: Process) => [...(p.extra?.monitors ?? [])].map((m) => ['process', m.object]),
  monitored_by: (p: Process) => [...(p.extra?.monitoredBy ?? [])].map((m) => m.watcher.pid),
  dictionary: (p: Process) => [...(p.extra?.dictionary ?? [])],
  trap_exit: (p: Process) => p.trapExit,
  priority: () => 'normal',
  group_leader: (p: Process) => p.groupLeader,
  ancestors: (p: Process) => p.ancestors,
  reductions: (p: Process) => p.reductions,
  // There is one heap, and nobody knows whose what is.
  memory: () => 0,
  heap_size: () => 0,
  total_heap_size: () => 0,
  stack_size: () => 0,
  node: () => NODE,
} satisfies Record<string, (p: Process) => unknown>

/** An item of {@link processInfo}. */
export type InfoItem = keyof typeof ITEMS

/** Everything that is known of a process. `registered_name` is missing for one without a name. */
export type ProcessInfo = { [Item in InfoItem]?: unknown }

/** All living processes, oldest first. OTP: `processes/0`. */
export const processes = (): Pid[] => allProcesses().map((proc) => proc.pid)

/** Whether a process lives. OTP: `is_process_alive/1`. */
export const isAlive = (pid: Pid): boolean => pid.proc !== null && !pid.proc.dead

/**
 * Facts about a process. OTP: `process_info/1,2`.
 *
 * @returns all of them; one as `[item, value]` (`[]` for the name of a process without one); a list of those asked for,
 *          each as `[item, value]`; undefined when dead
 * @throws ErlangError `badarg` for an unknown item
 */
export function processInfo(pid: Pid): ProcessInfo | undefined
export function processInfo(pid: Pid, item: InfoItem): [InfoItem, unknown] | [] | undefined
export function processInfo(pid: Pid, items: readonly InfoItem[]): [InfoItem, unknown][] | undefined
export function processInfo(
  pid: Pid,
  item?: InfoItem | readonly InfoItem[],
): ProcessInfo | [InfoItem, unknown] | [InfoItem, unknown][] | [] | undefined {
  const items: readonly InfoItem[] = item === undefined ? [] : typeof item === 'string' ? [item] : item
  if (!items.every((one) => Object.hasOwn(ITEMS, one))) error('badarg')
  const proc = pid.proc
  if (proc === null || proc.dead) return undefined
  if (item === undefined) {
    const all: Record<string, unknown> = {}
    for (const [name, ask] of Object.entries(ITEMS))
      if (name !== 'registered_name' || proc.name !== null) all[name] = ask(proc)
    return all
  }
  if (item === 'registered_name' && proc.name === null) return []
  return typeof item === 'string'
    ? [item, ITEMS[item](proc)]
    : items.map((one): [InfoItem, unknown] => [one, ITEMS[one](proc)])
}

/** Which version of which module a process is running right now: over an await in a callback, or for its whole life. */
export function runningCode(pid: Pid): readonly { readonly token: object; readonly module: string }[] {
  const proc = pid.proc
  if (proc === null || proc.dead || proc.running === null || proc.running.token === undefined) return []
  return [{ token: proc.running.token, module: moduleName(proc.running.module) }]
}
