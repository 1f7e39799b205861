/** Pages of the exit codes: what a script should do with each. */
import type { ExitClass } from '../render/exit_codes.js'
import { type Page, page } from './page.js'

/** By class. */
export const EXIT_CODE_PAGES = {
  ok: page(
    'What was asked for was done.',
    'Warnings do not change it.',
    'Go on.',
    'otp-rel build && otp-rel upgrade 1.1.0',
  ),
  bug: page(
    'otp-rel itself failed with an error that it does not know.',
    'Every foreseen refusal has a code of its own, so that this one always is worth a report.',
    'Report the stack that was printed, with otp.config.json.',
    'This is a bug in otp-rel, not in what you did:',
  ),
  usage: page(
    'The command line is wrong; nothing was done.',
    'A script that calls otp-rel wrongly should not look like a build that fails.',
    'Read the help of the command.',
    'otp-rel help upgrade',
  ),
  bad_input: page(
    'A file that a person writes is missing or wrong; nothing was done.',
    'Each fault is printed with file, line and column, all of them at once.',
    'Correct the files and run the command again; "otp-rel check" finds the same without building.',
    'otp.config.json:4:7 releases[0].vsn: missing key "vsn"',
  ),
  build_fault: page(
    'The release cannot be built; what was built before is as it was.',
    'A release that would not start, or would be another one under the same version, is never written.',
    'Correct the faults that stand above the last line.',
    'otp-rel check',
  ),
  not_running: page(
    'There is no node to ask.',
    'A script may start it now; after the other codes about nodes (6, 7, 8) it must not.',
    'Start it; "otp-rel doctor" says what is left of the last one.',
    'bin/shop ping || bin/shop start',
  ),
  wrong_user: page(
    'The node runs, and its socket is closed to you.',
    'Only the user of the node may control it: the socket has no other password.',
    'Ask as its user.',
    'sudo -u shop /srv/shop/bin/shop status',
  ),
  wrong_node: page(
    'A node runs there, and has another name than the one asked for.',
    'An upgrade of the wrong node is worse than none.',
    'Name the one that is meant with --name, or its folder with --root.',
    'otp-rel status --root /srv/shop',
  ),
  not_answering: page(
    'The process of the node lives and does not answer.',
    'It must not be started a second time; it may only be busy.',
    'Give it more time with --timeout, look at its log, or end it.',
    'bin/shop status --timeout 30',
  ),
  refused: page(
    'The node could have done it and does not; nothing was changed.',
    'Versions, their states and the ways between them are checked before anything is touched.',
    'The message says what is there; "versions" and "history" say more.',
    'bin/shop versions',
  ),
  upgrade_undone: page(
    'The upgrade failed on its way, and every step was taken back.',
    'The node runs the release that it ran before, with the states that it had.',
    'Read what failed in "history", correct the new release, and give it a new version.',
    'bin/shop history',
  ),
  bad_package: page(
    'The package or the unpacked release is not what was built.',
    'Nothing that is cut short or changed may be started.',
    'Copy the package again; "otp-rel verify" checks it where it was built.',
    'otp-rel verify shop-1.1.0.tar.gz',
  ),
  boot_failed: page(
    'The node ended before it had started, or was too slow.',
    'A start counts only when all applications run.',
    'Read the end of the log; run it in the foreground.',
    'bin/shop foreground',
  ),
  remote_error: page(
    'The function that "rpc", "eval" or "remote" called threw or exited.',
    'The node is well: it is the called code that failed.',
    'Look at the message and the frames below it.',
    "bin/shop rpc shop/counter next '[]'",
  ),
  system: page(
    'The operating system refused: permission, disk, a program that is missing.',
    'Nothing in the project or the release is wrong.',
    'The message has the path and the system error; "otp-rel doctor" looks at disk, permissions and limits.',
    'otp-rel doctor',
  ),
  upgrade_not_undone: page(
    'The upgrade failed, and not everything could be put back.',
    'Some steps have no way back, such as a call that was made with "apply"; what is left is listed.',
    'Put right what is listed by hand ("status" names applications that do not run), or restart: the permanent release boots.',
    'bin/shop restart',
  ),
  crashed: page(
    'The node crashed too often within too short a time and is not started again.',
    'A node that crashes again and again hides its reason and costs more than it serves.',
    'Read the log; RELEASE_RESTARTS says how often it may be.',
    'RELEASE_RESTARTS=10/60 bin/shop foreground',
  ),
  appup_gap: page(
    'A module or an application changed, and no appup.json says how a running node comes there.',
    'Only "appup --check" ends with it, so that CI can tell it from a build that fails.',
    'Run "otp-rel appup", look at what it writes, and commit that.',
    'otp-rel appup --check',
  ),
  application_down: page(
    'The node runs and answers, but an application that its release starts permanently does not run.',
    'One that ends by itself ends the node; this one was stopped by hand, or by an upgrade that could not be undone.',
    'Boot the node again, or start the application alone and look at why it does not start.',
    'bin/shop restart',
  ),
  interrupted: page(
    'You interrupted the command with Ctrl-C.',
    'What was under way on a node is undone or finished, never left half.',
    'Run it again.',
    'bin/shop history',
  ),
} satisfies Record<ExitClass, Page>
