/** The template of a gen_server: a bank that opens accounts, and can be asked to stop. */
import { GenServer } from 'otp-rel'
import * as self from './my_bank.js'

/** Who has an account, the newest first. */
type Accounts = readonly string[]

type Call =
  | GenServer.Request<{ readonly type: 'new'; readonly who: string }, Accounts>
  | GenServer.Request<{ readonly type: 'stop' }, 'stopped'>

const SERVER = 'bank'
const bank = GenServer.client<typeof self>(SERVER)

export const start = () => GenServer.startLink({ local: SERVER }, self, [])
export const stop = () => bank.call({ type: 'stop' })
export const newAccount = (who: string) => bank.call({ type: 'new', who })

export const init = (): GenServer.Init<Accounts> => ['ok', []]

export const handleCall: GenServer.HandleCall<Call, Accounts> = (request, _from, accounts) => {
  switch (request.type) {
    case 'new': {
      const more = [request.who, ...accounts]
      return ['reply', more, more]
    }
    case 'stop':
      return ['stop', 'normal', 'stopped', accounts]
  }
}

export const handleCast: GenServer.HandleCast<never, Accounts> = (_request, accounts) => ['noreply', accounts]

export const handleInfo: GenServer.HandleInfo<Accounts> = (_message, accounts) => ['noreply', accounts]

export const terminate: GenServer.Terminate<Accounts> = (reason) => {
  console.log(`terminate reason: ${reason}`)
}

export const codeChange: GenServer.CodeChange<Accounts, Accounts> = (_oldVsn, accounts) => ['ok', accounts]
