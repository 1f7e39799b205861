/**
 * The files of a multi-file log: `1`, `2` ... and `index`, one byte that is the number of the current one. OTP:
 * `log_mf_h` of stdlib, and `make_file_list` of sasl's rb.erl.
 */
import { closeSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** The file after another; after the last comes the first. */
export const next = (number: number, maxFiles: number): number => (number < maxFiles ? number + 1 : 1)

/** @returns the number of the current file, or undefined: there is no log */
export function readIndex(dir: string): number | undefined {
  try {
    return readFileSync(join(dir, 'index'))[0]
  } catch {
    return undefined
  }
}

/** Replaces the index in one piece. */
export function writeIndex(dir: string, number: number): void {
  const temporary = join(dir, 'index.tmp')
  const fd = openSync(temporary, 'w')
  writeSync(fd, Buffer.of(number))
  closeSync(fd)
  renameSync(temporary, join(dir, 'index'))
}

/** @returns the numbers of the files there are, from the current one back in time; undefined: there is no log */
export function filesNewestFirst(dir: string): readonly number[] | undefined {
  const current = readIndex(dir)
  if (current === undefined) return undefined
  const numbers = readdirSync(dir)
    .filter((name) => /^\d{1,3}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a)
  return [...numbers.filter((number) => number <= current), ...numbers.filter((number) => number > current)]
}
