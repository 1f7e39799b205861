/**
 * Control: the methods that can be called over the node's socket. Applications register theirs when they start; the
 * kernel's own are in control_methods.ts. See control_protocol.ts for the frames.
 */
import { namedTable } from './named_table.js'

/** What a method is given besides its parameters. */
export interface ControlContext {
  /** Tells the client how far it is: any number of times, any JSON or term. */
  progress(step: unknown): void
  /** Aborted when the client cancels or goes away, or the node stops. */
  readonly signal: AbortSignal
  /** Runs after the answer has been handed to the socket. */
  afterwards(action: () => void): void
}

/** A method: runs in a process of its own. A {@link ControlError} is answered with its tag and facts. */
export type ControlMethod = (params: Readonly<Record<string, unknown>>, context: ControlContext) => unknown

/** A failure that the client is told of with a tag of its own. */
export class ControlError extends Error {
  /** `ControlError`. */
  override readonly name = 'ControlError'
  /** What programs go by: `no_such_release`. */
  readonly tag: string
  /** For programs: further fields of the error. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor(tag: string, message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.tag = tag
    this.facts = facts
  }
}

const methods = (): Map<string, ControlMethod> => namedTable('kernel/control', () => new Map())

/** Makes a method callable; one of the same name is replaced. @returns takes it away again, if it is still this one */
export function registerMethod(name: string, method: ControlMethod): () => void {
  methods().set(name, method)
  return () => {
    if (methods().get(name) === method) methods().delete(name)
  }
}

/** @returns the method of a name, or undefined. */
export const findMethod = (name: string): ControlMethod | undefined => methods().get(name)

/** @returns all names, sorted. */
export const methodNames = (): string[] => [...methods().keys()].sort()
