/**
 * Progress and supervisor reports.
 *
 * OTP: `report_progress/2` and `report_error/4` in stdlib's supervisor.erl; domain `[otp, sasl]`.
 */
import { moduleName } from '../../erts/modules.js'
import { report } from '../../erts/report.js'
import type { Pid } from '../../erts/term.js'
import type { CheckedSpec } from './child_spec.js'

const META = { domain: ['otp', 'sasl'] } as const

/** In which phase of a child's life something went wrong. */
export type ErrorContext = 'start_error' | 'child_terminated' | 'shutdown_error' | 'shutdown'

/** Who a report is about: one process, none, or a number of processes of one specification. */
export type Offender = { readonly pid: Pid | undefined } | { readonly count: number }

/** A supervisor's name as reports show it. */
export type SupervisorName = readonly [unknown, unknown]

/** Reports that a child was started or restarted. Level info. */
export function reportProgress(supervisor: SupervisorName, spec: CheckedSpec, pid: Pid): void {
  const facts = [
    ['supervisor', supervisor],
    ['started', describe(spec, { pid })],
  ]
  report('info', { label: ['supervisor', 'progress'], report: facts }, META)
}

/** Reports what went wrong with a child. Level error. */
export function reportError(
  supervisor: SupervisorName,
  context: ErrorContext,
  reason: unknown,
  spec: CheckedSpec,
  offender: Offender,
): void {
  const facts = [
    ['supervisor', supervisor],
    ['errorContext', context],
    ['reason', reason],
    ['offender', describe(spec, offender)],
  ]
  report('error', { label: ['supervisor', context], report: facts }, META)
}

/** A child as pairs, in OTP's order. */
function describe(spec: CheckedSpec, offender: Offender): readonly (readonly [string, unknown])[] {
  const [module, fun, args] = spec.start
  return [
    'count' in offender ? ['nb_children', offender.count] : ['pid', offender.pid],
    ['id', spec.id],
    ['mfargs', [moduleName(module), fun, args]],
    ['restart_type', spec.restart],
    ['significant', spec.significant],
    ['shutdown', spec.shutdown],
    ['child_type', spec.type],
  ]
}

/** Reports a message that a supervisor has no use for. Level error. */
export function reportUnexpected(message: unknown): void {
  report('error', { label: ['supervisor', 'unexpected_msg'], report: [['message', message]] }, { domain: ['otp'] })
}
