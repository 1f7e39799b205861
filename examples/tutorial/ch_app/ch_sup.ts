/** Supervises the channel allocator. */
import { Supervisor } from 'otp-rel'
import * as self from './ch_sup.js'
import * as ch3 from './ch3.js'

export const startLink = () => Supervisor.startLink({ local: 'ch_sup' }, self, [])

export const init: Supervisor.Init = () => [
  'ok',
  { strategy: 'one_for_one', intensity: 1, period: 5 },
  [
    {
      id: 'ch3',
      start: [ch3, 'startLink', []],
      restart: 'permanent',
      shutdown: 'brutal_kill',
      type: 'worker',
      modules: [ch3],
    },
  ],
]
