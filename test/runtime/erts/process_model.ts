/**
 * The rules of processes in a hundred lines: a model without scheduling, stacks or time of its own, against which the
 * runtime is run. What a process finds in its mailbox is known up to what OTP leaves open: signals of one sender are in
 * order, those that one event sends (the end of a process to its links and monitors) and those of different senders
 * are not.
 */

/** A message to come: its text, who sent it, and the event that did. */
export interface Expected {
  readonly text: string
  readonly source: number
  readonly event: number
}

/** Where a monitor, an alias or a timer stands. */
interface ModelMonitor {
  readonly watcher: number
  readonly target: number
  readonly object: string
  readonly alias: 'none' | 'demonitor' | 'reply_demonitor' | 'explicit_unalias'
}

interface ModelTimer {
  readonly dest: number | string
  readonly atMs: number
  readonly text: string
}

interface ModelProcess {
  readonly links: Set<number>
  trap: boolean
  name: string | undefined
  mailbox: Expected[]
}

/** Numbers stand for processes, monitors, aliases and timers; 0 is nobody. */
export class Model {
  readonly living = new Map<number, ModelProcess>()
  readonly names = new Map<string, number>()
  readonly monitors = new Map<number, ModelMonitor>()
  /** Active aliases: whose, and how they end. */
  readonly aliases = new Map<number, { readonly owner: number; readonly mode: string }>()
  readonly timers = new Map<number, ModelTimer>()
  /** Processes that ended in this event, with their reasons. */
  readonly ended = new Map<number, string>()
  #event = 0

  /** A new event begins. */
  next(): void {
    this.#event++
    this.ended.clear()
  }

  spawn(pid: number): void {
    this.living.set(pid, { links: new Set(), trap: false, name: undefined, mailbox: [] })
  }

  deliver(to: number, source: number, text: string): void {
    this.living.get(to)?.mailbox.push({ text, source, event: this.#event })
  }

  /** @returns false when the caller fails with `noproc` */
  link(a: number, b: number): boolean {
    const [one, other] = [this.living.get(a), this.living.get(b)]
    if (one === undefined || a === b) return true
    if (other === undefined) {
      if (one.trap) this.deliver(a, b, `EXIT ${b} noproc`)
      return one.trap
    }
    one.links.add(b)
    other.links.add(a)
    return true
  }

  unlink(a: number, b: number): void {
    this.living.get(a)?.links.delete(b)
    this.living.get(b)?.links.delete(a)
  }

  monitor(ref: number, watcher: number, target: number, object: string, alias: ModelMonitor['alias']): void {
    if (alias !== 'none') this.aliases.set(ref, { owner: watcher, mode: alias })
    this.monitors.set(ref, { watcher, target, object, alias })
    if (!this.living.has(target)) this.#down(ref, target, 'noproc')
    // Of oneself nobody is told: a monitor without an end.
    else if (watcher === target) this.monitors.delete(ref)
  }

  #down(ref: number, source: number, reason: string): void {
    const monitor = this.monitors.get(ref)
    if (monitor === undefined) return
    this.monitors.delete(ref)
    if (monitor.alias !== 'explicit_unalias') this.aliases.delete(ref)
    this.deliver(monitor.watcher, source, `DOWN ${ref} ${monitor.object} ${reason}`)
  }

  /** @returns whether it was active */
  demonitor(ref: number, by: number, flush: boolean): boolean {
    const active = this.monitors.delete(ref)
    if (this.aliases.get(ref)?.mode !== 'explicit_unalias') this.aliases.delete(ref)
    const proc = this.living.get(by)
    if (!active && flush && proc !== undefined) {
      const at = proc.mailbox.findIndex(({ text }) => text.startsWith(`DOWN ${ref} `))
      if (at >= 0) proc.mailbox.splice(at, 1)
    }
    return active
  }

  sendAlias(ref: number, source: number, text: string): void {
    const alias = this.aliases.get(ref)
    if (alias === undefined) return
    if (alias.mode === 'reply' || alias.mode === 'reply_demonitor') this.aliases.delete(ref)
    if (alias.mode === 'reply_demonitor') this.monitors.delete(ref)
    this.deliver(alias.owner, source, text)
  }

  /** An exit signal by `exit/2`. */
  exit(from: number, to: number, reason: string): void {
    const target = this.living.get(to)
    if (target === undefined) return
    if (reason === 'kill') this.#end(to, 'killed')
    else if (target.trap) this.deliver(to, from, `EXIT ${from === 0 ? to : from} ${reason}`)
    else if (reason !== 'normal' || from === to) this.#end(to, reason)
  }

  #end(first: number, why: string): void {
    const doomed: [number, string][] = [[first, why]]
    for (const [pid, reason] of doomed) {
      const proc = this.living.get(pid)
      if (proc === undefined) continue
      this.living.delete(pid)
      this.ended.set(pid, reason)
      if (proc.name !== undefined) this.names.delete(proc.name)
      for (const [ref, { watcher }] of this.monitors) if (watcher === pid) this.monitors.delete(ref)
      for (const [ref, { owner }] of this.aliases) if (owner === pid) this.aliases.delete(ref)
      for (const [ref, { dest }] of this.timers) if (dest === pid) this.timers.delete(ref)
      for (const peer of proc.links) {
        const other = this.living.get(peer)
        other?.links.delete(pid)
        if (other?.trap === true) this.deliver(peer, pid, `EXIT ${pid} ${reason}`)
        else if (other !== undefined && reason !== 'normal') doomed.push([peer, reason])
      }
      for (const [ref, { target }] of this.monitors) if (target === pid) this.#down(ref, pid, reason)
    }
  }

  /** Timers whose moment has come. */
  advance(nowMs: number): void {
    const due = [...this.timers].filter(([, { atMs }]) => atMs <= nowMs).sort(([, a], [, b]) => a.atMs - b.atMs)
    for (const [ref, { dest, text }] of due) {
      this.timers.delete(ref)
      const to = typeof dest === 'number' ? dest : this.names.get(dest)
      // Nothing is promised between timers, nor between them and other senders.
      if (to !== undefined) this.deliver(to, -ref, text)
    }
  }
}

/**
 * How a mailbox differs from what is expected, if it does.
 *
 * @param actual texts, oldest first
 */
export function difference(actual: readonly string[], expected: readonly Expected[]): string | undefined {
  const wanted = [...expected]
  for (const text of actual) {
    // The first of its source, or another of the same event of that source.
    const at = wanted.findIndex(
      (one, i) =>
        one.text === text &&
        wanted.slice(0, i).every((earlier) => earlier.source !== one.source || earlier.event === one.event),
    )
    if (at < 0) return `"${text}" was not to come now; expected ${wanted.map((one) => one.text).join(', ')}`
    wanted.splice(at, 1)
  }
  return wanted.length === 0 ? undefined : `missing: ${wanted.map((one) => one.text).join(', ')}`
}
