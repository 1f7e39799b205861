/** Keys of a loaded application's resource, as OTP names and orders them. OTP: `get_all_key/1` of application.erl. */
import { acTab } from './application_table.js'

/** A key and its value. */
export type KeyValue = readonly [key: string, value: unknown]

/** @returns all keys with their values, or undefined for an application that is not loaded. */
export function keysOf(application: string): KeyValue[] | undefined {
  const data = acTab().loaded.get(application)
  if (data === undefined) return undefined
  return [
    ['description', data.description],
    ['id', data.id],
    ['vsn', data.vsn],
    ['modules', data.modules],
    ['maxP', data.maxP],
    ['maxT', data.maxT],
    ['registered', data.registered],
    ['included_applications', data.includedApplications],
    ['optional_applications', data.optionalApplications],
    ['applications', data.applications],
    ['env', [...(acTab().env.get(application) ?? [])]],
    ['mod', data.mod ?? []],
    ['start_phases', data.startPhases],
  ]
}
