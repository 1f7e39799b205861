/** An event handler that sends every event on to a process: its state is that process. */
import { type GenEvent, Process } from 'otp-rel'

export const init: GenEvent.HandlerInit<Process.Pid, Process.Pid> = (parent) => ['ok', parent]

export const handleEvent: GenEvent.HandleEvent<Process.Pid> = (event, parent) => {
  Process.send(parent, event)
  return ['ok', parent]
}

export const handleCall: GenEvent.HandleCall<Process.Pid> = (_request, parent) => ['ok', 'ok', parent]
