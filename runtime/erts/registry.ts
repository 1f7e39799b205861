/**
 * Registered names: one name a process, one process a name, free again before links and monitors of an ended process
 * are told. Also the node-local part of OTP's `global`, whose names are any term.
 */
import { error } from './exit.js'
import type { Process } from './proc.js'
import { format, type Pid } from './term.js'

const names = new Map<string, Process>()
const globals = new Map<string, Process>()
const globalNames = new Map<string, unknown>()

/**
 * Registers a process under a name. OTP: `register/2`.
 *
 * @throws ErlangError `badarg`: the name is taken or `undefined`, the process is dead or has a name
 */
export function register(name: string, pid: Pid): true {
  const proc = pid.proc
  if (name === 'undefined' || name === '' || proc === null || proc.dead || proc.name !== null || names.has(name))
    error('badarg')
  proc.name = name
  names.set(name, proc)
  return true
}

/** Frees a name. OTP: `unregister/1`. @throws ErlangError `badarg` when nobody has it */
export function unregister(name: string): true {
  const proc = names.get(name)
  if (proc === undefined) error('badarg')
  proc.name = null
  names.delete(name)
  return true
}

/** The process of a name, or undefined. OTP: `whereis/1`. */
export const whereis = (name: string): Pid | undefined => names.get(name)?.pid

/** The process record of a name. */
export const lookup = (name: string): Process | undefined => names.get(name)

/** All names, in order of registration. OTP: `registered/0`. */
export const registered = (): string[] => [...names.keys()]

/** Registers under a name that is any term. OTP: `global:register_name/2`. */
export function registerGlobal(name: unknown, pid: Pid): 'yes' | 'no' {
  const key = format(name)
  const proc = pid.proc
  if (proc === null || proc.dead || globals.has(key)) return 'no'
  globals.set(key, proc)
  globalNames.set(key, name)
  return 'yes'
}

/** OTP: `global:unregister_name/1`. */
export function unregisterGlobal(name: unknown): 'ok' {
  globals.delete(format(name))
  globalNames.delete(format(name))
  return 'ok'
}

/** OTP: `global:whereis_name/1`. */
export const whereisGlobal = (name: unknown): Pid | undefined => globals.get(format(name))?.pid

/** OTP: `global:registered_names/0`. */
export const registeredGlobal = (): unknown[] => [...globalNames.values()]

/** Frees every name of an ended process. */
export function releaseNames(proc: Process): void {
  // The record keeps the name for the crash report.
  if (proc.name !== null) names.delete(proc.name)
  if (globals.size > 0) {
    for (const [key, owner] of globals) {
      if (owner !== proc) continue
      globals.delete(key)
      globalNames.delete(key)
    }
  }
}
