import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../../cli/commands/run.js'
import { COMMANDS } from '../../../cli/commands/table.js'
import { capture } from '../support/capture.js'

const test = suite('cli/completion')
const dir = mkdtempSync(join(tmpdir(), 'otp-completion-'))
test.after(() => rmSync(dir, { recursive: true, force: true }))

for (const path of ['_build/rel/shop/releases/1.0.0', '_build/rel/shop/releases/1.1.0', 'apps/shop', 'apps/words']) {
  mkdirSync(join(dir, path), { recursive: true })
}
mkdirSync(join(dir, 'apps/shop/src'))
writeFileSync(join(dir, 'otp.config.json'), '{}')

async function cli(...argv: string[]) {
  const { captured, world } = capture()
  const code = await runCli(argv, { ...world, cwd: '/' })
  return { code, ...captured }
}

/** What bash offers for a line, of which the last word is being typed. */
async function offered(line: string, cwd = dir): Promise<string[]> {
  const { out } = await cli('completion', 'bash')
  const words = line.split(' ')
  const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_otp_rel; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script], { cwd, encoding: 'utf8' })
  assert.is(stderr, '')
  assert.is(status, 0)
  return stdout.split('\n').filter((word) => word !== '')
}

const has = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

// line, what is offered, why
const TABLE = [
  ['otp-rel bui', ['build'], 'commands'],
  ['otp-rel --json downg', ['downgrade'], 'commands behind an option'],
  ['otp-rel build --dr', ['--dry-run'], 'options of the command'],
  ['otp-rel build sh', ['shop'], 'releases that are built'],
  ['otp-rel upgrade ', ['1.0.0', '1.1.0'], 'versions that are built'],
  ['otp-rel plan 1.0.0 1.1', ['1.1.0'], 'a second version'],
  ['otp-rel appup --from 1.1', ['1.1.0'], 'the value of an option'],
  ['otp-rel status --name ', ['shop'], 'a release as value'],
  ['otp-rel why ', ['shop', 'words'], 'applications'],
  ['otp-rel status --root _b', ['_build'], 'folders'],
  ['otp-rel explain no_matching', ['no_matching_version', 'no_matching_relup'], 'codes'],
  ['otp-rel completion ', ['bash', 'zsh', 'fish'], 'shells'],
  ['otp-rel help exit', ['exit-codes'], 'topics of help'],
  ['otp-rel eval x', [], 'nothing where anything may stand'],
] as const

for (const [line, words, why] of TABLE) {
  test(`bash: ${why}`, async () => assert.equal(await offered(line), [...words]))
}

test('bash: the project is found from a folder below', async () => {
  assert.equal(await offered('otp-rel upgrade 1.1', join(dir, 'apps/shop/src')), ['1.1.0'])
})

test('every command that is not hidden is completed, by every name', async () => {
  const words = await offered('otp-rel ')
  const names = COMMANDS.filter(({ hidden }) => hidden !== true).flatMap(({ name, aliases = [] }) => [name, ...aliases])
  assert.equal([...words].sort(), [...names, 'help'].sort())
})

for (const [shell, flag] of [
  ['bash', '-n'],
  ['zsh', '-n'],
  ['fish', '--no-execute'],
] as const) {
  const check = async () => {
    const file = join(dir, `script.${shell}`)
    const { code, out } = await cli('completion', shell)
    assert.is(code, 0)
    writeFileSync(file, out)
    const { stderr, status } = spawnSync(shell, [flag, file], { encoding: 'utf8' })
    assert.is(stderr, '')
    assert.is(status, 0)
  }
  if (has(shell)) test(`${shell} reads the script`, check)
  else test.skip(`${shell} is not installed here`, check)
}

const completeInFish = (line: string) =>
  cli('completion', 'fish').then(({ out }) => {
    const { stdout } = spawnSync('fish', ['--no-config', '-c', `${out}\ncomplete -C ${JSON.stringify(line)}`], {
      cwd: dir,
      encoding: 'utf8',
    })
    return stdout
      .split('\n')
      .filter((one) => one !== '')
      .map((one) => one.split('\t')[0])
  })

const fish = async () => {
  assert.equal(await completeInFish('otp-rel buil'), ['build'])
  assert.equal(await completeInFish('otp-rel upgrade 1'), ['1.0.0', '1.1.0'])
  assert.equal(await completeInFish('otp-rel build --dry'), ['--dry-run'])
}
if (has('fish')) test('fish offers commands, versions and options', fish)
else test.skip('fish is not installed here', fish)

test('another shell is refused with the nearest', async () => {
  const { code, err } = await cli('completion', 'bahs')
  assert.is(code, 2)
  assert.match(err, /did you mean "bash"\?/)
})

test.run()
