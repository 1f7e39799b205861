/** Pages of a node: why it could not be asked, what its control socket answers, how it is started. */
import type { ArgumentsError } from '../../runtime/erts/arguments.js'
import type { FrameError } from '../../runtime/kernel/src/control_protocol.js'
import type { ClientError } from '../node/client_error.js'
import { type Page, type Pages, page } from './page.js'

const CLIENT = {
  no_release: page(
    'There is no release in that folder: it has no "releases".',
    'A node is found by the folder of its release.',
    'Build one, or say where it is with --root DIR.',
    'otp-rel status --root /srv/shop',
  ),
  not_running: page(
    'No node runs there. A process that was killed leaves run/node.json behind; it is known to be dead.',
    'It is another answer than "does not answer": it may be started.',
    'Start it.',
    'bin/shop start',
  ),
  starting: page(
    'No node runs yet: its launcher is starting it, or is ending.',
    'A start takes a moment; nothing can be asked before.',
    'Ask again.',
    'bin/shop status',
  ),
  crashed: page(
    'The node crashed and has not come up since; its launcher tries again, later each time, or has given up.',
    'What boots is wrong, or something that it needs is not there.',
    'See the last error; have another version boot, which needs no node; or stop the launcher.',
    'bin/shop commit 1.0.0',
  ),
  wrong_user: page(
    'The node belongs to another user.',
    'Its socket is open to its user alone, which is all the protection there is.',
    'Ask as that user.',
    'sudo -u shop bin/shop status',
  ),
  wrong_node: page(
    'The node that runs there has another name.',
    'Nothing is done to a node that was not meant.',
    'Name it with --name, or the other folder with --root.',
    'otp-rel status --name shop2',
  ),
  not_answering: page(
    'The process lives and does not answer, or its socket is gone.',
    'Its event loop is busy with one long computation, or it is stopped (SIGSTOP); a temporary folder may have been cleaned.',
    'Give it more time; look at its log; end it.',
    'bin/shop status --timeout 30',
  ),
  connection_lost: page(
    'The node closed the connection before it answered.',
    'It ended, or crashed, while it was asked.',
    'Look whether it runs, and at the end of its log.',
    'bin/shop logs --max 50',
  ),
  bad_answer: page(
    'What listens at the socket does not speak the control protocol.',
    'It is another program, or a node of a very different version.',
    'Call bin/NAME of the release that runs.',
    '/srv/shop/bin/shop status',
  ),
} satisfies Record<ClientError['tag'], Page>

const PROTOCOL = {
  frame_too_large: page(
    'A request or answer is larger than a frame may be.',
    'A node must not be filled up by who asks it.',
    'Ask for less at once.',
    'docs/protocol.md',
  ),
  not_json: page(
    'A frame at the control socket is not JSON.',
    'The connection is of no use after it.',
    'Use bin/NAME, or see docs/protocol.md.',
    '{"id":1,"method":"status"}',
  ),
  not_a_request: page(
    'A frame is JSON and no request.',
    'It needs an id and a method.',
    'See docs/protocol.md.',
    '{"id":1,"method":"status"}',
  ),
} satisfies Record<FrameError['tag'], Page>

const ANSWERS: Pages = {
  unset_at_start: page(
    'A version refers to an environment variable that only the running process has. A warning.',
    'A boot reads sys.config.json and vm.args with what the node is started with; what was set by eval ends with the process.',
    'Set it where the node gets its environment, or give a default in the configuration.',
    'systemctl edit shop: Environment=PORT=8080',
  ),
  unknown_method: page(
    'The node does not know what it was asked for.',
    'It is of an older version than this program.',
    'Call bin/NAME of the release that runs there.',
    '/srv/shop/bin/shop versions',
  ),
  duplicate_id: page(
    'A request has the id of one that is still running.',
    'Answers could not be told apart.',
    'Count ids up.',
    '{"id":2,"method":"status"}',
  ),
  error: page(
    'The function that was called threw.',
    'The node is well; the error and its frames are shown.',
    'Look at the place.',
    "bin/shop rpc shop/counter next '[]'",
  ),
  exit: page(
    'The function that was called exited, most often because it called a process that ended or does not exist.',
    'As in Erlang, the caller of a process exits with it.',
    'See the reason; "noproc" means there is no such process.',
    'exit: ["noproc", ["GenServer", "call", ["counter", "next"]]]',
  ),
  undef: page(
    'There is no such function on the node.',
    'A module is APPLICATION/MODULE, and the function must be exported.',
    'Correct the name.',
    "bin/shop rpc shop/counter next '[]'",
  ),
}

const START = {
  missing_argument: page(
    'The command needs one more word; or a node was started without an option that bin/NAME gives it.',
    'Without it there is nothing to do.',
    'See the line of usage in the help. Start nodes through bin/NAME.',
    'bin/shop start',
  ),
  missing_value: page(
    'An option for the node has no value.',
    'Options of the node are pairs.',
    'Write one.',
    'bin/shop start --shop port=8080',
  ),
  not_key_value: page(
    'A parameter for an application is not key=value.',
    'Its name is needed.',
    'Write both.',
    'bin/shop start --shop port=8080',
  ),
  not_an_option: page(
    'A word for the node is no option.',
    'A node takes parameters of applications only.',
    'Write --APPLICATION key=value.',
    'bin/shop start --shop port=8080',
  ),
} satisfies Record<ArgumentsError['tag'], Page>

/** By code. */
export const NODE_PAGES: Pages = { ...CLIENT, ...PROTOCOL, ...ANSWERS, ...START }
