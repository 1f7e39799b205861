/** The method `eval` of the control socket. A module of its own, which is evaluated with the first request. */
import { ControlError } from './control.js'
import { shellContext } from './control_context.js'

type AsyncFunctionConstructor = new (...parameters: string[]) => (...args: unknown[]) => Promise<unknown>
// The constructor has no name of its own.
const AsyncFunction = (async () => {}).constructor as AsyncFunctionConstructor

/**
 * Evaluates an expression, or where it is none, statements with `return`; both may await.
 *
 * @throws ControlError `syntax_error`
 */
export function evaluate(text: string): Promise<unknown> {
  const names = shellContext()
  const make = (body: string): (() => Promise<unknown>) => {
    const made = new AsyncFunction(...Object.keys(names), body)
    return () => made(...Object.values(names))
  }
  let call: () => Promise<unknown>
  try {
    call = make(`return (${text}\n)`)
  } catch {
    try {
      call = make(text)
    } catch (fault) {
      throw new ControlError('syntax_error', fault instanceof Error ? fault.message : String(fault))
    }
  }
  return call()
}
