/**
 * Ids of children as keys of a Map: two ids that are the same term have the same key, so that a child is found in
 * constant time whatever its id is.
 *
 * OTP: ids are compared as terms (`=:=`) in supervisor.erl.
 */
export { termKey as idKey } from '../../erts/term.js'
