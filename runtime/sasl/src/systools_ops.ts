/**
 * The instructions of an appup.json and the fields that each may have.
 *
 * OTP: appup(4). The names are its own; `formats.md` has the meaning of each field.
 */

/** Fields by instruction; `op` is left out. */
export const FIELDS = {
  update: ['module', 'change', 'type', 'timeout', 'pre_purge', 'post_purge', 'mod_deps'],
  load_module: ['module', 'pre_purge', 'post_purge', 'mod_deps'],
  add_module: ['module', 'mod_deps'],
  delete_module: ['module', 'mod_deps'],
  add_application: ['application', 'type'],
  remove_application: ['application'],
  restart_application: ['application'],
  load_object_code: ['application', 'vsn', 'modules'],
  point_of_no_return: [],
  load: ['module', 'pre_purge', 'post_purge'],
  remove: ['module', 'pre_purge', 'post_purge'],
  purge: ['modules'],
  suspend: ['modules'],
  resume: ['modules'],
  code_change: ['mode', 'modules'],
  stop: ['modules'],
  start: ['modules'],
  sync_nodes: ['id', 'nodes', 'mfa'],
  apply: ['mfa'],
  restart_new_emulator: [],
  restart_emulator: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Name of an instruction. */
export type Op = keyof typeof FIELDS

export const isOp = (op: unknown): op is Op => typeof op === 'string' && Object.hasOwn(FIELDS, op)
