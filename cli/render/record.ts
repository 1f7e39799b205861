/** Reading JSON of unknown form. */

/** A value read from JSON as a record, or `undefined` when it is none. */
export function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  // Reason for the cast: an object that is not an array is exactly what the type says.
  return isRecord ? (value as Record<string, unknown>) : undefined
}
