/** What a release has that is copied or read as it is: configuration, flags, the node binary, priv. */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok } from '../../schemas/result.js'
import type { Cache } from './cache.js'
import type { ReleaseSpec } from './config.js'
import { findFiles, type Sums } from './files.js'
import type { ResolvedRelease } from './resolve.js'
import { readSysConfig } from './sys_config.js'
import { renderTemplate } from './template.js'
import { vmArgsFaults } from './vm_args.js'

/** Reads everything; or says every fault of it. */
export async function readFilesOf({ applications }: ResolvedRelease, spec: ReleaseSpec, sums: Sums, cache: Cache) {
  const binary = spec.includeErts === true ? process.execPath : spec.includeErts
  const [config, vmArgs, envSh, node, priv] = await Promise.all([
    readSysConfig(spec.sysConfig),
    spec.vmArgs === undefined ? renderTemplate('releases/vsn/vm.args', {}, { cache }) : readFile(spec.vmArgs, 'utf8'),
    spec.envSh === undefined ? '' : readFile(spec.envSh, 'utf8'),
    binary === false ? undefined : sums.of(await realpath(binary), 'node'),
    Promise.all(applications.map(({ dir }) => findFiles(join(dir, 'priv'), sums))),
  ])
  if (!config.ok) return config
  const flags = spec.vmArgs === undefined ? [] : vmArgsFaults({ file: spec.vmArgs, text: vmArgs })
  return flags.length > 0 ? err(flags) : ok({ config: config.value, vmArgs, envSh, node, priv })
}

/** The oldest node that releases run on. */
const NODE_MIN = '20.19.0'

/** `env.sh` of a release. @param own what "env_sh" names, or an empty text */
export function envScript(
  { rel, applications }: ResolvedRelease,
  ownNode: boolean,
  own: string,
  cache: Cache,
): Promise<string> {
  const kernel = applications.find(({ name }) => name === 'kernel')
  const variables = {
    name: rel.name,
    vsn: rel.vsn,
    kernelDir: `lib/kernel-${kernel?.vsn}`,
    nodePath: ownNode ? `erts-${rel.erts}/bin/node` : '',
    nodeMin: NODE_MIN,
    own,
  }
  return renderTemplate('releases/vsn/env.sh', variables, { cache })
}
