/** The application: the sessions' supervisor, and the listener behind it. */
import type { Application } from 'otp-rel'
import * as chatWebSup from './chat_web_sup.js'

export const start: Application.Start = () => chatWebSup.startLink()

export const stop: Application.Stop = () => {}
