/** Timers in their thousands: of one length, of many lengths, cancelled and due; messages and calls. */
import { cancelTimer, receive, self, sendAfter, startTimer } from '../../runtime/erts/process.js'
import type { Ref } from '../../runtime/erts/term.js'
import { type Figure, heapBytes, inProcess, step } from './measure.js'

/** Starts and cancels `n` timers of one length, of `n` lengths, and lets `n` be due. */
export const timers = (n: number): Promise<Figure[]> =>
  inProcess(async () => {
    const figures: Figure[] = []
    const me = self()
    for (const [name, lengthOf] of [
      ['one length', () => 60_000],
      ['all different', (i: number) => 60_000 + i],
    ] as const) {
      const before = await heapBytes()
      const started = await step(`start_timer, ${name}`, n, () => {
        const refs = new Array<Ref>(n)
        for (let i = 0; i < n; i++) refs[i] = startTimer(lengthOf(i), me, i)
        return refs
      })
      const weight = Math.round(((await heapBytes()) - before) / n)
      const cancelled = await step(`cancel_timer, ${name}`, n, () => {
        for (const ref of started.value) if (cancelTimer(ref) === false) throw new Error('was not running')
      })
      started.value.length = 0
      const left = `${Math.round(((await heapBytes()) - before) / 1024)} KB left`
      figures.push({ ...started.figure, note: `${weight} bytes each` }, { ...cancelled.figure, note: left })
    }
    const due = await step('send_after until received', n, async () => {
      for (let i = 0; i < n; i++) sendAfter(1, me, i)
      for (let i = 0; i < n; i++) await receive()
    })
    return [...figures, due.figure]
  })
