/** The outcome of a pure step: its value, or one member of that step's own error union. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

/** A step that succeeded. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value })

/** A step that was refused. */
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error })
