/**
 * A typed client of a server: call and cast with the requests of its callback module, and the replies that these
 * promise. A thin shell over `call` and `cast`; OTP has no such thing, its client functions are the callback module's
 * own.
 */
import type { Timeout } from '../../erts/receive.js'
import type { ServerRef } from './gen_call.js'
import * as genServer from './gen_server.js'
import type { CallOf, CastOf, ReplyTo } from './gen_server_callbacks.js'

/** The promise of the member of a union of requests that a request is. */
type Answer<Call, R> = Call extends unknown ? (R extends Call ? ReplyTo<Call> : never) : never

/** A server as its clients see it. */
export interface Client<Call, Cast> {
  /** How it is named in other functions. */
  readonly ref: ServerRef
  /** As `GenServer.call`, for the requests of `handleCall`. */
  call<const R extends Call>(request: R, timeoutMs?: Timeout): Promise<Answer<Call, R>>
  /** As `GenServer.cast`, for the requests of `handleCast`. */
  cast(request: Cast): 'ok'
}

/**
 * The client of a server whose callback module is of type `Module`: `const bank = GenServer.client<typeof self>('bank')`.
 * Makes nothing and looks for nothing; the server may be started later.
 */
export function client<Module extends object>(ref: ServerRef): Client<CallOf<Module>, CastOf<Module>> {
  return {
    ref,
    // What handleCall answers is what its requests promise: HandleCall holds it to that.
    call: (request, timeoutMs) => genServer.call(ref, request, timeoutMs) as Promise<never>,
    cast: (request) => genServer.cast(ref, request),
  }
}
