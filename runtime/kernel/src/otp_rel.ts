/**
 * otp-rel: Erlang/OTP for TypeScript. The public API of the runtime, by OTP's module.
 *
 *     import { GenServer, Supervisor } from 'otp-rel'
 *
 * @module otp-rel
 */
import { startLogging } from './logger_setup.js'

export { type Clock, clock, setClock } from '../../erts/clock.js'
export { ErlangError, Exit } from '../../erts/exit.js'
export type { Mfa, ModuleNamespace, ModuleRef } from '../../erts/modules.js'
export * as Process from '../../erts/process.js'
export { Pid, Ref } from '../../erts/process.js'
export * as Behaviour from '../../stdlib/src/behaviour.js'
export * as GenEvent from '../../stdlib/src/gen_event.js'
export * as GenFsm from '../../stdlib/src/gen_fsm.js'
export * as GenServer from '../../stdlib/src/gen_server.js'
export * as GenStatem from '../../stdlib/src/gen_statem.js'
export * as ProcLib from '../../stdlib/src/proc_lib.js'
export * as Supervisor from '../../stdlib/src/supervisor.js'
export * as SupervisorBridge from '../../stdlib/src/supervisor_bridge.js'
export * as Sys from '../../stdlib/src/sys.js'
export * as Timer from '../../stdlib/src/timer.js'
export * as Application from './application.js'
export * as Code from './code.js'
export * as Control from './control.js'
export * as ErrorLogger from './error_logger.js'
export * as Logger from './logger.js'
export * as LoggerFilters from './logger_filters.js'
export * as LoggerFormatter from './logger_formatter.js'

// A program without a release has its reports printed from the first import on.
startLogging()
