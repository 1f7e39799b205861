/**
 * An upgrade that has been read and compiled but has not touched anything that runs.
 *
 * OTP: the opaque `prepared_code` of code:prepare_loading/1.
 */
import type { Unit, VersionInfo } from './version.js'

/** A module to be changed, and the folder of the application version it comes from. */
export interface Change {
  readonly id: string
  /** `lib/APP-VSN`, absolute. */
  readonly dir: string
}

export class Prepared {
  /** The modules to be swapped, in the order they were given. */
  readonly changes: readonly string[]
  /** All modules that `swap` may touch: the changes, and new ones they need. Take the snapshot of these. */
  readonly ids: readonly string[]
  /** Those of `ids` that await at their top level: their swap is a promise, and others run meanwhile. */
  readonly asynchronous: readonly string[]
  readonly #units: ReadonlyMap<string, Unit>
  readonly #installed = new Map<string, VersionInfo>()

  constructor(changes: readonly string[], units: ReadonlyMap<string, Unit>) {
    this.changes = changes
    this.#units = units
    this.ids = [...units.keys()]
    this.asynchronous = this.ids.filter((id) => units.get(id)?.meta.tla)
  }

  /** For the linker. */
  get units(): ReadonlyMap<string, Unit> {
    return this.#units
  }

  /** For the linker: remembers that `info` came from here. */
  markInstalled(info: VersionInfo): void {
    this.#installed.set(info.id, info)
  }

  /** Whether `info` is the version that came from here: its own `load` has nothing left to do. */
  isInstalled(id: string, info: VersionInfo | undefined): boolean {
    return info !== undefined && this.#installed.get(id) === info
  }
}
