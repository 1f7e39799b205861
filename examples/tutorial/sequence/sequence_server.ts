/** A server whose state is one number: the next one of a sequence. */
import { GenServer } from 'otp-rel'
import * as self from './sequence_server.js'

type Call =
  | GenServer.Request<'next_number', number>
  | GenServer.Request<readonly ['set_number', to: number], number>
  | GenServer.Request<readonly ['factors', number: number], readonly ['factors_of', number, readonly number[]]>
type Cast = readonly ['increment_number', delta: number]

export const startLink = (first: number) => GenServer.startLink(self, first)

export const init = (first: number): GenServer.Init<number> => ['ok', first]

export const handleCall: GenServer.HandleCall<Call, number> = (request, _from, current) => {
  if (request === 'next_number') return ['reply', current, current + 1]
  switch (request[0]) {
    case 'set_number':
      return ['reply', request[1], request[1]]
    case 'factors':
      return ['reply', ['factors_of', request[1], factors(request[1])], current]
  }
}

export const handleCast: GenServer.HandleCast<Cast, number> = ([, delta], current) => ['noreply', current + delta]

const factors = (number: number): number[] => {
  const all = Array.from({ length: number }, (_, index) => index + 1)
  return all.filter((divisor) => number % divisor === 0)
}
