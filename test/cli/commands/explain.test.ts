import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../../cli/commands/run.js'
import { AREAS } from '../../../cli/explain/pages.js'
import { EXIT_CODES } from '../../../cli/render/exit_codes.js'
import { capture } from '../support/capture.js'

const test = suite('cli/commands/explain')

async function cli(...argv: string[]) {
  const { captured, world } = capture()
  const code = await runCli(argv, { ...world, cwd: '/' })
  return { code, ...captured }
}

test('a code: what it means, why, the way out and an example', async () => {
  const { code, out } = await cli('explain', 'no_matching_relup')
  assert.is(code, 0)
  assert.match(out, /^no_matching_relup {2}Release handler/)
  for (const word of ['why', 'way out', 'example']) assert.match(out, new RegExp(`^  ${word} `, 'm'))
})

test('the number of an exit code means the exit code alone; its name also the failure', async () => {
  assert.match((await cli('explain', '5')).out, /^not_running {2}exit code 5\n/)
  const pages = JSON.parse((await cli('explain', 'not_running', '--json')).out).pages
  assert.equal(
    pages.map(({ area }: { area: string }) => area),
    ['exit_codes', 'node'],
  )
})

test('without a code all are listed by area', async () => {
  const { out } = await cli('explain')
  for (const { title, pages } of AREAS) {
    assert.ok(out.includes(title), title)
    for (const code of Object.keys(pages)) assert.ok(out.includes(code), code)
  }
  const { areas } = JSON.parse((await cli('explain', '--json')).out)
  assert.is(areas.length, AREAS.length)
})

test('an unknown code is refused with the nearest', async () => {
  const { code, err } = await cli('explain', 'no_matching_relupp')
  assert.is(code, 2)
  assert.match(err, /did you mean "no_matching_relup"\?/)
  assert.is((await cli('explain', '99')).code, 2)
})

test('a failure in a terminal points at the page of its code, one in a pipe does not', async () => {
  const { captured, world } = capture()
  const err = { ...world.err, isTTY: true }
  await runCli(['status'], { ...world, err, env: { NO_COLOR: '1' }, cwd: '/' })
  assert.match(captured.err, /\n {2}more: otp-rel explain no_config\n$/)
  assert.not.match((await cli('status')).err, /explain/)
})

test('wrong use of the command line is explained by help, not by a page', async () => {
  const { captured, world } = capture()
  await runCli(['biuld'], { ...world, err: { ...world.err, isTTY: true }, env: { NO_COLOR: '1' }, cwd: '/' })
  assert.not.match(captured.err, /explain/)
})

test('help exit-codes is the table of exit codes alone', async () => {
  const { code, out } = await cli('help', 'exit-codes')
  assert.is(code, 0)
  assert.match(out, /^Exit codes\n {4}0 {2}ok /)
  assert.is(out.trimEnd().split('\n').length, 1 + Object.keys(EXIT_CODES).length)
})

test.run()
