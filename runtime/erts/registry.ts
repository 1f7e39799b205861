/**
 * Registered names: one name a process, one process a name, free again before links and monitors of an ended process
 * are told. Also the node-local part of OTP's `global`, whose names are any term.
 */
import { error } from './exit.js'
import { fenced } from './fence.js'
import type { Process } from './proc.js'
import { type Pid, termKey } from './term.js'

const names = new Map<string, Process>()
/** By the key of the name, see {@link termKey}. */
const globals = new Map<unknown, { readonly name: unknown; readonly owner: Process }>()
/** Keys of the global names of each process that has any. */
const globalsOf = new Map<Process, Set<unknown>>()

/**
 * Registers a process under a name. OTP: `register/2`.
 *
 * @throws ErlangError `badarg`: the name is taken or `undefined`, the process is dead or has a name
 */
export function register(name: string, pid: Pid): true {
  if (fenced('register')) return true
  const proc = pid.proc
  if (name === 'undefined' || name === '' || proc === null || proc.dead || proc.name !== null || names.has(name))
    error('badarg')
  proc.name = name
  names.set(name, proc)
  return true
}

/** Frees a name. OTP: `unregister/1`. @throws ErlangError `badarg` when nobody has it */
export function unregister(name: string): true {
  if (fenced('unregister')) return true
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
  const key = termKey(name)
  const owner = pid.proc
  if (fenced('registerGlobal') || owner === null || owner.dead || globals.has(key)) return 'no'
  globals.set(key, { name, owner })
  const keys = globalsOf.get(owner)
  if (keys === undefined) globalsOf.set(owner, new Set([key]))
  else keys.add(key)
  return 'yes'
}

/** OTP: `global:unregister_name/1`. */
export function unregisterGlobal(name: unknown): 'ok' {
  const key = termKey(name)
  const entry = globals.get(key)
  if (fenced('unregisterGlobal') || entry === undefined) return 'ok'
  globals.delete(key)
  const keys = globalsOf.get(entry.owner)
  keys?.delete(key)
  if (keys?.size === 0) globalsOf.delete(entry.owner)
  return 'ok'
}

/** OTP: `global:whereis_name/1`. */
export const whereisGlobal = (name: unknown): Pid | undefined => globals.get(termKey(name))?.owner.pid

/** OTP: `global:registered_names/0`. */
export const registeredGlobal = (): unknown[] => [...globals.values()].map(({ name }) => name)

/** Frees every name of an ended process. */
export function releaseNames(proc: Process): void {
  // The record keeps the name for the crash report.
  if (proc.name !== null) names.delete(proc.name)
  const keys = globalsOf.size === 0 ? undefined : globalsOf.get(proc)
  if (keys === undefined) return
  globalsOf.delete(proc)
  for (const key of keys) globals.delete(key)
}
