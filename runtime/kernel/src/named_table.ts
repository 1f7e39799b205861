/**
 * Named tables: data of the node that every version of a module shares. Variables of a module are made anew with each
 * version of it; what must outlive an upgrade of this application stands in a table. OTP: ets, `named_table`.
 */

// The symbol registry is the one place that two instances of this module have in common.
const REGISTRY = Symbol.for('otp-rel/named_tables')

function registry(): Map<string, unknown> {
  const found: unknown = Reflect.get(globalThis, REGISTRY)
  // Only this function writes under the symbol.
  if (found !== undefined) return found as Map<string, unknown>
  const made = new Map<string, unknown>()
  Object.defineProperty(globalThis, REGISTRY, { value: made })
  return made
}

/** Never another one in this node, so it is looked for once: the logger asks for tables at every event. */
const tables = registry()

/**
 * The table of that name, made by `make` when it does not exist yet.
 *
 * @param name unique in the node; whoever asks under the same name must mean the same type
 */
export function namedTable<T>(name: string, make: () => T): T {
  if (!tables.has(name)) tables.set(name, make())
  // A name belongs to one module, which always asks for the same type.
  return tables.get(name) as T
}
