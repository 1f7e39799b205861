/** `otp-rel dev --json` in a folder, and what it tells, one thing after the other. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './e2e_node.js'

/** What is told, as printed. */
export type Told = Readonly<Record<string, unknown>>

/** Whatever takes longer hangs, ms. */
const LIMIT_MS = 60_000

/** A running `otp-rel dev`. */
export class DevRun {
  readonly child: ChildProcess
  readonly #told: Told[] = []
  #waiting: ((told: Told) => void) | undefined

  /** @param args further arguments @param flags of its own node */
  constructor(cwd: string, args: readonly string[] = [], flags: readonly string[] = []) {
    const main = join(ROOT, 'dist', 'cli', 'main.js')
    this.child = spawn(process.execPath, [...flags, main, 'dev', '--json', ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let rest = ''
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('{"event"')) this.#take(JSON.parse(line))
    })
  }

  #take(told: Told): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#told.push(told)
    else waiting(told)
  }

  /** The next thing that is told. @throws when it is not `event`, or when nothing is told */
  async next(event?: string): Promise<Told> {
    const told = this.#told.shift() ?? (await this.#arrival())
    if (event !== undefined && told.event !== event) throw new Error(`not ${event}: ${JSON.stringify(told)}`)
    return told
  }

  #arrival(): Promise<Told> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`nothing was told within ${LIMIT_MS} ms`)), LIMIT_MS)
      this.#waiting = (told) => {
        clearTimeout(limit)
        resolve(told)
      }
    })
  }

  /** Ends it as Ctrl-C does. @returns its exit code */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill(signal)
    return ended
  }
}
