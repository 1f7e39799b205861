/**
 * Names in generated code: new ones that collide with nothing, and ways to write given ones.
 */

const PLAIN = /^[A-Za-z_$][\w$]*$/

/** Whether a name can stand after a dot. */
export function isPlain(name: string): boolean {
  return PLAIN.test(name)
}

/** `object.name`, or with brackets where the name is not an identifier. */
export function memberText(object: string, name: string): string {
  return isPlain(name) ? `${object}.${name}` : `${object}[${JSON.stringify(name)}]`
}

/** A name as a key of an object literal; `__proto__` would otherwise set the prototype. */
export function keyText(name: string): string {
  if (name === '__proto__') return '["__proto__"]'
  return isPlain(name) ? name : JSON.stringify(name)
}

/** Gives names that occur nowhere in `code` and are given once. */
export function freshNames(code: string): (base: string) => string {
  const used = new Set(code.match(/[A-Za-z_$][\w$]*/g))
  return (base) => {
    let name = base
    for (let count = 1; used.has(name); count++) name = base + count
    used.add(name)
    return name
  }
}

/** What the wrapper calls an import: `$` and the last part of its specifier. */
export function parameterName(specifier: string): string {
  const last = specifier.replace(/\.[cm]?js$/, '').replace(/^.*\//, '')
  return `$${last.replace(/\W/g, '_')}`
}
