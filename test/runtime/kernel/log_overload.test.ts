import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  checkOverload,
  DEFAULT_OVERLOAD,
  type Decision,
  decide,
  formatNote,
  type Load,
  type LoadEvent,
  newLoad,
  type OverloadOptions,
} from '../../../runtime/kernel/src/log_overload.js'

const test = suite('kernel/log_overload')

const SMALL: OverloadOptions = { ...DEFAULT_OVERLOAD, sync_mode_qlen: 10, drop_mode_qlen: 20, flush_qlen: 30 }
const AT_REST = newLoad(0)

/** The action and the notes in OTP's words, in order. */
const outcome = ({ action, notes }: Decision): unknown[] => [...notes.map((note) => formatNote(note, 'h')), action]

/** Lets a handler work off a line of so many texts that came while it could not write; time does not pass. */
function workOff(count: number, options: OverloadOptions): string[] {
  const said: string[] = []
  let load: Load = AT_REST
  let line = count
  const tell = (event: LoadEvent): Decision => {
    const decision = decide(load, options, event)
    load = decision.load
    for (const note of decision.notes) said.push(formatNote(note, 'h'))
    return decision
  }
  while (line > 0) {
    const { action } = tell({ type: 'taken', behind: --line, chars: 0, nowMs: 0 })
    said.push(typeof action === 'string' ? action : JSON.stringify(action.stop))
    if (typeof action === 'object') return said
    if (action !== 'flush') continue
    tell({ type: 'flushed', count: line })
    line = 0
  }
  return said
}

const times = (count: number, word: string): string[] => Array.from({ length: count }, () => word)

test('S124 limits 10/20/30, 25 events wait: a note, 5 written, a note, 20 written', () => {
  assert.equal(workOff(25, SMALL), [
    'Handler h switched from  async to drop mode',
    ...times(5, 'write'),
    'Handler h switched from  drop to sync mode',
    ...times(20, 'write'),
  ])
})

test('S125 limits 10/20/30, 40 events wait: 39 are flushed, nothing is written', () => {
  assert.equal(workOff(40, SMALL), ['flush', 'Handler h flushed 39 log events'])
})

test('S126 a burst limit of 5 lets 5 of 8 events pass', () => {
  assert.equal(workOff(8, { ...SMALL, burst_limit_max_count: 5 }), [...times(5, 'write'), ...times(3, 'drop')])
})

test('S126 a kill limit of 5 ends the handler at the first of 10 events', () => {
  assert.equal(workOff(10, { ...SMALL, overload_kill_enable: true, overload_kill_qlen: 5 }), [
    'Handler h overloaded and stopping',
    '["shutdown",["overloaded",9,0]]',
  ])
})

// state, event, outcome, why
const CASES: [Partial<Load>, LoadEvent, unknown[], string][] = [
  [{}, { type: 'offered', queued: 9, ready: true, nowMs: 0 }, ['queue'], 'below sync_mode_qlen a text joins the line'],
  [
    {},
    { type: 'offered', queued: 10, ready: true, nowMs: 0 },
    ['queue_and_write'],
    'from sync_mode_qlen on who logs writes',
  ],
  [
    { mode: 'sync' },
    { type: 'offered', queued: 0, ready: true, nowMs: 0 },
    ['queue_and_write'],
    'in sync mode who logs writes, however short the line',
  ],
  [{ mode: 'drop' }, { type: 'offered', queued: 0, ready: true, nowMs: 0 }, ['drop'], 'in drop mode nothing is taken'],
  [
    { burstCount: 500 },
    { type: 'offered', queued: 0, ready: true, nowMs: 999 },
    ['cut'],
    'what would not be written in this window is not even made',
  ],
  [
    { burstCount: 500 },
    { type: 'offered', queued: 0, ready: true, nowMs: 1000 },
    ['queue'],
    'in the next window it is',
  ],
  [
    { burstCount: 500 },
    { type: 'offered', queued: 0, ready: false, nowMs: 0 },
    ['queue'],
    'of a device that is not ready nobody knows in which window it will write',
  ],
  [
    {},
    { type: 'offered', queued: 5029, ready: false, nowMs: 0 },
    ['queue'],
    'nobody can write to a device that is not ready',
  ],
  [{}, { type: 'offered', queued: 5030, ready: false, nowMs: 0 }, ['drop'], 'a line that cannot be written has an end'],
  [{ mode: 'drop' }, { type: 'taken', behind: 20, chars: 0, nowMs: 0 }, ['write'], 'a drop mode that lasts is no news'],
  [{}, { type: 'taken', behind: 10, chars: 0, nowMs: 0 }, ['write'], 'sync mode is entered without a word'],
  [
    { mode: 'drop' },
    { type: 'taken', behind: 0, chars: 0, nowMs: 0 },
    ['Handler h switched from  drop to async mode', 'write'],
    'leaving drop mode is said before the text',
  ],
  [{ mode: 'drop' }, { type: 'taken', behind: 30, chars: 0, nowMs: 0 }, ['flush'], 'a flush comes before any mode'],
  [
    { mode: 'drop' },
    { type: 'flushed', count: 30 },
    ['Handler h flushed 30 log events', 'Handler h switched from  drop to async mode', 'none'],
    'after a flush the handler takes texts again',
  ],
  [{ mode: 'sync' }, { type: 'idle' }, ['sync'], 'an idle handler sees to its disk'],
  [
    { mode: 'drop' },
    { type: 'idle' },
    ['Handler h switched from  drop to async mode', 'sync'],
    'an idle handler takes texts again',
  ],
  [
    { burstCount: 500 },
    { type: 'taken', behind: 0, chars: 0, nowMs: 999 },
    ['drop'],
    'the rest of a window is dropped',
  ],
  [{ burstCount: 500 }, { type: 'taken', behind: 0, chars: 0, nowMs: 1000 }, ['write'], 'then a new window begins'],
]

for (const [load, event, expected, why] of CASES) {
  test(why, () => assert.equal(outcome(decide({ ...AT_REST, ...load }, SMALL, event)), expected))
}

test('sync_mode_qlen 0: who logs always writes', () => {
  const options = { ...SMALL, sync_mode_qlen: 0 }
  assert.equal(outcome(decide(AT_REST, options, { type: 'offered', queued: 0, ready: true, nowMs: 0 })), [
    'queue_and_write',
  ])
})

test('memory counts as well as the length of the line', () => {
  const options = { ...SMALL, overload_kill_enable: true, overload_kill_mem_size: 100 }
  const { action } = decide(AT_REST, options, { type: 'taken', behind: 1, chars: 101, nowMs: 0 })
  assert.equal(action, { stop: ['shutdown', ['overloaded', 1, 101]] })
})

test('idleness resets the count of the window', () => {
  assert.is(decide({ ...AT_REST, burstCount: 500 }, SMALL, { type: 'idle' }).load.burstCount, 0)
})

// options, error term, why
const BAD = [
  [{ sync_mode_qlen: 'x' }, ['invalid_olp_config', { sync_mode_qlen: 'x' }], 'a limit is a number'],
  [{ burst_limit_enable: 1 }, ['invalid_olp_config', { burst_limit_enable: 1 }], 'a switch is a boolean'],
  [{ speed: 1 }, ['invalid_olp_config', { speed: 1 }], 'an unknown option is refused'],
  [
    { drop_mode_qlen: 1 },
    ['invalid_olp_levels', { sync_mode_qlen: 10, drop_mode_qlen: 1, flush_qlen: 1000 }],
    'sync_mode_qlen is at most drop_mode_qlen',
  ],
  [
    { sync_mode_qlen: 0, drop_mode_qlen: 1 },
    ['invalid_olp_levels', { sync_mode_qlen: 0, drop_mode_qlen: 1, flush_qlen: 1000 }],
    'drop_mode_qlen is more than 1',
  ],
  [
    { flush_qlen: 100 },
    ['invalid_olp_levels', { sync_mode_qlen: 10, drop_mode_qlen: 200, flush_qlen: 100 }],
    'drop_mode_qlen is at most flush_qlen',
  ],
] as const

for (const [given, error, why] of BAD) test(why, () => assert.equal(checkOverload(given), { ok: false, error }))

test('options complete those that are in force; for ever is a time to restart', () => {
  const checked = checkOverload({ overload_kill_restart_after: 'infinity' }, SMALL)
  assert.equal(checked, { ok: true, value: { ...SMALL, overload_kill_restart_after: 'infinity' } })
})

test.run()
