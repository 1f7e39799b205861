/**
 * What a release starts to stay, read from its boot script: what should run, whatever an upgrade has made of the node
 * since it booted. OTP: `application:start_boot(Name, permanent)` in start.script.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { read } from '../../../schemas/read.js'

/**
 * @param root folder of the installation
 * @returns names of the applications that a release starts permanently, in order; none where its script is not readable
 */
export async function permanentApplications(root: string, vsn: string): Promise<readonly string[]> {
  const file = join(root, 'releases', vsn, 'start.script.json')
  const script = read('script', await readFile(file, 'utf8').catch(() => ''), file)
  if (!script.ok) return []
  return script.value.instructions.flatMap((one) => {
    if (one.op !== 'apply') return []
    const [module, fun, [name, type]] = one.mfa
    return module === 'kernel/application' && fun === 'startBoot' && type === 'permanent' ? [String(name)] : []
  })
}
