/** An event manager with two handlers: each event goes to both, the one added last first. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenEvent, Process } from 'otp-rel'
import * as fileLogger from './file_logger.js'
import * as terminalLogger from './terminal_logger.js'

const folder = mkdtempSync(join(tmpdir(), 'error-man-'))
const file = join(folder, 'errors.txt')

await Process.inProcess(async () => {
  console.log((await GenEvent.start({ local: 'error_man' }))[0])
  console.log(await GenEvent.addHandler('error_man', terminalLogger, []))
  console.log(GenEvent.notify('error_man', 'no_reply'))
  console.log(await GenEvent.addHandler('error_man', fileLogger, file))
  console.log(await GenEvent.syncNotify('error_man', ['disk_full', '/var']))
  console.log((await GenEvent.whichHandlers('error_man')).map((handler) => handler === fileLogger))
  console.log(await GenEvent.deleteHandler('error_man', terminalLogger, []))
  console.log(await GenEvent.deleteHandler('error_man', terminalLogger, []))
  console.log(await GenEvent.syncNotify('error_man', 'only in the file'))
  console.log(await GenEvent.stop('error_man'))
})

console.log(readFileSync(file, 'utf8'))
rmSync(folder, { recursive: true })
