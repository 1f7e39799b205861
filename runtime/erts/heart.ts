/**
 * What starts this node again: the launcher in bin/NAME, which is the node's parent. OTP: `heart.erl`; the launcher is
 * what its heart program is.
 *
 * Departure: there is nothing to switch on, and no command to set: the launcher reads what is to be booted from the
 * releases folder.
 */

/** Whether this node's parent starts it again when it ends with `RESTART_STATUS` or crashes. */
export const hasLauncher = (): boolean => launcherPid() !== undefined

/** Process id of the launcher; undefined without one, or when it is gone. */
export function launcherPid(): number | undefined {
  const pid = Number(process.env.RELEASE_LAUNCHER)
  return pid > 0 && pid === process.ppid ? pid : undefined
}

/** Whether a launcher started this node and has ended since: nothing will start it again. */
export const lostLauncher = (): boolean => Number(process.env.RELEASE_LAUNCHER) > 0 && !hasLauncher()

/** The version that this start tries, which was not what boots; undefined in any other start. */
export const trialVsn = (): string | undefined =>
  hasLauncher() && process.env.RELEASE_TRIAL ? process.env.RELEASE_TRIAL : undefined
