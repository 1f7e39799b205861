/**
 * A flood of log events through the path of a node: one handler, its filters and formatter, a file. With the limits as
 * they are by default, without the cut of bursts, and into a device whose reader has stopped.
 */
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Logger from '../../runtime/kernel/src/logger.js'
import { DEFAULT_HANDLER } from '../../runtime/kernel/src/logger_configure.js'
import * as handler from '../../runtime/kernel/src/logger_std_h.js'
import { type Figure, heapBytes, step, watchLoop } from './measure.js'

/** A device whose reader never comes. */
const STUCK = {
  ready: false,
  whenReady: () => {},
  write: () => {},
  sync: () => {},
  syncSoon: () => {},
  close: () => {},
}

/** Logs `n` events each way: `turn` of them without giving the event loop a turn. */
export async function logger(n: number, turn = 10_000): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'otp-rel-bench-'))
  const file = join(dir, 'log')
  try {
    return [
      await flood('limits as by default', n, turn, { file }),
      await flood('bursts not cut', n, turn, { file: `${file}2`, burst_limit_enable: false }),
      await flood('device stuck', n, turn, { type: ['device', STUCK], burst_limit_enable: false }),
    ]
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function flood(
  what: string,
  n: number,
  turn: number,
  config: Readonly<Record<string, unknown>>,
): Promise<Figure> {
  const added = Logger.addHandler('flood', 'logger_std_h', { ...DEFAULT_HANDLER, config })
  if (added !== 'ok') throw new Error(`the handler was refused: ${JSON.stringify(added)}`)
  const before = await heapBytes()
  const longest = watchLoop()
  const { figure } = await step(what, n, async () => {
    for (let i = 0; i < n; i++) {
      Logger.error('request ~p of ~s failed', [i, 'shop'])
      if ((i + 1) % turn === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  })
  const stoodMs = longest()
  const kept = (await heapBytes()) - before
  const info = handler.info('flood')
  if (Array.isArray(info)) throw new Error('the handler is gone')
  const lost = info.dropped + info.burst_drops + info.flushed
  Logger.removeHandler('flood')
  const bytes = 'file' in config ? statSync(String(config.file)).size : 0
  const note = `${info.writes} written (${Math.round(bytes / 1e6)} MB), ${lost} dropped, ${info.qlen} in line, ${Math.round(kept / 1024)} KB kept, loop held ${stoodMs.toFixed(0)} ms`
  return { ...figure, note }
}
