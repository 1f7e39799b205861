/**
 * The code server: does one change of loaded code after the other. What only looks does not ask it. OTP: kernel's
 * code_server.erl.
 */
import { trapExit } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import { loadFile, loadUnlessLoaded, purge, remove, softPurge } from './code_loading.js'
import * as callbacks from './code_server.js'

/** What the code server is asked for, each of one module. */
export interface Request {
  readonly type: 'load_file' | 'ensure_loaded' | 'purge' | 'soft_purge' | 'delete'
  readonly id: string
}

/** Starts it under its name; the kernel's supervisor does. */
export const startLink = (): Promise<genServer.StartResult> =>
  genServer.startLink({ local: 'code_server' }, callbacks, [])

/** No state: the linker has it all. */
export function init(): genServer.Init<null> {
  trapExit(true)
  return ['ok', null]
}

/** One {@link Request}. */
export const handleCall: genServer.HandleCall<Request, null> = async ({ type, id }, _from, state) => [
  'reply',
  await change(type, id),
  state,
]

/** Carries a request out. Also called where no code server runs. */
export async function change(type: Request['type'], id: string): Promise<unknown> {
  switch (type) {
    case 'load_file':
      return loadFile(id)
    case 'ensure_loaded':
      return loadUnlessLoaded(id)
    case 'purge':
      return purge(id)
    case 'soft_purge':
      return softPurge(id)
    case 'delete':
      return remove(id)
  }
}

/** Nothing comes this way. */
export const handleCast: genServer.HandleCast<never, null> = (_request, state) => ['noreply', state]

/** Exits of processes it was linked with for a moment. */
export const handleInfo: genServer.HandleInfo<null> = (_message, state) => ['noreply', state]
