/** The application: starts the supervision tree, and tells the rooms when the configuration changes. */
import type { Application } from 'otp-rel'
import * as chatSup from './chat_sup.js'
import * as rooms from './rooms.js'

export const start: Application.Start = () => chatSup.startLink()

export const stop: Application.Stop = () => {}

export const configChange: Application.ConfigChange = async (changed) => {
  for (const [key, value] of changed) {
    if (key === 'motd') await rooms.announce(String(value))
    if (key === 'history_limit') await rooms.setLimit(Number(value))
  }
}
