/** The method `eval` of the control socket. A module of its own, which is evaluated with the first request. */
import { Script } from 'node:vm'
import { ControlError } from './control.js'
import { shellContext } from './control_context.js'

type AsyncFunctionConstructor = new (...parameters: string[]) => (...args: unknown[]) => Promise<unknown>
// The constructor has no name of its own.
const AsyncFunction = (async () => {}).constructor as AsyncFunctionConstructor

/**
 * Evaluates an expression, or where it is none, statements with `return`; both may await.
 *
 * @throws ControlError `syntax_error`; `line` and `column`, from 1, and the `text` of that line where V8 tells them
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
      throw syntaxError(text, fault)
    }
  }
  return call()
}

/** With its place, which V8 tells of a script only: as the head of the stack, `FILE:LINE`, the line, and a mark below. */
function syntaxError(text: string, fault: unknown): ControlError {
  const said = fault instanceof Error ? fault.message : String(fault)
  try {
    new Script(`(async () => {\n${text}\n})`, { filename: 'eval', lineOffset: -1 })
  } catch (again) {
    const stack = again instanceof Error ? (again.stack ?? '') : ''
    const [, line, found, mark] = /^eval:(\d+)\n(.*)\n( *)\^*\n/.exec(stack) ?? []
    const lines = text.trimEnd().split('\n')
    const last = lines.at(-1) ?? ''
    // What V8 did not expect then is the bracket that was put around the text.
    if (Number(line) > lines.length) {
      const message = 'Unexpected end of input'
      return new ControlError('syntax_error', message, { line: lines.length, column: last.length + 1, text: last })
    }
    if (mark !== undefined)
      return new ControlError('syntax_error', said, { line: Number(line), column: mark.length + 1, text: found })
  }
  return new ControlError('syntax_error', said)
}
