/**
 * `start`: starts the node of a release in the background, with the release's own start script.
 *
 * The script waits until the node says that it has started; here its words are only passed on.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { connect } from '../node/client.js'
import { type Arguments, list, type Target } from '../node/command.js'
import { EXIT_CODES, type ExitClass } from '../render/exit_codes.js'
import { type Failure, type Outcome, report } from '../render/failure.js'
import { type CliContext, locate, shown } from './project.js'

/** Starts the node. */
export async function start(args: Arguments, context: CliContext): Promise<Outcome> {
  const located = await locate(args, context)
  if (!located.ok) return located
  const script = findScript(located.value, context)
  if (!script.ok) return script
  context.progress({ verb: 'starting', text: shown(script.value, context) })
  const { code, said } = await run(script.value, ['daemon', ...list(args, 'rest')], context)
  if (code !== 0) return err(startFailure(code, said.replaceAll(script.value, context.program), located.value))
  const connected = await connect(located.value)
  if (!connected.ok) return ok(report({ started: true }, []))
  const { name, vsn, pid, socket } = connected.value.node
  connected.value.close()
  return ok({
    data: { started: true, name, vsn, pid, socket },
    lines: (style) => [
      `${style.bold(`${name} ${vsn}`)} started (process ${pid})`,
      `Look at it:   ${context.program} status, ${context.program} remote, or ${shown(join(located.value.root, 'log'), context)}`,
      `Stop it:      ${context.program} stop`,
    ],
  })
}

/** `bin/NAME` of a release: of the name that is asked for, else the only file there is. */
function findScript({ root, name }: Target, { otpRel }: CliContext): Result<string, Failure> {
  const bin = join(root, 'bin')
  const scripts = existsSync(bin) ? readdirSync(bin) : []
  const wanted = name ?? (scripts.length === 1 ? scripts[0] : undefined)
  if (wanted !== undefined && scripts.includes(wanted)) return ok(join(bin, wanted))
  const message =
    wanted === undefined && scripts.length > 1
      ? `there are several start scripts in ${bin}: ${scripts.map((one) => `"${one}"`).join(', ')}`
      : `there is no release in ${root}: it has no ${join('bin', wanted ?? 'NAME')}`
  return err({
    exit: 'bad_input',
    tag: 'no_release',
    message,
    hints: [
      scripts.length > 1
        ? 'say which one with --name NAME'
        : `build it with "${otpRel} build", or say where it is with --root DIR`,
    ],
    facts: { root },
  })
}

function run(
  script: string,
  argv: readonly string[],
  { env, signal }: CliContext,
): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const child = spawn(script, argv, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true })
    child.once('error', (error) => resolve({ code: EXIT_CODES.system.code, said: `error: ${error.message}` }))
    // The node itself writes to its log and holds none of these streams open.
    child.once('close', (code) => resolve({ code: code ?? EXIT_CODES.interrupted.code, said }))
  })
}

/** The script's failure, in its own words; its exit codes are ours. */
function startFailure(code: number, said: string, { root }: Target): Failure {
  const names = Object.keys(EXIT_CODES) as ExitClass[] // the keys of a constant object are its type's keys
  const exit = names.find((name) => EXIT_CODES[name].code === code) ?? 'boot_failed'
  const [first = '', ...more] = said.trimEnd().split('\n')
  const message = first.replace(/^error: /, '') || `the start script ended with code ${code}`
  return { exit, tag: exit, message, hints: more.map((line) => line.replace(/^ {2}/, '')), facts: { root, code } }
}
