/** Supervisors, applications and behaviours: what must not compile. Checked by `npm run types`; nothing here runs. */
import { type Application, Behaviour, type Process, Supervisor } from 'otp-rel'
import * as counter from './counter.js'

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 1, period: 5 },
  [{ id: 'counter', start: [counter, 'startLink', [0]], shutdown: 'brutal_kill', modules: [counter] }],
]

// @ts-expect-error no such strategy
export const wrongStrategy: Supervisor.Init = () => ['ok', { strategy: 'one_for_none' }, []]

// @ts-expect-error a child without a start function
export const noStart: Supervisor.ChildSpec = { id: 'counter' }

// @ts-expect-error a child is named
export const noId: Supervisor.ChildSpec = { start: [counter, 'startLink', [0]] }

// @ts-expect-error no such restart type
export const wrongRestart: Supervisor.ChildSpec = { id: 1, start: [counter, 'startLink', []], restart: 'always' }

// @ts-expect-error no such time
export const wrongShutdown: Supervisor.ChildSpec = { id: 1, start: [counter, 'startLink', []], shutdown: 'slowly' }

// @ts-expect-error module, function, arguments: the arguments are a list
export const wrongStart: Supervisor.ChildSpec = { id: 1, start: [counter, 'startLink', 0] }

// @ts-expect-error no such key
export const wrongKey: Supervisor.ChildSpec = { id: 1, start: [counter, 'startLink', []], restrat: 'permanent' }

// @ts-expect-error flags and children, in this order
export const noFlags: Supervisor.Init = () => ['ok', []]

export const start: Application.Start<{ readonly port: number }> = async (_type, { port }) =>
  port > 0 ? Supervisor.startLink(counter, port) : ['error', 'no_port']

// @ts-expect-error the top process, not true
export const wrongAppStart: Application.Start = () => ['ok', true]

// ---- a behaviour of one's own: names, arities and what is optional agree with the interface

interface Allocator {
  init(parent: Process.Pid): 'ok'
  alloc(kind: string, from: Process.Pid): number
  shown?(state: unknown): unknown
}

export const allocator = Behaviour.define<Allocator>({
  name: 'allocator',
  callbacks: { init: 1, alloc: 2, shown: 1 },
  optional: ['shown'],
})

export const wrongArity = Behaviour.define<Allocator>({
  name: 'allocator',
  // @ts-expect-error alloc takes two arguments
  callbacks: { init: 1, alloc: 1, shown: 1 },
  optional: ['shown'],
})

export const forgotten = Behaviour.define<Allocator>({
  name: 'allocator',
  // @ts-expect-error alloc is not declared
  callbacks: { init: 1, shown: 1 },
  optional: ['shown'],
})

export const mandatoryAsOptional = Behaviour.define<Allocator>({
  name: 'allocator',
  callbacks: { init: 1, alloc: 2, shown: 1 },
  // @ts-expect-error alloc is mandatory
  optional: ['alloc'],
})

export const undeclared = Behaviour.define<Allocator>({
  name: 'allocator',
  callbacks: { init: 1, alloc: 2, shown: 1 },
  // @ts-expect-error nobody declares "free"
  optional: ['shown', 'free'],
})

export const untyped = Behaviour.define({ name: 'untyped', callbacks: { init: 1 } })

// @ts-expect-error a callback module lacks alloc
export const callbacks = { init: () => 'ok' } satisfies Allocator
