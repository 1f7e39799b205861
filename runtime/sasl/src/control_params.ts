/** Reading the parameters of the release handler's control methods, and answering with its errors. */
import type { Result } from '../../../schemas/result.js'
import { ControlError } from '../../kernel/src/control.js'
import { formatReleaseError, type ReleaseError } from './release_error.js'

/** Parameters as a client sent them. */
export type Params = Readonly<Record<string, unknown>>

/** The value of a result. @throws ControlError with the tag and the facts of its error */
export const unwrap = <T>(result: Result<T, ReleaseError>): T => {
  if (result.ok) return result.value
  const { tag, ...facts } = result.error
  throw new ControlError(tag, formatReleaseError(result.error), facts)
}

/** A text that is not empty; undefined where there is none. @throws ControlError `bad_params` */
export function text(params: Params, name: string): string | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '') return value
  throw new ControlError('bad_params', `"${name}" must be a text`, { name })
}

/** A parameter that has to be there is not. */
export const missing = (name: string): ControlError => new ControlError('bad_params', `"${name}" is missing`, { name })

/** A whole number above 0; undefined where there is none. @throws ControlError `bad_params` */
export function positive(params: Params, name: string): number | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  throw new ControlError('bad_params', `"${name}" must be a whole number above 0`, { name })
}
