/** An event handler that prints every event. */
import type { GenEvent } from 'otp-rel'

export const init = (): GenEvent.Init<null> => ['ok', null]

export const handleEvent: GenEvent.HandleEvent<null> = (event, state) => {
  console.log(event)
  return ['ok', state]
}

export const handleCall: GenEvent.HandleCall<null> = (_request, state) => ['ok', 'ok', state]
