/** Why something is in a release, for people: the ways that lead there, and what decides its version. */
import { formatPlace } from '../../schemas/fault.js'
import type { Why, WhyStep } from '../release/why.js'
import { count } from './steps.js'
import { padEnd, type Style, width } from './style.js'

/** @param release `NAME VSN` */
export function whyLines(why: Why, release: string, style: Style): string[] {
  const { name, versions, ways, more, asked } = why

  const said = [...ways.flat(), ...others(why)].map(stepText)
  const columns = Math.min(72, Math.max(0, ...said.map(width)))
  const line = (step: WhyStep) => place(padEnd(stepText(step), columns), step, style)
  return [
    `${style.bold(`${name} ${versions.join(' and ')}`)} is in ${release}`,
    ...ways.flatMap((way, index) =>
      way.map((step, at) => `  ${style.dim(at === 0 ? padEnd(`${index + 1}`, 2) : '  ')} ${line(step)}`),
    ),
    ...(more === 0 ? [] : [`     and ${count(more, 'other way')} as short`]),
    ...others(why).map((step, index) => `  ${style.dim(padEnd(index === 0 ? 'also' : '', 4))} ${line(step)}`),
    `  ${style.dim('version')}  ${versionText(why, asked)}`,
  ]
}

/** Who asks for it and is not at the end of a way already. */
function others({ ways, asked }: Why): readonly WhyStep[] {
  const last = ways.map((way) => way.at(-1))
  const isSame = (a: WhyStep, b: WhyStep | undefined) => a.by === b?.by && a.asks === b.asks && a.how === b.how
  return asked.filter((step) => !last.some((one) => isSame(step, one)))
}

const stepText = ({ by, how, asks, range }: WhyStep): string =>
  `${by} ${how} ${asks}${range === null ? '' : ` ${range}`}`

function place(text: string, { place: at }: WhyStep, style: Style): string {
  if (at === null) return text.trimEnd()
  // The path in the file says what the step says.
  const { path: _said, ...spot } = at
  const where = formatPlace(spot)
  return `${text}  ${style.dim(where)}`
}

function versionText({ name, versions, found }: Why, asked: readonly WhyStep[]): string {
  const [version = ''] = versions
  const ranges = [...new Set(asked.flatMap(({ range }) => (range === null ? [] : [range])))]
  const dirs = found.filter(({ vsn }) => versions.includes(vsn)).map(({ dir }) => dir)
  if (name.startsWith('npm:')) return `as installed in ${dirs.join(' and ')}`
  const others = found.filter(({ vsn }) => vsn !== version).map(({ vsn }) => vsn)
  const where = dirs[0] === undefined ? '' : `, from ${dirs[0]}`
  if (others.length === 0) return `${version} is the only one found${where}`
  const within = ranges.length === 0 ? 'the newest' : `the newest within ${ranges.join(' and ')}`
  return `${version} is ${within}${where}; there is ${others.join(', ')} as well`
}
