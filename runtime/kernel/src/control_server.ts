/**
 * The control endpoint: owns the node's socket (mode 0600 in a folder of mode 0700) and the file `run/node.json` that
 * leads to it. Departure: OTP's nodes are controlled over the distribution protocol.
 */
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { clock } from '../../erts/clock.js'
import { scriptId } from '../../erts/init.js'
import { trapExit } from '../../erts/process.js'
import { report } from '../../erts/report.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import { serve } from './control_connection.js'
import { registerKernelMethods } from './control_methods.js'
import * as callbacks from './control_server.js'
import { namedTable } from './named_table.js'
import {
  isOwnSocket,
  makeRunDir,
  type NodeInfo,
  pidNamespace,
  readNodeInfo,
  removeNodeInfo,
  socketPath,
  writeNodeInfo,
} from './node_info.js'

/** What it is started with. */
export interface ControlOptions {
  /** Folder of the installation. */
  readonly root: string
  /** Of the release. */
  readonly name: string
  /** Version of the release; default that of the boot script. */
  readonly vsn?: string
}

interface State {
  readonly root: string
  readonly info: NodeInfo
  readonly endpoint: Endpoint
}

/** A listening socket and its clients. */
interface Endpoint {
  readonly server: Server
  readonly socket: string
  readonly clients: Map<Socket, () => void>
}

/** The open endpoint: a process that was killed could not close its own. */
const open = (): { endpoint?: Endpoint | undefined; vsn?: string } => namedTable('kernel/control_server', () => ({}))

/** Starts it under its name. */
export const startLink = (options: ControlOptions): Promise<genServer.StartResult> =>
  genServer.startLink({ local: 'control_server' }, callbacks, options)

/** Says which version of the release runs, after an upgrade; `run/node.json` follows. */
export const setVsn = (vsn: string): Promise<'ok'> => genServer.call('control_server', { type: 'set_vsn', vsn })

/** @returns what `run/node.json` says. */
export const nodeInfo = (): Promise<NodeInfo> => genServer.call('control_server', { type: 'node_info' })

/** Opens the socket. Stops with `['already_running', info]` when a living node has it. */
export async function init({ root, name, vsn }: ControlOptions): Promise<genServer.Init<State>> {
  trapExit(true)
  await close()
  makeRunDir(root)
  const before = readNodeInfo(root)
  const own = before !== undefined && isOwnSocket(root, before.socket)
  if (own && (await answers(before.socket))) return ['stop', ['already_running', before]]
  if (before !== undefined) removeNodeInfo(root, before)
  const socket = socketPath(root, name)
  if (await answers(socket)) return ['stop', ['already_running', { socket }]]
  if (existsSync(socket)) rmSync(socket, { force: true })
  const endpoint = await listen(socket)
  open().endpoint = endpoint
  registerKernelMethods()
  const info: NodeInfo = {
    pid: process.pid,
    ...pidNamespace(),
    socket,
    name,
    // After an upgrade what runs is not what was booted.
    vsn: vsn ?? open().vsn ?? scriptId()?.vsn ?? '',
    node: process.versions.node,
    started: new Date(clock.systemMs()).toISOString(),
  }
  writeNodeInfo(root, info)
  return ['ok', { root, info, endpoint }]
}

/** Whether somebody listens at a socket; what is left over from a dead node refuses. */
function answers(path: string): Promise<boolean> {
  if (!existsSync(path)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

async function listen(socket: string): Promise<Endpoint> {
  const clients = new Map<Socket, () => void>()
  const server = createServer((client) => {
    clients.set(client, serve(client))
    client.once('close', () => clients.delete(client))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  chmodSync(socket, 0o600)
  server.on('error', () => {})
  return { server, socket, clients }
}

/** Closes the endpoint that is open: clients are cut off once their answers are out. */
async function close(): Promise<void> {
  const { endpoint } = open()
  if (endpoint === undefined) return
  open().endpoint = undefined
  for (const end of endpoint.clients.values()) end()
  await new Promise<void>((resolve) => endpoint.server.close(() => resolve()))
}

type Request = { readonly type: 'set_vsn'; readonly vsn: string } | { readonly type: 'node_info' }

/** {@link setVsn}, {@link nodeInfo}. */
export const handleCall: genServer.HandleCall<Request, State> = (request, _from, state) => {
  switch (request.type) {
    case 'node_info':
      return ['reply', state.info, state]
    case 'set_vsn': {
      open().vsn = request.vsn
      const info = { ...state.info, vsn: request.vsn }
      try {
        writeNodeInfo(state.root, info)
      } catch (failure) {
        // A full disk is no reason to cut off those who are connected: the file tells how to reach the node, and still does.
        const what = `run/node.json not written: ${failure instanceof Error ? failure.message : failure}`
        report('warning', { label: ['control_server', 'set_vsn'], report: what }, { domain: ['otp'] })
      }
      return ['reply', 'ok', { ...state, info }]
    }
  }
}

/** Nothing comes this way. */
export const handleCast: genServer.HandleCast<never, State> = (_request, state) => ['noreply', state]

/** Ends of requests' processes. */
export const handleInfo: genServer.HandleInfo<State> = (_message, state) => ['noreply', state]

/** The node stops: nobody is to find it any more. */
export async function terminate(_reason: unknown, { root, info }: State): Promise<void> {
  removeNodeInfo(root, info)
  await close()
}
