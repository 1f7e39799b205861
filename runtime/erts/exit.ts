/**
 * Ways for a piece of code to end, and the reason with which its process dies. OTP: Reference Manual, "Errors and
 * Error Handling"; runtime reference, exception classes.
 *
 * `exit(R)` dies with R; an error dies with `[R, Stack]`, where R is the thrown `Error` itself or the term given to
 * `error(R)`; any other thrown value V dies with `[['nocatch', V], Stack]`.
 */
import { inspect } from 'node:util'
import { format } from './term.js'

/**
 * Thrown by {@link exit}: the process wants to end with this reason. It has no stack: an exit is no fault whose place
 * matters, and taking a stack would be the dearest part of a crash.
 */
export class Exit extends Error {
  /** `Exit`: told apart by name where two copies of this package meet. */
  override readonly name = 'Exit'
  /** Any term: `normal`, `['shutdown', why]`. */
  readonly reason: unknown

  constructor(reason: unknown) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super()
    Error.stackTraceLimit = limit
    this.reason = reason
  }

  /** Made when it is asked for: most exits are never printed. */
  override get message(): string {
    return `exit: ${format(this.reason)}`
  }
}

/** Thrown by {@link error}: a run-time error whose reason is a term such as `'badarg'`. */
export class ErlangError extends Error {
  /** OTP's term: `badarg`, `['badmatch', value]`. */
  readonly reason: unknown

  constructor(reason: unknown) {
    super(format(reason))
    this.name = 'ErlangError'
    this.reason = reason
  }
}

/** Where an error happened. The text is made when it is first asked for: most reasons are never printed. */
export class Stack {
  readonly #error: Error | undefined

  constructor(error: Error | undefined) {
    this.#error = error
  }

  /** One line a frame, innermost first, without the leading "at". */
  get frames(): readonly string[] {
    const text = this.#error?.stack ?? ''
    return text
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .map((line) => line.replace(/^\s+at /, ''))
  }

  /** Its frames. */
  toJSON(): readonly string[] {
    return this.frames
  }

  /** The innermost frames, on one line. */
  [inspect.custom](): string {
    return `[${this.frames.slice(0, 8).join(', ')}]`
  }
}

/** Ends the calling process with a reason, unless somebody catches it. OTP: `exit/1`. */
export function exit(reason: unknown): never {
  throw new Exit(reason)
}

/** Raises a run-time error with a term as its reason. OTP: `error/1`. */
export function error(reason: unknown): never {
  throw new ErlangError(reason)
}

/** The reason with which a process dies that does not catch `thrown`. */
export function exitReason(thrown: unknown): unknown {
  if (thrown instanceof Exit) return thrown.reason
  if (thrown instanceof ErlangError) return [thrown.reason, new Stack(thrown)]
  if (thrown instanceof Error) return [thrown, new Stack(thrown)]
  return [['nocatch', thrown], new Stack(undefined)]
}

/** Whether an end with this reason is no failure: `normal`, `shutdown` or `['shutdown', Term]`. */
export function isNormalish(reason: unknown): boolean {
  if (reason === 'normal' || reason === 'shutdown') return true
  return Array.isArray(reason) && reason.length === 2 && reason[0] === 'shutdown'
}
