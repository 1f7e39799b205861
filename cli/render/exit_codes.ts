/**
 * Exit codes: one number for each class of failure, the same for `otp-rel` and `bin/NAME`.
 *
 * A script can tell "the node is down" from "the upgrade was undone" without reading a message. The numbers are
 * part of the command line's contract: they are never given a new meaning. Numbers from 126 on belong to the shell,
 * and 13 is what Node itself returns for an unfinished top-level await, so it is not ours to use.
 * OTP: none; `erl_call` and the start scripts know only 0 and 1.
 */

/** Every class of outcome, in the order of its number: the code, and the sentence `otp-rel help` prints. */
export const EXIT_CODES = {
  ok: { code: 0, means: 'done' },
  bug: { code: 1, means: 'a fault of otp-rel itself, printed with its stack' },
  usage: { code: 2, means: 'the command line is wrong: unknown command or option, missing argument' },
  bad_input: {
    code: 3,
    means: 'an input file is missing or wrong: otp.config.json, app.json, appup.json, sys.config.json',
  },
  build_fault: { code: 4, means: 'the release cannot be built: modules, dependencies, relup, a version built before' },
  not_running: { code: 5, means: 'the node is not running' },
  wrong_user: { code: 6, means: 'the node belongs to another user' },
  wrong_node: { code: 7, means: 'another node than the one asked for runs there' },
  not_answering: { code: 8, means: 'the node is alive but does not answer, or went away while it was asked' },
  refused: { code: 9, means: 'refused: unknown version, already installed, no upgrade path, wrong status' },
  upgrade_undone: { code: 10, means: 'the upgrade failed and was undone: the node runs the release it ran before' },
  bad_package: { code: 11, means: 'the package is broken: checksum, file list, or not a release' },
  boot_failed: { code: 12, means: 'the node did not start; why, or the end of its log, is shown' },
  remote_error: { code: 14, means: 'the function called on the node failed' },
  system: { code: 15, means: 'the operating system refused: permission, disk space, a missing program' },
  upgrade_not_undone: { code: 16, means: 'the upgrade failed and not everything could be put back; what, is listed' },
  crashed: { code: 17, means: 'the node crashed too often and is not started again' },
  appup_gap: { code: 18, means: 'a change that no appup.json covers, found by appup --check' },
  application_down: {
    code: 19,
    means: 'the node runs, but an application that its release starts permanently does not',
  },
  interrupted: { code: 130, means: 'interrupted by the user' },
} as const satisfies Record<string, { readonly code: number; readonly means: string }>

/** A class of outcome by its name; also the `exit` of a failure in `--json`. */
export type ExitClass = keyof typeof EXIT_CODES

/** The number a class ends the program with. */
export function exitCode(name: ExitClass): number {
  return EXIT_CODES[name].code
}
