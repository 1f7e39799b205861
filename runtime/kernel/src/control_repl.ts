/** The remote shell: Node's REPL over a client's connection. OTP: `erl -remsh`. */
import type { Socket } from 'node:net'
import { scriptId } from '../../erts/init.js'
import { shellContext } from './control_context.js'

/**
 * Makes a connection a shell; it ends with `.exit` or the connection, the node stays.
 *
 * @param params `columns`: the width of the client's terminal; `terminal`: false for a client that is none
 */
export function startRepl(socket: Socket, params: Readonly<Record<string, unknown>>): void {
  // Loaded with the first shell: it is the largest of Node's modules, and few nodes are ever asked for one.
  const { start } = process.getBuiltinModule('node:repl')
  const { columns, terminal = true } = params
  if (typeof columns === 'number') Object.assign(socket, { columns })
  const shell = start({
    prompt: `${scriptId()?.name ?? 'node'}> `,
    input: socket,
    output: socket,
    terminal: terminal === true,
    useColors: terminal === true,
    // Not the global object: a shell's variables are no part of the node.
    useGlobal: false,
    ignoreUndefined: true,
  })
  Object.assign(shell.context, shellContext())
  shell.on('reset', () => Object.assign(shell.context, shellContext()))
  shell.on('exit', () => socket.end())
  socket.on('close', () => shell.close())
}
