/**
 * Many deadlines on few timers. Deadlines of one length form a list, which is in order of expiry by construction, so
 * adding and removing one is O(1) and costs no timer object: a call's time-out is two pointer writes.
 */
import { type Clock, clock, type TimerHandle } from './clock.js'
import { context } from './proc.js'

/** Something with a deadline. What shall happen is in the subclass. */
export abstract class Deadline {
  /** When it fires, on the monotonic clock; meaningful while {@link armed}. */
  expiryMs = 0
  /** The list it stands in; null when not armed. Internal to this module. */
  list: DeadlineList | null = null
  prev: Deadline | null = null
  next: Deadline | null = null

  /** Called once, at the deadline. */
  abstract fire(): void

  get armed(): boolean {
    return this.list !== null
  }
}

class DeadlineList {
  readonly ms: number
  first: Deadline | null = null
  last: Deadline | null = null
  timer: TimerHandle | null = null
  /** Whose timer it is. */
  clock: Clock | null = null

  constructor(ms: number) {
    this.ms = ms
  }
}

/** setTimeout cannot wait longer than this; a longer deadline is looked at again and again until it is due. */
const LONGEST_MS = 2 ** 31 - 1
const lists = new Map<number, DeadlineList>()
/** With more lists than this, those without deadlines are not kept. */
const MOST_LISTS = 1000

/** Starts a deadline `ms` milliseconds from now (any non-negative number). An armed one starts anew. */
export function arm(deadline: Deadline, ms: number): void {
  if (deadline.list !== null) disarm(deadline)
  let list = lists.get(ms)
  if (list === undefined) {
    list = new DeadlineList(ms)
    lists.set(ms, list)
  }
  deadline.expiryMs = clock.monotonicMs() + ms
  deadline.list = list
  deadline.prev = list.last
  if (list.last === null) {
    list.first = deadline
    if (list.timer === null) start(list, ms)
    else list.timer.ref()
  } else list.last.next = deadline
  list.last = deadline
  if (list.clock !== clock) takeOver(list)
}

/** Another clock has been put in place since the timer of a list was started: it would fire by a time that is over. */
function takeOver(list: DeadlineList): void {
  if (list.timer !== null) list.clock?.clearTimer(list.timer)
  start(list, Math.max(0, (list.first?.expiryMs ?? 0) - clock.monotonicMs()))
}

/** Stops a deadline, if it is armed. Does not read the clock, which would cost more than the rest. */
export function disarm(deadline: Deadline): void {
  const { list, prev, next } = deadline
  if (list === null) return
  if (prev === null) list.first = next
  else prev.next = next
  if (next === null) list.last = prev
  else next.prev = prev
  deadline.list = deadline.prev = deadline.next = null
  if (list.first === null) rest(list)
}

/**
 * The timer of a list without deadlines stays for the next one of this length, but must not keep the OS process alive.
 * Where there are many lengths, few come again: the list goes.
 */
function rest(list: DeadlineList): void {
  if (list.timer === null) return
  if (lists.size <= MOST_LISTS) {
    list.timer.unref()
    return
  }
  list.clock?.clearTimer(list.timer)
  list.timer = null
  lists.delete(list.ms)
}

/** Milliseconds left until a deadline, or false if it is not armed. */
export function remainingMs(deadline: Deadline): number | false {
  return deadline.list === null ? false : Math.max(0, deadline.expiryMs - clock.monotonicMs())
}

/** A timer serves deadlines of many processes: it belongs to none, and must not fire as the one that started it. */
function start(list: DeadlineList, ms: number): void {
  list.clock = clock
  context.run(null, () => {
    list.timer = clock.setTimer(Math.min(ms, LONGEST_MS), () => expire(list))
  })
}

function expire(list: DeadlineList): void {
  list.timer = null
  try {
    // Node's timers may come a fraction early; what is due within the millisecond is due.
    for (let due = list.first; due !== null && due.expiryMs - clock.monotonicMs() < 1; due = list.first) {
      disarm(due)
      due.fire()
    }
  } finally {
    // Also when one has thrown: the others must not wait for ever.
    if (list.timer === null) {
      if (list.first !== null) start(list, Math.max(0, list.first.expiryMs - clock.monotonicMs()))
      else if (lists.get(list.ms) === list) lists.delete(list.ms)
    }
  }
}
