/**
 * The code server: does one change of loaded code after the other. What only looks does not ask it. OTP: kernel's
 * code_server.erl.
 */
import { trapExit } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import { loadFile, loadMissing, loadTogether, loadUnlessLoaded, purge, remove, softPurge } from './code_loading.js'
import * as callbacks from './code_server.js'

/** What the code server is asked for, of one module or of several. */
export type Request =
  | { readonly type: 'load_file' | 'ensure_loaded' | 'purge' | 'soft_purge' | 'delete'; readonly id: string }
  | { readonly type: 'ensure_modules_loaded' | 'atomic_load'; readonly ids: readonly string[] }

/** Starts it under its name; the kernel's supervisor does. */
export const startLink = (): Promise<genServer.StartResult> =>
  genServer.startLink({ local: 'code_server' }, callbacks, [])

/** No state: the linker has it all. */
export function init(): genServer.Init<null> {
  trapExit(true)
  return ['ok', null]
}

/** One {@link Request}. */
export const handleCall: genServer.HandleCall<Request, null> = async (request, _from, state) => [
  'reply',
  await change(request),
  state,
]

/** Carries a request out. Also called where no code server runs. */
export async function change(request: Request): Promise<unknown> {
  switch (request.type) {
    case 'load_file':
      return loadFile(request.id)
    case 'ensure_loaded':
      return loadUnlessLoaded(request.id)
    case 'purge':
      return purge(request.id)
    case 'soft_purge':
      return softPurge(request.id)
    case 'delete':
      return remove(request.id)
    case 'ensure_modules_loaded':
      return loadMissing(request.ids)
    case 'atomic_load':
      return loadTogether(request.ids)
  }
}

/** Nothing comes this way. */
export const handleCast: genServer.HandleCast<never, null> = (_request, state) => ['noreply', state]

/** Exits of processes it was linked with for a moment. */
export const handleInfo: genServer.HandleInfo<null> = (_message, state) => ['noreply', state]
