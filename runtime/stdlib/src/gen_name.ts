/**
 * The name of a server that starts: local, global, or in a registry of its own. OTP: `gen:register_name/1`,
 * `gen:unregister_name/1`, `gen:where/1`.
 */
import { ErlangError, exitReason } from '../../erts/exit.js'
import type { Process } from '../../erts/proc.js'
import { register, registerGlobal, unregister, unregisterGlobal } from '../../erts/registry.js'
import type { Pid } from '../../erts/term.js'
import { askRegistry, find, type ServerName } from './gen_call.js'

/** Who has a name and lives. */
export function registeredAs(name: ServerName): Pid | undefined {
  const found = find('local' in name ? name.local : name)
  return found === null || 'nodedown' in found || found.dead ? undefined : found.pid
}

/** Registers. @returns why the name cannot be had: `['already_started', owner]`, or what the registry has thrown */
export function refusedName(name: ServerName, proc: Process): unknown {
  try {
    const owner = takeName(name, proc.pid)
    return owner === undefined ? undefined : ['already_started', owner]
  } catch (thrown) {
    return exitReason(thrown)
  }
}

/** Registers; @returns the owner when the name is taken. */
function takeName(name: ServerName, pid: Pid): Pid | undefined {
  if ('local' in name) {
    const owner = registeredAs(name)
    if (owner === undefined) register(name.local, pid)
    return owner
  }
  if ('global' in name) return registerGlobal(name.global, pid) === 'yes' ? undefined : registeredAs(name)
  const answer = askRegistry(name.via, 'registerName', name.name, pid)
  if (answer === 'yes') return undefined
  // Also a promise: who is asked for a name must know.
  if (answer !== 'no') throw new ErlangError(['bad_return_value', answer])
  return registeredAs(name) ?? pid
}

/** Gives the name up. */
export function releaseName(proc: Process, name: ServerName | undefined): void {
  if (name === undefined) return
  if ('local' in name) {
    if (proc.name === name.local) unregister(name.local)
  } else if ('global' in name) unregisterGlobal(name.global)
  else askRegistry(name.via, 'unregisterName', name.name)
}
