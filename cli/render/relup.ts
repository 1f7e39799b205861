/**
 * A relup for people: what is done on the way from one version to another, numbered, with the line from which on a
 * failure has something to undo.
 */
import type { LowLevelInstruction, Relup } from '../../schemas/types.js'
import type { Style } from './style.js'

/** Every way of a relup, up before down. */
export function relupLines(name: string, relup: Relup, style: Style): string[] {
  return [
    ...relup.up.flatMap(({ from, instructions }) => [
      style.bold(`${name} ${from} -> ${relup.vsn}`),
      ...numbered(instructions, style),
    ]),
    ...relup.down.flatMap(({ to, instructions }) => [
      style.bold(`${name} ${relup.vsn} -> ${to}`),
      ...numbered(instructions, style),
    ]),
  ]
}

function numbered(instructions: readonly LowLevelInstruction[], style: Style): string[] {
  const columns = String(instructions.length).length
  return instructions.map((instruction, index) => {
    const number = style.dim(String(index + 1).padStart(columns))
    return instruction.op === 'point_of_no_return'
      ? `  ${number} ${style.dim('---- point_of_no_return: from here on a failure is undone ----')}`
      : `  ${number} ${instructionText(instruction)}`
  })
}

/** One instruction as a line: its OTP name and its arguments. */
export function instructionText(instruction: LowLevelInstruction): string {
  switch (instruction.op) {
    case 'load_object_code':
      return `load_object_code   ${instruction.application} ${instruction.vsn}: ${instruction.modules.join(', ')}`
    case 'point_of_no_return':
    case 'restart_new_emulator':
    case 'restart_emulator':
      return instruction.op
    case 'load':
    case 'remove':
      return `${instruction.op.padEnd(18)} ${instruction.module}${purges(instruction.pre_purge, instruction.post_purge)}`
    case 'purge':
    case 'resume':
    case 'stop':
    case 'start':
      return `${instruction.op.padEnd(18)} ${instruction.modules.join(', ')}`
    case 'suspend':
      return `suspend            ${instruction.modules.map(({ module, timeout }) => (timeout === undefined ? module : `${module} (at most ${timeout} ms)`)).join(', ')}`
    case 'code_change':
      return `code_change        ${instruction.mode}: ${instruction.modules.map(({ module }) => module).join(', ')}`
    case 'sync_nodes':
      return `sync_nodes         ${JSON.stringify(instruction.id)}`
    case 'apply': {
      const [module, fun, args] = instruction.mfa
      return `apply              ${module}:${fun}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`
    }
  }
}

/** Only what is not the rule. */
function purges(before: string | undefined, after: string | undefined): string {
  const soft = [before === 'soft_purge' ? 'before' : '', after === 'soft_purge' ? 'after' : ''].filter(
    (when) => when !== '',
  )
  return soft.length === 0 ? '' : ` (soft purge ${soft.join(' and ')})`
}
