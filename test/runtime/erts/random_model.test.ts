/** Thousands of random operations of processes against a model of the rules; at the end nothing is left over. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Clock, realClock, setClock, type TimerHandle } from '../../../runtime/erts/clock.js'
import { Exit } from '../../../runtime/erts/exit.js'
import { context } from '../../../runtime/erts/proc.js'
import {
  type AliasMode,
  alias,
  cancelTimer,
  demonitor,
  ErlangError,
  exitPid,
  isAlive,
  link,
  monitor,
  NODE,
  Pid,
  processes,
  processInfo,
  Ref,
  readTimer,
  receive,
  register,
  registered,
  send,
  sendAfter,
  spawnOpt,
  startTimer,
  trapExit,
  unalias,
  unlink,
  unregister,
  whereis,
} from '../../../runtime/erts/process.js'
import { makeRandom } from '../sasl/random.js'
import { difference, Model } from './process_model.js'

const test = suite('erts/random model')

const STEPS = 6000
const SEEDS = [1, 2, 3]
const MOST_ALIVE = 24
const NAMES = ['a', 'b', 'c', 'd']
const REASONS = ['normal', 'shutdown', 'boom', 'kill', 'killed']

/** A clock that stands still until it is told to go on. */
class TestClock implements Clock {
  now = 0
  readonly #timers = new Map<object, { readonly atMs: number; readonly fire: () => void; held: boolean }>()

  monotonicMs = (): number => this.now
  systemMs = (): number => this.now

  setTimer(ms: number, fire: () => void): TimerHandle {
    const timer = { atMs: this.now + ms, fire, held: true }
    const handle = {
      ref: () => {
        timer.held = true
      },
      unref: () => {
        timer.held = false
      },
    }
    this.#timers.set(handle, timer)
    return handle
  }

  clearTimer(handle: TimerHandle): void {
    this.#timers.delete(handle)
  }

  advance(ms: number): void {
    this.now += ms
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      this.#timers.delete(due[0])
      due[1].fire()
    }
  }

  #due() {
    return [...this.#timers].filter(([, { atMs }]) => atMs <= this.now).sort(([, a], [, b]) => a.atMs - b.atMs)[0]
  }

  /** Timers that keep the program alive. */
  get held(): number {
    return [...this.#timers.values()].filter(({ held }) => held).length
  }
}

/** Runs the same operations in the runtime and in the model, and compares after each. */
class Run {
  readonly model = new Model()
  readonly #clock: TestClock
  readonly #random: ReturnType<typeof makeRandom>
  readonly #pids = new Map<number, Pid>()
  readonly #numberOf = new Map<Pid | Ref, number>()
  readonly #refs = new Map<number, Ref>()
  /** All processes there ever were, dead ones too: operations on those are the interesting ones. */
  #known: number[] = []
  #last = 0

  constructor(seed: number, clock: TestClock) {
    this.#random = makeRandom(seed)
    this.#clock = clock
  }

  // ---- names of things

  #pid(number: number): Pid {
    const pid = this.#pids.get(number)
    if (pid === undefined) throw new Error(`no process ${number}`)
    return pid
  }

  #ref(number: number): Ref {
    const ref = this.#refs.get(number)
    if (ref === undefined) throw new Error(`no reference ${number}`)
    return ref
  }

  #numbered<T extends Pid | Ref>(thing: T): number {
    const number = ++this.#last
    this.#numberOf.set(thing, number)
    if (thing instanceof Pid) this.#pids.set(number, thing)
    else this.#refs.set(number, thing)
    return number
  }

  /** Runs code as a process, or as nobody. What ends the process unwinds it. */
  #as<T>(pid: number, code: () => T): T | 'unwound' | 'badarg' | 'noproc' {
    try {
      return context.run(pid === 0 ? null : (this.#pid(pid).proc ?? null), code)
    } catch (thrown) {
      if (thrown instanceof Exit) return 'unwound'
      if (thrown instanceof ErlangError && (thrown.reason === 'badarg' || thrown.reason === 'noproc')) {
        return thrown.reason
      }
      throw thrown
    }
  }

  // ---- steps

  step(): void {
    const { model } = this
    const { int, pick } = this.#random
    model.next()
    const living = [...model.living.keys()]
    if (living.length === 0 || (living.length < MOST_ALIVE && int(12) === 0)) {
      this.#spawn(living.length > 0 && int(2) === 0 ? pick(living) : 0)
      return
    }
    const actor = pick(living)
    // Mostly the living, now and then somebody who has ended.
    const other = int(5) === 0 ? pick(this.#known) : pick(living)
    const ops = [
      () => this.#link(actor, other),
      () => this.#link(actor, other),
      () => this.#unlink(actor, other),
      () => this.#monitor(actor, other),
      () => this.#monitor(actor, other),
      () => this.#monitorName(actor, pick(NAMES)),
      () => this.#demonitor(),
      () => this.#trap(actor, int(2) === 0),
      () => this.#trap(actor, true),
      () => this.#exit(int(8) === 0 ? 0 : actor, int(4) === 0 ? actor : other, pick(REASONS)),
      () => this.#register(actor, pick(NAMES), other),
      () => this.#unregister(actor, pick(NAMES)),
      () => this.#send(int(8) === 0 ? 0 : actor, other),
      () => this.#send(actor, other),
      () => this.#sendName(actor, pick(NAMES)),
      () => this.#alias(actor),
      () => this.#sendAlias(actor),
      () => this.#unalias(),
      () => this.#timer(actor, int(2) === 0 ? other : pick(NAMES)),
      () => this.#cancel(actor),
      () => this.#advance(int(30)),
      () => this.#take(actor),
    ]
    pick(ops)()
  }

  #spawn(parent: number): void {
    const how = this.#random.int(3)
    const wait = (): Promise<unknown> => receive(() => false)
    const link = parent !== 0 && how === 1
    const made = this.#as(parent, () =>
      parent !== 0 && how === 2
        ? spawnOpt({ monitor: true, link }, wait)
        : ([spawnOpt({ link }, wait), undefined] as const),
    )
    if (typeof made === 'string') throw new Error(made)
    const pid = this.#numbered(made[0])
    this.#known = [...this.#known.slice(-40), pid]
    this.model.spawn(pid)
    if (link) this.model.link(parent, pid)
    if (made[1] !== undefined) this.model.monitor(this.#numbered(made[1]), parent, pid, String(pid), 'none')
  }

  #link(a: number, b: number): void {
    assert.is(
      this.#as(a, () => link(this.#pid(b))),
      this.model.link(a, b) ? true : 'noproc',
    )
  }

  #unlink(a: number, b: number): void {
    assert.is(
      this.#as(a, () => unlink(this.#pid(b))),
      true,
    )
    this.model.unlink(a, b)
  }

  #monitor(a: number, b: number): void {
    const mode = this.#random.pick(['none', 'none', 'demonitor', 'reply_demonitor', 'explicit_unalias'] as const)
    const ref = this.#as(a, () => monitor(this.#pid(b), mode === 'none' ? {} : { alias: mode }))
    if (!(ref instanceof Ref)) throw new Error(ref)
    this.model.monitor(this.#numbered(ref), a, b, String(b), mode)
  }

  #monitorName(a: number, name: string): void {
    const ref = this.#as(a, () => monitor(name))
    if (!(ref instanceof Ref)) throw new Error(ref)
    this.model.monitor(this.#numbered(ref), a, this.model.names.get(name) ?? 0, `${name},${NODE}`, 'none')
  }

  #demonitor(): void {
    const { int, pick } = this.#random
    const [refs] = [[...this.#refs.keys()].slice(-30)]
    if (refs.length === 0) return
    const ref = pick(refs)
    const record = this.#ref(ref).monitor
    const owner = record === null ? pick([...this.model.living.keys()]) : this.#number(record.watcher.pid)
    const flush = int(2) === 0
    const active = this.#as(owner, () => demonitor(this.#ref(ref), { info: true, flush }))
    const alias = this.model.aliases.get(ref)
    // Another's alias is none of its business.
    if (record === null && alias !== undefined && alias.owner !== owner) {
      assert.is(active, false)
      return
    }
    assert.is(active, this.model.demonitor(ref, owner, flush))
  }

  #number(thing: Pid | Ref): number {
    const number = this.#numberOf.get(thing)
    if (number === undefined) throw new Error(`unknown ${thing}`)
    return number
  }

  #trap(a: number, flag: boolean): void {
    const proc = this.model.living.get(a)
    if (proc === undefined) return
    assert.is(
      this.#as(a, () => trapExit(flag)),
      proc.trap,
    )
    proc.trap = flag
  }

  #exit(from: number, to: number, reason: string): void {
    const answer = this.#as(from, () => exitPid(this.#pid(to), reason))
    this.model.exit(from, to, reason)
    assert.is(answer, from === to && this.model.ended.has(to) ? 'unwound' : true)
  }

  #register(a: number, name: string, pid: number): void {
    const { model } = this
    const proc = model.living.get(pid)
    const legal = proc !== undefined && proc.name === undefined && !model.names.has(name)
    assert.is(
      this.#as(a, () => register(name, this.#pid(pid))),
      legal ? true : 'badarg',
    )
    if (!legal) return
    proc.name = name
    model.names.set(name, pid)
  }

  #unregister(a: number, name: string): void {
    const { model } = this
    const owner = model.names.get(name)
    assert.is(
      this.#as(a, () => unregister(name)),
      owner === undefined ? 'badarg' : true,
    )
    model.names.delete(name)
    const proc = owner === undefined ? undefined : model.living.get(owner)
    if (proc !== undefined) proc.name = undefined
  }

  #send(a: number, b: number): void {
    const text = `m${++this.#last}`
    this.#as(a, () => send(this.#pid(b), text))
    this.model.deliver(b, a, text)
  }

  #sendName(a: number, name: string): void {
    const text = `m${++this.#last}`
    const answer = this.#as(a, () => send(name, text))
    const to = this.model.names.get(name)
    assert.is(answer, to === undefined ? 'badarg' : undefined)
    if (to !== undefined) this.model.deliver(to, a, text)
  }

  #alias(a: number): void {
    const mode = this.#random.pick<AliasMode>(['explicit_unalias', 'reply'])
    const ref = this.#as(a, () => alias(mode))
    if (!(ref instanceof Ref)) throw new Error(ref)
    this.model.aliases.set(this.#numbered(ref), { owner: a, mode })
  }

  #sendAlias(a: number): void {
    // Also references that are no alias, or none any more.
    const refs = [...this.model.aliases.keys(), ...[...this.#refs.keys()].slice(-10)]
    if (refs.length === 0) return
    const ref = this.#random.pick(refs)
    const text = `m${++this.#last}`
    this.#as(a, () => send(this.#ref(ref), text))
    this.model.sendAlias(ref, a, text)
  }

  #unalias(): void {
    const refs = [...this.model.aliases]
    if (refs.length === 0) return
    const [ref, { owner }] = this.#random.pick(refs)
    assert.is(
      this.#as(owner, () => unalias(this.#ref(ref))),
      true,
    )
    assert.is(
      this.#as(owner, () => unalias(this.#ref(ref))),
      false,
    )
    this.model.aliases.delete(ref)
  }

  #timer(a: number, dest: number | string): void {
    const ms = this.#random.int(60)
    const to = typeof dest === 'number' ? this.#pid(dest) : dest
    const plain = this.#random.int(2) === 0
    const text = `t${++this.#last}`
    const ref = this.#as(a, () => (plain ? sendAfter(ms, to, text) : startTimer(ms, to, text)))
    if (!(ref instanceof Ref)) throw new Error(ref)
    const number = this.#numbered(ref)
    if (typeof dest === 'number' && !this.model.living.has(dest)) return
    this.model.timers.set(number, {
      dest,
      atMs: this.#clock.now + ms,
      text: plain ? text : `timeout ${number} ${text}`,
    })
  }

  #cancel(a: number): void {
    const refs = [...this.#refs.keys()].slice(-30)
    if (refs.length === 0) return
    const ref = this.#random.pick(refs)
    const timer = this.model.timers.get(ref)
    const left = timer === undefined ? false : timer.atMs - this.#clock.now
    assert.is(readTimer(this.#ref(ref)), left)
    assert.is(
      this.#as(a, () => cancelTimer(this.#ref(ref))),
      left,
    )
    this.model.timers.delete(ref)
  }

  #advance(ms: number): void {
    this.#clock.advance(ms)
    this.model.advance(this.#clock.now)
  }

  /** Takes one message out of the middle of the mailbox. */
  #take(a: number): void {
    const proc = this.model.living.get(a)
    const pid = this.#pid(a)
    const waiting = processInfo(pid, 'messages')?.[1]
    if (proc === undefined || !Array.isArray(waiting) || waiting.length === 0) return
    // Of texts that are there twice the oldest, here and there.
    const wanted = this.#text(this.#random.pick(waiting))
    void this.#as(a, () => receive((one) => this.#text(one) === wanted, 0))
    const at = proc.mailbox.findIndex(({ text }) => text === wanted)
    proc.mailbox.splice(at, 1)
  }

  // ---- comparison

  #text(message: unknown): string {
    if (!Array.isArray(message)) return String(message)
    return message
      .filter((part) => part !== 'process')
      .map((part) => (part instanceof Pid || part instanceof Ref ? this.#number(part) : String(part)))
      .join(' ')
  }

  compare(): void {
    const { model } = this
    for (const [number, pid] of this.#pids) {
      const proc = model.living.get(number)
      assert.is(isAlive(pid), proc !== undefined, `process ${number} alive`)
      if (proc === undefined) {
        if (!this.#known.includes(number)) this.#pids.delete(number)
        continue
      }
      const info = processInfo(pid)
      const list = (item: 'messages' | 'links' | 'monitors' | 'monitored_by'): readonly unknown[] => {
        const value = info?.[item]
        return Array.isArray(value) ? value : []
      }
      const texts = list('messages').map((message) => this.#text(message))
      const wrong = difference(texts, proc.mailbox)
      if (wrong !== undefined) throw new Error(`mailbox of ${number}: ${wrong}`)
      assert.is(info?.trap_exit, proc.trap)
      assert.is(info?.registered_name, proc.name)
      const links = list('links').map((peer) => (peer instanceof Pid ? this.#number(peer) : 0))
      assert.equal(new Set(links), proc.links)
      assert.is(links.length, proc.links.size)
      const watched = [...model.monitors.values()].filter(({ watcher }) => watcher === number).length
      assert.is(list('monitors').length, watched)
      const watching = [...model.monitors.values()].filter(({ target }) => target === number).length
      assert.is(list('monitored_by').length, watching)
    }
    for (const name of NAMES) {
      const owner = model.names.get(name)
      assert.is(whereis(name), owner === undefined ? undefined : this.#pid(owner))
    }
  }

  /** Ends all. */
  finish(): void {
    for (const number of this.model.living.keys()) exitPid(this.#pid(number), 'kill')
    for (const number of this.model.timers.keys()) cancelTimer(this.#ref(number))
    for (const ref of this.#refs.values()) {
      assert.is(ref.monitor, null)
      assert.is(readTimer(ref), false)
    }
  }
}

for (const seed of SEEDS) {
  test(`${STEPS} random operations agree with the model; seed ${seed}`, async () => {
    const clock = new TestClock()
    setClock(clock)
    const before = processes()
    const run = new Run(seed, clock)
    try {
      for (let i = 0; i < STEPS; i++) {
        try {
          run.step()
          run.compare()
        } catch (thrown) {
          throw new Error(`step ${i} of seed ${seed}: ${thrown instanceof Error ? thrown.message : thrown}`, {
            cause: thrown,
          })
        }
        // Processes that were just made begin to run now and then.
        if (i % 10 === 0) await undefined
      }
      run.finish()
      assert.equal(processes(), before)
      assert.equal(registered(), [])
      assert.is(clock.held, 0, 'timers that keep the program alive')
    } finally {
      setClock(realClock)
    }
  })
}

test.run()
