/** A thrown error that is no refused input: our own bug, printed with everything a report of it needs. */

/** The lines for a bug. */
export function bugLines(thrown: unknown, version: string, commandLine: readonly string[]): string[] {
  const stack =
    thrown instanceof Error ? (thrown.stack ?? `${thrown.name}: ${thrown.message}`) : `thrown: ${String(thrown)}`
  return [
    'This is a bug in otp-rel, not in what you did:',
    '',
    ...stack.split('\n').map((line) => `  ${line}`),
    ...causes(thrown).map((line) => `  caused by ${line}`),
    '',
    `otp-rel ${version}, Node ${process.version}, ${process.platform} ${process.arch}`,
    `command: ${commandLine.join(' ')}`,
    'A report with these lines and the otp.config.json at hand helps to find it',
  ]
}

function causes(thrown: unknown): string[] {
  const lines: string[] = []
  for (let cause = thrown instanceof Error ? thrown.cause : undefined; cause !== undefined && lines.length < 5; ) {
    lines.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return lines
}
