/**
 * Reading what a node answers.
 *
 * The node may be of another version than this program, so nothing is taken for granted: a fact that is missing or of
 * another type is left out of what is shown, and the whole answer still goes to `--json` as it came.
 */
import { record } from '../render/record.js'

/** A text fact of an answer. */
export function textOf(answer: unknown, key: string): string | undefined {
  const value = record(answer)?.[key]
  return typeof value === 'string' ? value : undefined
}

/** A number fact of an answer. */
export function numberOf(answer: unknown, key: string): number | undefined {
  const value = record(answer)?.[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A list fact of an answer; a missing one is empty. */
export function listOf(answer: unknown, key: string): readonly unknown[] {
  const value = record(answer)?.[key]
  return Array.isArray(value) ? value : []
}

/** An application of a release. */
export interface ApplicationFacts {
  readonly name: string
  readonly vsn: string
  readonly description: string
}

/** Applications as the node lists them: `{ name, vsn, description }`, or OTP's `[name, description, vsn]`. */
export function applications(value: unknown): ApplicationFacts[] {
  if (!Array.isArray(value)) return []
  return value.map((one) =>
    Array.isArray(one)
      ? { name: String(one[0]), description: String(one[1] ?? ''), vsn: String(one[2] ?? '') }
      : {
          name: textOf(one, 'name') ?? '',
          description: textOf(one, 'description') ?? '',
          vsn: textOf(one, 'vsn') ?? '',
        },
  )
}

/** A release as the node lists it. */
export interface ReleaseFacts {
  readonly name: string
  readonly vsn: string
  readonly status: string
  /** Version of the node binary; empty where the node does not say. */
  readonly erts: string
  /** `application-vsn`, in order. */
  readonly libs: readonly string[]
}

/** The releases in the node's order: objects as in RELEASES.json, or OTP's `[name, vsn, libs, status]`. */
export function releases(value: unknown): ReleaseFacts[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : listOf(value, 'releases')
  return entries.map((one) => {
    if (Array.isArray(one)) {
      const libs: unknown = one[2]
      const [name, vsn, , status] = one.map(String)
      return {
        name: name ?? '',
        vsn: vsn ?? '',
        status: status ?? '',
        erts: '',
        libs: Array.isArray(libs) ? libs.map(String) : [],
      }
    }
    return {
      name: textOf(one, 'name') ?? '',
      vsn: textOf(one, 'vsn') ?? '',
      status: textOf(one, 'status') ?? '',
      erts: textOf(one, 'erts') ?? '',
      libs: listOf(one, 'libs').map((lib) =>
        typeof lib === 'string' ? lib : `${textOf(lib, 'application') ?? textOf(lib, 'name')}-${textOf(lib, 'vsn')}`,
      ),
    }
  })
}

/** The release that runs: the current one, else the permanent one. */
export function running(all: readonly ReleaseFacts[]): ReleaseFacts | undefined {
  return all.find(({ status }) => status === 'current') ?? all.find(({ status }) => status === 'permanent')
}
