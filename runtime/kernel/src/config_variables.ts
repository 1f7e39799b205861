/**
 * Environment variables in configuration: `"${PORT}"`, `"http://${HOST:-localhost}/"`, `"${PORT:-8080|number}"`.
 *
 * They are read when a node starts and again when it is upgraded, never by the build. Every text value may hold them,
 * keys may not. A reference gives a text; `|number`, `|boolean` or `|json` behind it makes a whole value of that kind.
 * `:-` gives a default for a variable that is not set or empty. `$${` stands for `${` itself.
 *
 * Pure: the environment is given. OTP has none of this; relx's sys.config.src replaces texts, and only at a start.
 */
import type { JsonPath } from '../../../schemas/position.js'

/** The environment, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Why a value cannot be had. */
export type VariableProblem =
  /** The variable is not set, and there is no default. */
  | { readonly tag: 'unset_variable'; readonly name: string; readonly path: JsonPath }
  /** The text of the variable, or the default, is not of the kind asked for. */
  | { readonly tag: 'bad_variable'; readonly name: string; readonly kind: Kind; readonly path: JsonPath }
  /** `${` that is no reference. */
  | { readonly tag: 'bad_reference'; readonly text: string; readonly path: JsonPath }

/** What a text is read as. */
export type Kind = 'number' | 'boolean' | 'json'

/** The words for it. What a variable holds is never said: it may be a secret. */
export function formatVariableProblem(problem: VariableProblem): string {
  switch (problem.tag) {
    case 'unset_variable':
      return `environment variable "${problem.name}" is not set; set it, or give a default: "\${${problem.name}:-...}"`
    case 'bad_variable': {
      const wanted = { number: 'a number', boolean: 'true or false', json: 'JSON' }[problem.kind]
      return `environment variable "${problem.name}" must be ${wanted}, and is not`
    }
    case 'bad_reference':
      return `${JSON.stringify(problem.text)} is no reference to an environment variable; allowed are "\${NAME}", "\${NAME:-default}", and for a whole value "\${NAME|number}", |boolean or |json; write "$\${" for the characters themselves`
  }
}

/** `$${`, a reference, or a `${` that is none. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^{}]*?))?(?:\|(number|boolean|json))?\}|\$\{[^}]*\}?/g

/** Whether a text may hold references at all: most configurations hold none, and cost nothing. */
export const hasReferences = (text: string): boolean => text.includes('${')

/**
 * Puts variables in.
 *
 * @returns the value with all references replaced, and every problem in the order of the value
 */
export function expandVariables<T>(
  value: T,
  environment: Environment,
): { readonly value: T; readonly problems: readonly VariableProblem[] } {
  const problems: VariableProblem[] = []
  const walk = (part: unknown, path: JsonPath): unknown => {
    if (typeof part === 'string') return hasReferences(part) ? expandText(part, path, environment, problems) : part
    if (Array.isArray(part)) return part.map((item, index) => walk(item, [...path, index]))
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, walk(item, [...path, key])]))
  }
  // The shape is the same; a text can have become another plain value, which no type of a configuration forbids.
  return { value: walk(value, []) as T, problems }
}

function expandText(text: string, path: JsonPath, environment: Environment, problems: VariableProblem[]): unknown {
  let whole: { readonly value: unknown } | undefined
  const expanded = text.replaceAll(
    REFERENCE,
    (match: string, name: string | undefined, fallback: string | undefined, kind: Kind | undefined) => {
      if (match === '$${') return '${'
      if (name === undefined || (kind !== undefined && match !== text)) {
        problems.push({ tag: 'bad_reference', text: match, path })
        return match
      }
      const set = environment[name]
      const found = fallback !== undefined && (set === undefined || set === '') ? fallback : set
      if (found === undefined) {
        problems.push({ tag: 'unset_variable', name, path })
        return match
      }
      if (kind !== undefined) {
        whole = readAs(found, kind)
        if (whole === undefined) problems.push({ tag: 'bad_variable', name, kind, path })
      }
      return found
    },
  )
  return whole === undefined ? expanded : whole.value
}

/** A text as a value of a kind; undefined where it is none. */
function readAs(text: string, kind: Kind): { readonly value: unknown } | undefined {
  switch (kind) {
    case 'number': {
      const value = Number(text)
      return text.trim() !== '' && Number.isFinite(value) ? { value } : undefined
    }
    case 'boolean':
      return text === 'true' || text === 'false' ? { value: text === 'true' } : undefined
    case 'json':
      try {
        return { value: JSON.parse(text) }
      } catch {
        return undefined
      }
  }
}

/** References in a value that no environment can satisfy: what the build refuses. */
export const badReferences = (value: unknown): readonly VariableProblem[] =>
  // every variable is set, to something that no kind takes
  expandVariables(value, ANY).problems.filter(({ tag }) => tag === 'bad_reference')

const ANY: Environment = new Proxy({}, { get: () => '-' })
