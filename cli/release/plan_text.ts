/** A release plan as text: what `build --dry-run` prints. */
import type { FileAction, ReleasePlan } from './plan.js'

/** The plan as lines, for `--dry-run`: each group's folder, then its files. */
export function formatPlan(plan: ReleasePlan): string[] {
  return plan.groups.flatMap(({ unit, kind, actions }) => [
    `${unit}${kind === 'command' || kind === 'overlay' || kind === 'state' ? '' : '/'}`,
    ...(kind === 'command' || kind === 'overlay' ? [] : actions.map((action) => `  ${formatAction(action, unit)}`)),
  ])
}

function formatAction(action: FileAction, unit: string): string {
  const path = action.path.slice(unit.length + 1)
  switch (action.op) {
    case 'write':
      return `write ${path}`
    case 'copy':
      return `copy  ${path} from ${action.from}`
    case 'link':
      return `link  ${path} -> ${action.target}`
    case 'mkdir':
      return `mkdir ${path}`
  }
}
