/** What is written to standard output. */

/** The texts written to standard output while `body` runs. */
export async function printed(body: () => Promise<void>): Promise<string[]> {
  const texts: string[] = []
  const { write } = process.stdout
  // Only text is written there, and nobody looks at the result.
  process.stdout.write = ((text: string) => texts.push(text) > 0) as typeof write
  try {
    await body()
  } finally {
    process.stdout.write = write
  }
  return texts
}
