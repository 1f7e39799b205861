/**
 * What a release starts to stay, read from its boot script: what should run, whatever an upgrade has made of the node
 * since it booted. OTP: `application:start_boot(Name, permanent)` in start.script.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { read } from '../../../schemas/read.js'

/** The last answer, and the file it was read from: every command asks for the status, and a script may be large. */
let last: { readonly stamp: string; readonly names: readonly string[] } | undefined

/**
 * @param root folder of the installation
 * @returns names of the applications that a release starts permanently, in order; none where its script is not readable
 */
export async function permanentApplications(root: string, vsn: string): Promise<readonly string[]> {
  const file = join(root, 'releases', vsn, 'start.script.json')
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) return []
  const stamp = `${file} ${found.ino} ${found.size} ${found.mtimeMs}`
  if (last?.stamp !== stamp) last = { stamp, names: await readNames(file) }
  return last.names
}

async function readNames(file: string): Promise<readonly string[]> {
  const script = read('script', await readFile(file, 'utf8').catch(() => ''), file)
  if (!script.ok) return []
  return script.value.instructions.flatMap((one) => {
    if (one.op !== 'apply') return []
    const [module, fun, [name, type]] = one.mfa
    return module === 'kernel/application' && fun === 'startBoot' && type === 'permanent' ? [String(name)] : []
  })
}
