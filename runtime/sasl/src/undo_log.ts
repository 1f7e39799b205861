/**
 * The undo log of an installation: each step that was done pushes how it is taken back, and a failure takes all back
 * in reverse order. Has no counterpart in OTP, where a failure after the point of no return restarts the node.
 *
 * One thing is out of order: the data of applications (parameters, versions). It is replaced before the first step, so
 * it would be put back last; but whatever an undo starts again must find the old parameters. Hence it is put back
 * before the first step of that kind.
 */

/** How one step is taken back. */
export interface UndoStep {
  /** What is taken back, for the report when that fails. */
  readonly what: string
  /** Takes it back. @returns what could not be, one sentence each */
  readonly undo: () => Promise<readonly string[]>
  /** It starts something, which will read parameters. Default false. */
  readonly starts?: boolean
}

/** See the head of this file. */
export class UndoLog {
  readonly #steps: UndoStep[] = []

  /** Notes a step before or right after it is done. */
  push(step: UndoStep): void {
    this.#steps.push(step)
  }

  /** How many steps are noted. */
  get size(): number {
    return this.#steps.length
  }

  /**
   * Takes everything back. A step that fails does not stop the others.
   *
   * @param restoreData puts the data of applications back; called once
   * @returns what could not be taken back, one sentence each
   */
  async run(restoreData: () => Promise<void>): Promise<readonly string[]> {
    const failures: string[] = []
    const attempt = async (what: string, undo: UndoStep['undo']): Promise<void> => {
      try {
        for (const failure of await undo()) failures.push(failure)
      } catch (failure) {
        failures.push(`${what}: ${failure instanceof Error ? failure.message : String(failure)}`)
      }
    }
    let restored = false
    const restore = async (): Promise<void> => {
      if (restored) return
      restored = true
      await attempt('parameters of applications', async () => {
        await restoreData()
        return []
      })
    }
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      if (step.starts === true) await restore()
      await attempt(step.what, step.undo)
    }
    await restore()
    return failures
  }
}
