/**
 * An event handler by hand: a process with one function, which can be replaced at any time; make a handler first and
 * say later what it does. gen_event is this idea grown up: there, handlers are added beside each other.
 */
import { Process } from 'otp-rel'

type Fun = (event: unknown) => void
type Message = readonly ['event', unknown] | readonly ['add', Fun]

/** Makes a handler of a name; at first it does nothing. */
export const make = (name: string): true =>
  Process.register(
    name,
    Process.spawn(() => handle(noOp)),
  )

/** Sends an event to the handler of that name. */
export const event = (name: string, what: unknown): void => Process.send(name, ['event', what])

/** Replaces the function of the handler of that name. */
export const addHandler = (name: string, fun: Fun): void => Process.send(name, ['add', fun])

async function handle(first: Fun): Promise<void> {
  for (let fun = first; ; ) {
    const message = await Process.receive<Message>()
    if (message === Process.timeout) continue
    if (message[0] === 'add') fun = message[1]
    else fun(message[1])
  }
}

const noOp: Fun = () => {}
