/**
 * Reports of the application controller: an application has started, or has ended. OTP: `info_started/2` and
 * `info_exited/3` of kernel's application_controller.erl.
 */
import { NODE } from '../../erts/process.js'
import { report } from '../../erts/report.js'

/** Progress: seen only where the level lets info pass. */
export function infoStarted(application: string): void {
  const facts = [
    ['application', application],
    ['started_at', NODE],
  ]
  report('info', { label: ['application_controller', 'progress'], report: facts }, { domain: ['otp', 'sasl'] })
}

/** @param reason `stopped`, or why it ended or did not start */
export function infoExited(application: string, reason: unknown, type: string): void {
  const facts = [
    ['application', application],
    ['exited', reason],
    ['type', type],
  ]
  report('notice', { label: ['application_controller', 'exit'], report: facts }, { domain: ['otp'] })
}
