/**
 * `node --import tsx bench/demo.ts`: what the clients of the chat demo lost in an upgrade, a downgrade and an upgrade
 * under load, read from the table the demo prints (after `npm run build`).
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const LOST = ['connections dropped', 'messages lost', 'messages out of order', 'requests failed']
const WRONG = 'rooms with a wrong history'

const main = fileURLToPath(new URL('../examples/chat/demo/main.ts', import.meta.url))
// ends with 1 when something was lost, which is a figure here
const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main], { encoding: 'utf8' })

function figure(name: string): number {
  const found = new RegExp(`^ *[+!] ${name} +(\\d+)`, 'm').exec(stdout)
  if (found === null) throw new Error(`the demo told no "${name}"\n${stdout}${stderr}`)
  return Number(found[1])
}

const lost = LOST.reduce((total, name) => total + figure(name), 0)
console.log(JSON.stringify({ lost, wrong_rooms: figure(WRONG) }))
