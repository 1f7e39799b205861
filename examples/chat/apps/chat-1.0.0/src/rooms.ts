/** The rooms as the rest of the system sees them: by name. */
import { Application, GenServer, type Process, Supervisor } from 'otp-rel'

/** What a session is told: a line of chat, or an announcement. */
export type Event =
  | {
      readonly type: 'line'
      readonly room: string
      readonly id: number
      readonly from: string
      readonly seq: number
      readonly shown: string
    }
  | { readonly type: 'motd'; readonly text: string }

/** A message as a room remembers it. */
export interface Remembered {
  readonly id: number
  readonly from: string
  readonly seq: number
  readonly text: string
}

/** What a room remembers. */
export interface History {
  readonly room: string
  /** Messages since the room began; the oldest may be forgotten. */
  readonly total: number
  /** Oldest first. */
  readonly messages: readonly Remembered[]
}

const nameOf = (room: string): string => `room:${room}`

/** The room of a name, opened if it is not there. */
export async function open(room: string): Promise<string> {
  const name = nameOf(room)
  const started = await Supervisor.startChild('room_sup', [room, name])
  if (started[0] === 'error' && !(Array.isArray(started[1]) && started[1][0] === 'already_started')) {
    throw new Error(`room "${room}" could not be opened`)
  }
  return name
}

/** A session joins; it is told the events of the room from now on. */
export const join = (room: string, session: Process.Pid, user: string) =>
  GenServer.call<'ok'>(nameOf(room), { type: 'join', session, user })

/** Says something in a room. `seq` is the speaker's own number. */
export const say = (room: string, from: string, seq: number, text: string) =>
  GenServer.cast(nameOf(room), { type: 'say', from, seq, text })

/** What a room remembers. */
export const history = (room: string) => GenServer.call<History>(nameOf(room), { type: 'history' })

/** Names of all open rooms. */
export async function list(): Promise<string[]> {
  const names = await Promise.all((await children()).map((pid) => GenServer.call<string>(pid, { type: 'name' })))
  return names.sort()
}

/** The message of the day, as configured. */
export const motd = (): string => String(Application.getEnv('chat', 'motd', ''))

/** Tells everybody something. */
export const announce = (text: string) => forEach({ type: 'announce', text })

/** Changes how many messages the rooms remember. */
export const setLimit = (limit: number) => forEach({ type: 'limit', limit })

async function forEach(request: unknown): Promise<void> {
  for (const pid of await children()) GenServer.cast(pid, request)
}

async function children(): Promise<Process.Pid[]> {
  const all = await Supervisor.whichChildren('room_sup')
  return all.flatMap(([, pid]) => (typeof pid === 'object' ? [pid] : []))
}
