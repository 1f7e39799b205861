/** The included application's callback module: only its phases are called, its `start` and `stop` never. */
import type { Application } from 'otp-rel'

export const start: Application.Start = () => {
  throw new Error('never called for an included application')
}

export const startPhase: Application.StartPhase = (phase, type, arg) => {
  console.log('incl_app_cb startPhase', phase, type, arg)
  return 'ok'
}

export const stop: Application.Stop = () => console.log('never called for an included application')
