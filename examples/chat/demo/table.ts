/** The summary: what was seen, and whether it is what was promised. */

/** A figure, and where something is promised, what it must be. */
export type Row = readonly [name: string, found: string | number, wanted?: string | number]

/** Prints the table. @returns whether every promise was kept */
export function printTable(rows: readonly Row[]): boolean {
  const width = Math.max(...rows.map(([name]) => name.length))
  let good = true
  console.log()
  for (const [name, found, wanted] of rows) {
    const kept = wanted === undefined || found === wanted
    good &&= kept
    const mark = wanted === undefined ? ' ' : kept ? '+' : '!'
    console.log(`  ${mark} ${name.padEnd(width)}  ${found}${kept ? '' : `   (promised: ${wanted})`}`)
  }
  console.log(good ? '\nNothing was lost.' : '\nSomething was lost.')
  return good
}
