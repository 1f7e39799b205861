/**
 * The types of a gen_server's callbacks: what they are given and what they may return, and what can be known of a
 * callback module's requests and replies. Types only. OTP: the `-callback` declarations of `gen_server.erl`.
 */
import type { From } from './gen_call.js'
import type { Option } from './gen_server_returns.js'

/** What `init` may return. The last element of `ok` is a time-out, `hibernate` or `{ continue }`. */
export type Init<State> =
  | readonly ['ok', State]
  | readonly ['ok', State, Option]
  | readonly ['stop', unknown]
  | 'ignore'

/** What `handleCall` may return. */
export type CallReturn<State, Reply = unknown> =
  | readonly ['reply', Reply, State]
  | readonly ['reply', Reply, State, Option]
  | readonly ['noreply', State]
  | readonly ['noreply', State, Option]
  | readonly ['stop', reason: unknown, reply: Reply, State]
  | readonly ['stop', reason: unknown, State]

/** What `handleCast`, `handleInfo` and `handleContinue` may return. */
export type CastReturn<State> =
  | readonly ['noreply', State]
  | readonly ['noreply', State, Option]
  | readonly ['stop', reason: unknown, State]

type Awaitable<T> = T | Promise<T>

declare const REPLY: unique symbol

/**
 * A request of this shape is answered with a `Reply`: `Request<{ readonly type: 'next' }, number>`. Only types know of
 * it; a union of such requests is what {@link HandleCall} and `client` go by.
 */
export type Request<Shape, Reply> = Shape & { readonly [REPLY]?: Reply }

/** The type of the answer to a request: `unknown` where the request does not say. */
export type ReplyTo<R> = R extends { readonly [REPLY]?: infer Reply } ? Reply : unknown

/** Answers a request. Where the requests say their replies, only those can be given. */
export type HandleCall<Call, State> = (
  request: Call,
  from: From,
  state: State,
) => Awaitable<CallReturn<State, ReplyTo<Call>>>

/** Handles a request that wants no answer. */
export type HandleCast<Cast, State> = (request: Cast, state: State) => Awaitable<CastReturn<State>>

/** Handles any other message; also `'timeout'`. */
export type HandleInfo<State, Message = unknown> = (message: Message, state: State) => Awaitable<CastReturn<State>>

/** Goes on after a return with `{ continue }`, before any message. */
export type HandleContinue<State, Continue = unknown> = (
  continuation: Continue,
  state: State,
) => Awaitable<CastReturn<State>>

/** Cleans up before the server ends. Not called when the server is killed or its init failed. */
export type Terminate<State> = (reason: unknown, state: State) => unknown

/** Converts the state in an upgrade: `oldVsn` is the old version, or `['down', vsn]`. Anything but `ok` refuses. */
export type CodeChange<State, OldState = unknown> = (
  oldVsn: unknown,
  state: OldState,
  extra: unknown,
) => Awaitable<readonly ['ok', State] | readonly ['error', unknown]>

/** What is shown of the state, a message, a reason and the log. */
export type FormatStatus = (status: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/**
 * All callbacks of a module together: `self satisfies GenServer.Callbacks<State, Call, Cast>` beside its exports has
 * TypeScript say what is missing or of a wrong type.
 */
export interface Callbacks<State, Call = never, Cast = never, Arg = never> {
  /** Makes the first state of what the server was started with. The starter waits for it. */
  readonly init: (arg: Arg) => Awaitable<Init<State>>
  /** Answers a request, or says who will: see {@link HandleCall}. */
  readonly handleCall: HandleCall<Call, State>
  /** Handles a request without an answer. */
  readonly handleCast: HandleCast<Cast, State>
  /** Handles other messages; without it they are dropped with a warning. */
  readonly handleInfo?: HandleInfo<State, never>
  /** Goes on after `{ continue }`; without it such a return is an error. */
  readonly handleContinue?: HandleContinue<State, never>
  /** Cleans up; see {@link Terminate} for when it is not called. */
  readonly terminate?: Terminate<State>
  /** Converts the state in an upgrade; without it a `code_change` of this module fails. */
  readonly codeChange?: CodeChange<State, never>
  /** Hides or shortens what `sys.getStatus` and crash reports show. */
  readonly formatStatus?: FormatStatus
}

/** The requests that a callback module answers: the first argument of its `handleCall`. */
export type CallOf<Module> = Module extends { readonly handleCall: (request: infer R, ...rest: never[]) => unknown }
  ? R
  : never

/** The requests that a callback module takes without an answer: the first argument of its `handleCast`. */
export type CastOf<Module> = Module extends { readonly handleCast: (request: infer R, ...rest: never[]) => unknown }
  ? R
  : never
