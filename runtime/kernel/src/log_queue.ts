/**
 * The line of texts between a handler and its device: they are written in order at the end of the turn, in one piece;
 * what becomes of each under load is decided by log_overload.ts. At the end of the OS process what waits is written.
 *
 * OTP: the process of a handler, kernel's logger_olp.erl and logger_h_common.erl.
 */
import { clock, type TimerHandle } from '../../erts/clock.js'
import { context } from '../../erts/proc.js'
import { format } from '../../erts/process.js'
import type { LogDevice } from './log_device.js'
import {
  type Action,
  type Decision,
  decide,
  FLUSH_MAX,
  formatNote,
  IDLE_MS,
  type Load,
  type LoadEvent,
  type Mode,
  type Note,
  newLoad,
  type Overloaded,
  type OverloadOptions,
} from './log_overload.js'
import { internalLog } from './logger_internal.js'
import { namedTable } from './named_table.js'

/** Options of a line besides those against overload. */
export interface QueueOptions extends OverloadOptions {
  /** Under lasting load what is written goes to the disk so often, in ms; without load it does so after 100 ms. */
  readonly filesync_repeat_interval: number | 'no_repeat'
}

/** What a line needs of its handler. */
export interface QueueOwner {
  /** The handler's name. */
  readonly id: string
  /** The text of a line's own words, as the handler formats a notice. */
  readonly say: (words: string) => string
  /** The line has ended itself, and its device is closed. */
  readonly stopped: (reason: Overloaded) => void
}

/** What became of texts since the start. */
export interface QueueInfo {
  readonly mode: Mode
  /** Texts in line. */
  readonly qlen: number
  /** Written to the device. */
  readonly writes: number
  /** Not taken, because too many were in line. */
  readonly dropped: number
  /** Not written, because of too many in one window. */
  readonly burst_drops: number
  /** Thrown away with the whole line. */
  readonly flushed: number
}

/** Texts of a write, characters: more are written in pieces, between which the device is asked again. */
const PIECE = 65_536

/** Lines that have something to write at the end of the OS process. */
const openQueues = (): Set<{ drain(): void }> =>
  namedTable('kernel/log_queues', () => {
    const queues = new Set<{ drain(): void }>()
    process.once('exit', () => {
      for (const queue of queues) queue.drain()
    })
    return queues
  })

/** See the head of this file. */
export class LogQueue {
  readonly #owner: QueueOwner
  #device: LogDevice
  #options: QueueOptions
  #load: Load = newLoad(clock.monotonicMs())
  #line: string[] = []
  /** Place of the first text in line: taking one out moves no other. */
  #first = 0
  #chars = 0
  #piece: string[] = []
  #pieceChars = 0
  #scheduled: NodeJS.Immediate | undefined
  #idle: TimerHandle | undefined
  #lastMs = 0
  #syncedMs = clock.monotonicMs()
  #waiting = false
  #draining = false
  #closed = false
  #failure = ''
  #counts = { writes: 0, dropped: 0, burst_drops: 0, flushed: 0 }

  constructor(owner: QueueOwner, device: LogDevice, options: QueueOptions) {
    this.#owner = owner
    this.#device = device
    this.#options = options
    openQueues().add(this)
  }

  /** Takes a text, or drops it; then it is not even made. */
  offer(make: () => string): void {
    if (this.#closed) return
    const nowMs = clock.monotonicMs()
    const { action } = this.#decide({ type: 'offered', queued: this.#count, ready: this.#device.ready, nowMs })
    if (action === 'drop') {
      this.#counts.dropped++
      return
    }
    if (action === 'cut') {
      this.#counts.burst_drops++
      this.#lastMs = nowMs // a burst goes on until nothing comes any more
      return
    }
    const text = make()
    this.#line.push(text)
    this.#chars += text.length
    if (action === 'queue_and_write') this.drain()
    else this.#scheduled ??= setImmediate(() => this.drain())
  }

  get #count(): number {
    return this.#line.length - this.#first
  }

  /** Writes what is in line, as far as the device takes it. */
  drain(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    // A device that logs would come back here.
    if (this.#draining || this.#closed) return
    this.#draining = true
    while (this.#count > 0 && this.#device.ready && !this.#closed) this.#takeFirst()
    this.#writePiece()
    this.#draining = false
    if (this.#closed) return
    if (this.#count > 0) this.#waitForDevice()
    this.#noteActivity()
  }

  #takeFirst(): void {
    const text = this.#line[this.#first++] ?? ''
    this.#chars -= text.length
    const event = { type: 'taken', behind: this.#count, chars: this.#chars, nowMs: clock.monotonicMs() } as const
    this.#act(this.#decide(event).action, text)
    if (this.#first === this.#line.length) {
      this.#line = []
      this.#first = 0
    }
  }

  #act(action: Action, text: string): void {
    if (action === 'write') this.#gather(text)
    else if (action === 'drop') this.#counts.burst_drops++
    else if (action === 'flush') this.#flush()
    else if (typeof action === 'object') this.#stop(action.stop)
  }

  /** The next state, and the handler's own words in front of whatever follows. */
  #decide(event: LoadEvent): Decision {
    const decision = decide(this.#load, this.#options, event)
    this.#load = decision.load
    for (const note of decision.notes) this.#gather(this.#say(note))
    return decision
  }

  #say(note: Note): string {
    return this.#owner.say(formatNote(note, this.#owner.id))
  }

  #flush(): void {
    const count = Math.min(this.#count, FLUSH_MAX)
    const rest = this.#line.slice(this.#first + count)
    this.#line = rest
    this.#first = 0
    this.#chars = rest.reduce((sum, text) => sum + text.length, 0)
    this.#counts.flushed += count
    this.#decide({ type: 'flushed', count })
  }

  #gather(text: string): void {
    this.#piece.push(text)
    this.#pieceChars += text.length
    this.#counts.writes++
    if (this.#pieceChars >= PIECE) this.#writePiece()
  }

  #writePiece(): void {
    if (this.#piece.length === 0) return
    const text = this.#piece.join('')
    this.#piece = []
    this.#pieceChars = 0
    this.#try(() => this.#device.write(text))
  }

  /** Logging must not fail whoever logs: what is wrong with a device is told once, for as long as it stays the same. */
  #try(touch: () => void): void {
    try {
      touch()
      if (this.#failure !== '') internalLog(`Handler ${this.#owner.id} can write again`)
      this.#failure = ''
    } catch (failure) {
      const what = failure instanceof Error ? failure.message : format(failure)
      if (what !== this.#failure) internalLog(`Handler ${this.#owner.id} cannot write: ${what}`)
      this.#failure = what
    }
  }

  #waitForDevice(): void {
    this.#line = this.#line.slice(this.#first)
    this.#first = 0
    if (this.#waiting) return
    this.#waiting = true
    this.#device.whenReady(() => {
      this.#waiting = false
      this.drain()
    })
  }

  #noteActivity(): void {
    const nowMs = clock.monotonicMs()
    this.#lastMs = nowMs
    const repeat = this.#options.filesync_repeat_interval
    if (repeat !== 'no_repeat' && nowMs - this.#syncedMs >= repeat) this.#syncSoon()
    if (this.#idle === undefined) this.#watchIdle(IDLE_MS)
  }

  /** One timer a line, looked at again when it was too early: logging must not cost a timer a text. */
  #watchIdle(ms: number): void {
    // It belongs to no process, and does not keep the OS process alive.
    context.run(null, () => {
      this.#idle = clock.setTimer(ms, () => {
        this.#idle = undefined
        const leftMs = this.#lastMs + IDLE_MS - clock.monotonicMs()
        if (leftMs >= 1) this.#watchIdle(leftMs)
        else this.#beIdle()
      })
      this.#idle.unref()
    })
  }

  #beIdle(): void {
    if (this.#closed) return
    const { action } = this.#decide({ type: 'idle' })
    this.#writePiece()
    if (action === 'sync') this.#syncSoon()
  }

  #syncSoon(): void {
    this.#syncedMs = clock.monotonicMs()
    this.#try(() => this.#device.syncSoon())
  }

  #stop(reason: Overloaded): void {
    this.close()
    this.#owner.stopped(reason)
  }

  /** Says that the handler is there again. */
  sayRestarted(): void {
    this.#gather(this.#say({ tag: 'restarted' }))
    this.#writePiece()
  }

  /** Writes everything, and returns when it is on the disk. */
  sync(): void {
    this.drain()
    this.#syncedMs = clock.monotonicMs()
    this.#try(() => this.#device.sync())
  }

  /** What became of texts. */
  info(): QueueInfo {
    return { mode: this.#load.mode, qlen: this.#count, ...this.#counts }
  }

  /** Puts other limits in force, and where it is given another device in place of this one. @throws as `open` does */
  change(options: QueueOptions, open?: () => LogDevice): void {
    this.#options = options
    if (open === undefined) return
    this.drain()
    const before = this.#device
    this.#device = open()
    if (this.#device !== before) before.close()
  }

  /** Writes what is gathered and, unless the line ends itself, what is in line; closes the device. */
  close(): void {
    if (this.#closed) return
    if (!this.#draining) this.drain()
    this.#closed = true
    openQueues().delete(this)
    this.#writePiece()
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    if (this.#idle !== undefined) clock.clearTimer(this.#idle)
    this.#line = []
    this.#first = 0
    this.#try(() => this.#device.close())
  }
}
