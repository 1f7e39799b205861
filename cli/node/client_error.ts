/**
 * Why a node could not be asked, and what each reason says.
 *
 * "Not running", "wrong user", "wrong node" and "not answering" are four different answers, each with its way out.
 * OTP: `erl_call` and every start script built on it answer all four with "not responding to pings".
 */
import type { ExitClass } from '../render/exit_codes.js'
import type { Failure } from '../render/failure.js'
import { count, formatMs } from '../render/steps.js'
import type { Crashes } from './launcher.js'

/** Why a node could not be asked. */
export type ClientError =
  /** There is no release in that folder at all. */
  | { readonly tag: 'no_release'; readonly root: string }
  /** Nothing runs there; `pid` is the process that once did and left its file behind. */
  | { readonly tag: 'not_running'; readonly root: string; readonly pid?: number }
  /** Not yet: its launcher is starting it, or is about to end. */
  | { readonly tag: 'starting'; readonly root: string; readonly launcher: number }
  /** It crashed, and has not come up since; `launcher` starts it again, unless it has given up. */
  | ({
      readonly tag: 'crashed'
      readonly root: string
      readonly launcher?: number
      /** What the last boot failed on, in the node's own words. */
      readonly cause: readonly string[]
      readonly logs: string
    } & Crashes)
  /** Something runs there, but its files belong to another user. */
  | {
      readonly tag: 'wrong_user'
      readonly root: string
      readonly path: string
      /** Id and name of the one who asks. */
      readonly uid: number
      readonly user: string
      /** Id of the owner, where it could be seen. */
      readonly owner?: number
    }
  /** A node runs there and has another name. */
  | {
      readonly tag: 'wrong_node'
      readonly root: string
      readonly expected: string
      readonly found: string
      readonly pid: number
    }
  /** Its process lives, but there was no answer in time, or no socket to ask at. */
  | {
      readonly tag: 'not_answering'
      readonly root: string
      readonly pid: number
      /** Whether its process has that number here, too. */
      readonly here: boolean
      readonly why: 'silent' | 'no_socket'
      readonly timeoutMs: number
    }
  /** It went away before it answered. */
  | { readonly tag: 'connection_lost'; readonly root: string; readonly pid: number; readonly method: string }
  /** What it said is not this protocol. */
  | { readonly tag: 'bad_answer'; readonly root: string; readonly pid: number; readonly found: string }

/** The class of each. */
const EXITS: Record<ClientError['tag'], ExitClass> = {
  no_release: 'bad_input',
  not_running: 'not_running',
  starting: 'not_running',
  crashed: 'not_running',
  wrong_user: 'wrong_user',
  wrong_node: 'wrong_node',
  not_answering: 'not_answering',
  connection_lost: 'not_answering',
  bad_answer: 'not_answering',
}

/** One sentence: what was found. */
export function formatClientError(error: ClientError): string {
  switch (error.tag) {
    case 'no_release':
      return `no release in ${error.root}: it has no "releases" folder`
    case 'not_running':
      return error.pid === undefined
        ? `no node runs in ${error.root}`
        : `no node runs in ${error.root}; process ${error.pid} ended without taking its run/node.json away`
    case 'starting':
      return `no node runs in ${error.root} yet: it is being started (launcher, process ${error.launcher})`
    case 'crashed':
      return `no node runs in ${error.root}: it ended ${count(error.ends, 'time')} since ${timeOf(error.since)} without coming up again, the last time with status ${error.status}; ${againOf(error)}`
    case 'wrong_user':
      return `the node in ${error.root} belongs to ${error.owner === undefined ? 'another user' : `user id ${error.owner}`}, you are "${error.user}" (${error.uid}): ${error.path} is closed to you`
    case 'wrong_node':
      return `the node in ${error.root} is "${error.found}" (process ${error.pid}), not "${error.expected}"`
    case 'not_answering':
      return error.why === 'silent'
        ? `process ${error.pid} in ${error.root} did not answer within ${formatMs(error.timeoutMs)}: its event loop is busy or stopped`
        : error.here
          ? `process ${error.pid} in ${error.root} is alive, but its control socket is gone`
          : `the node in ${error.root} is that of a container (process ${error.pid} there), and its control socket is not to be seen from here`
    case 'connection_lost':
      return `process ${error.pid} in ${error.root} closed the connection before it answered "${error.method}"`
    case 'bad_answer':
      return `process ${error.pid} in ${error.root} does not speak the control protocol: it said ${JSON.stringify(error.found.slice(0, 80))}`
  }
}

/** The time of day of an ISO moment, here. */
const timeOf = (at: string): string => new Date(at).toLocaleTimeString('en-GB')

/** What becomes of a node that crashed. */
function againOf({ state, next, launcher }: Crashes & { readonly launcher?: number }): string {
  if (state === 'given_up') return 'its launcher has given up'
  const soon = next === undefined ? 'right now' : `in ${formatMs(Math.max(0, Date.parse(next) - Date.now()))}`
  return `its launcher (process ${launcher}) starts it again ${soon}`
}

/** The ways out of each, for a program called `program`. */
function hints(error: ClientError, program: string): string[] {
  switch (error.tag) {
    case 'no_release':
      return ['build one with "otp-rel build", or say where it is with --root DIR']
    case 'not_running':
      return [`start it with "${program} start"`]
    case 'starting':
      return ['ask again in a moment', `or end that with "${program} stop"`]
    case 'crashed':
      return [
        ...error.cause.map((line) => `| ${line}`),
        `what it said is in ${error.logs}`,
        `have another version boot: "${program} versions" lists them, "${program} commit VSN" makes one what boots`,
        error.launcher === undefined ? `start it with "${program} start"` : `or end that with "${program} stop"`,
      ]
    case 'wrong_user':
      return error.owner === undefined
        ? ['ask as the user that started it']
        : [`ask as its owner: sudo -u '#${error.owner}' ${program} ...`]
    case 'wrong_node':
      return [`ask it by its name with --name ${error.found}, or say where the other one is with --root DIR`]
    case 'not_answering':
      if (!error.here)
        return [`ask it, or end it, in its container: process ${error.pid} is another here`, `see ${error.root}/log`]
      return error.why === 'silent'
        ? [
            `give it more time with --timeout SECONDS, or look at its log in ${error.root}/log`,
            `end it with "kill ${error.pid}", by force with "kill -9 ${error.pid}"`,
          ]
        : [`end it with "kill ${error.pid}" and start it again with "${program} start"`]
    case 'connection_lost':
      return [`see whether it still runs with "${program} status", and why it ended in ${error.root}/log`]
    case 'bad_answer':
      return ['call the bin/NAME of the release that runs there: it speaks the version of its node']
  }
}

/** The failure to show for a client error. */
export function clientFailure(error: ClientError, program: string): Failure {
  const { tag, ...facts } = error
  return { exit: EXITS[tag], tag, message: formatClientError(error), hints: hints(error, program), facts }
}
