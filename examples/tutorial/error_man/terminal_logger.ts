/** An event handler that prints errors. */
import type { GenEvent } from 'otp-rel'

export const init = (): GenEvent.Init<null> => ['ok', null]

export const handleEvent: GenEvent.HandleEvent<null> = (error, state) => {
  console.log('***Error***', error)
  return ['ok', state]
}

export const handleCall: GenEvent.HandleCall<null> = (_request, state) => ['ok', 'ok', state]

export const terminate: GenEvent.Terminate<null> = () => 'ok'
