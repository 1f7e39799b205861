/** The version of the node binary that a release is for. */
import { execFile } from 'node:child_process'
import { versions } from 'node:process'
import { promisify } from 'node:util'
import { err, ok, type Result } from '../../schemas/result.js'

/**
 * @param includeErts as in the configuration; the binary of a path is asked for its version
 * @returns `20.20.2`, or why there is none, in words
 */
export async function ertsVersion(includeErts: boolean | string): Promise<Result<string, string>> {
  if (typeof includeErts === 'boolean') return ok(versions.node)
  try {
    const { stdout } = await promisify(execFile)(includeErts, ['--version'])
    const [, version] = /^v(\d+\.\d+\.\d+\S*)\s*$/.exec(stdout) ?? []
    return version === undefined
      ? err(`"${includeErts}" is not node: it says "${stdout.trim().split('\n')[0]}" for --version`)
      : ok(version)
  } catch (cause) {
    return err(`"${includeErts}" does not run: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
