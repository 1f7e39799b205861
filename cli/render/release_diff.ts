/** What differs between two releases, as a tree. */
import type { ApplicationDiff, Change, ReleaseDiff } from '../appup/release_diff.js'
import { count } from './steps.js'
import type { Style } from './style.js'
import { type Tree, tree } from './tree.js'

/** The whole difference. */
export function diffLines(diff: ReleaseDiff, style: Style): string[] {
  const { old, new: next } = diff
  const name = (one: ReleaseDiff['old']) => `${one.name} ${one.vsn}`
  const children: Tree[] = [
    ...(old.erts === next.erts ? [] : [{ text: `node ${old.erts} -> ${next.erts}` }]),
    ...diff.applications.map((one) => applicationTree(one, style)),
    ...group(
      'config',
      diff.config.map(({ application, key, change, old: before, new: after }) => {
        const value =
          change === 'changed' ? `${show(before)} -> ${show(after)}` : show(change === 'added' ? after : before)
        return `${sign(change, style)} ${application}.${key}  ${value}`
      }),
    ),
    ...(children0(diff) ? [] : [{ text: style.dim('nothing differs') }]),
    { text: `size  ${bytes(old.bytes)} -> ${bytes(next.bytes)}  ${style.dim(`(${delta(old.bytes, next.bytes)})`)}` },
  ]
  return tree({ text: style.bold(`${name(old)} -> ${name(next)}`), children })
}

const children0 = ({ applications, config, old, new: next }: ReleaseDiff): boolean =>
  applications.length > 0 || config.length > 0 || old.erts !== next.erts

function applicationTree(diff: ApplicationDiff, style: Style): Tree {
  const { application, change, old, new: next, modules, fields, packages, priv } = diff
  const size = style.dim(`(${delta(diff.bytes.old, diff.bytes.new)})`)
  if (change === 'added')
    return { text: `${sign(change, style)} ${application} ${next}, ${count(modules.length, 'module')} ${size}` }
  if (change === 'removed') return { text: `${sign(change, style)} ${application} ${old} ${size}` }
  const versions = diff.unversioned
    ? `${application} ${old}  ${style.red('its content differs, its version does not')}`
    : `${application} ${old} -> ${next}`
  return {
    text: `${sign(change, style)} ${versions} ${size}`,
    children: [
      ...group(
        'modules',
        modules.map((one) => {
          const moved = one.moved ? style.dim('  only comments or lines moved') : ''
          return `${sign(one.change, style)} ${one.module}${moved}`
        }),
      ),
      ...group(
        'app.json',
        fields.map(({ field, old: before, new: after }) => `${field}  ${show(before)} -> ${show(after)}`),
      ),
      ...group(
        'npm',
        packages.map((one) => {
          const versions =
            one.change === 'changed' ? `${one.old} -> ${one.new}` : one.change === 'added' ? one.new : one.old
          const same = one.change === 'changed' && one.old === one.new ? ', with other content' : ''
          const importers = one.importers.length === 0 ? '' : style.dim(`  imported by ${one.importers.join(', ')}`)
          return `${sign(one.change, style)} ${one.name} ${versions}${same}${importers}`
        }),
      ),
      ...group(
        'priv',
        priv.map((one) => `${sign(one.change, style)} ${one.file}`),
      ),
    ],
  }
}

const group = (text: string, lines: readonly string[]): Tree[] =>
  lines.length === 0 ? [] : [{ text, children: lines.map((line) => ({ text: line })) }]

function sign(change: Change, { green, red, yellow }: Style): string {
  switch (change) {
    case 'added':
      return green('+')
    case 'removed':
      return red('-')
    case 'changed':
      return yellow('~')
  }
}

/** JSON, cut where it is long. */
function show(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function bytes(size: number): string {
  if (size < 1_024) return `${size} B`
  return size < 1_048_576 ? `${(size / 1_024).toFixed(1)} KB` : `${(size / 1_048_576).toFixed(1)} MB`
}

const delta = (old: number, next: number): string => `${next < old ? '-' : '+'}${bytes(Math.abs(next - old))}`
