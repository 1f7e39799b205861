/** `why APPLICATION`, `why npm:PACKAGE`: who asks for it, where, and why it has the version that it has. */
import { join } from 'node:path'
import type { Place } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Arguments, text } from '../node/command.js'
import { openCache } from '../release/cache.js'
import { trace, traceFault, traceInputs } from '../release/trace.js'
import { type Why, type WhyStep, whyApplication, whyPackage } from '../release/why.js'
import type { Failure, Outcome } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'
import { whyLines } from '../render/why.js'
import { type CliContext, shown } from './project.js'
import { compiledOf, type Looked, lookAtRelease } from './resolved.js'

const NPM = 'npm:'

/** Says why something is in the release; a failure where it is not. */
export async function why(args: Arguments, context: CliContext): Promise<Outcome> {
  const looked = await lookAtRelease(args, context)
  if (!looked.ok) return looked
  const name = text(args, 'name') ?? ''
  const found = name.startsWith(NPM)
    ? await ofPackage(name.slice(NPM.length), looked.value, context)
    : ofApplication(name, looked.value, context)
  if (!found.ok) return found
  const { rel } = looked.value.release
  const data = withShownPaths(found.value, context)
  return ok({
    data: { release: { name: rel.name, vsn: rel.vsn }, ...data },
    lines: (style) => whyLines(data, `${rel.name} ${rel.vsn}`, style),
  })
}

function ofApplication(name: string, looked: Looked, context: CliContext): Result<Why, Failure> {
  const { config, discovered, release } = looked
  const found = whyApplication(name, config, discovered, release)
  if (found !== undefined) return ok(found)
  const there = discovered.apps.get(name)?.[0]
  const names = release.applications.map((one) => one.name)
  const near = didYouMean(name, [...names, ...discovered.apps.keys()])
  return err(
    absent(
      looked,
      name,
      there === undefined
        ? near === ''
          ? `; it has ${names.join(', ')}`
          : near
        : `: it is in ${shown(there.dir, context)}, but nothing in the release needs it`,
      there === undefined ? [`an npm package is asked for as "why ${NPM}${name}"`] : [],
    ),
  )
}

async function ofPackage(name: string, looked: Looked, context: CliContext): Promise<Result<Why, Failure>> {
  const compiled = await compiledOf(looked, context)
  if (!compiled.ok) return compiled
  const { applications } = looked.release
  const inputs = traceInputs(applications, compiled.value)
  const traced = await trace(inputs, { cache: openCache(join(looked.config.output, 'cache')) })
  if (!traced.ok) {
    return err({
      exit: 'build_fault',
      tag: 'package_not_found',
      message: 'the packages of the release cannot be found',
      faults: traced.error.map((fault) => traceFault(fault, (file) => shown(file, context))),
    })
  }
  const found = whyPackage(name, compiled.value, traced.value, applications)
  if (found !== undefined) return ok(found)
  const names = [...new Set(traced.value.packages.map((one) => one.name))].sort()
  const near = didYouMean(name, names)
  const all = names.length === 0 ? '; it has no npm package' : `; it has ${names.join(', ')}`
  return err(absent(looked, `${NPM}${name}`, near === '' ? all : near, []))
}

function absent({ release: { rel } }: Looked, name: string, why: string, hints: readonly string[]): Failure {
  const message = `"${name}" is not in ${rel.name} ${rel.vsn}${why}`
  return { exit: 'usage', tag: 'not_in_release', message, hints, facts: { name, release: `${rel.name}-${rel.vsn}` } }
}

/** Files as the user would type them. */
function withShownPaths(found: Why, context: CliContext): Why {
  const place = (at: Place | null): Place | null =>
    at?.file === undefined ? at : { ...at, file: shown(at.file, context) }
  const step = (one: WhyStep): WhyStep => ({ ...one, place: place(one.place) })
  return {
    ...found,
    ways: found.ways.map((way) => way.map(step)),
    asked: found.asked.map(step),
    found: found.found.map((one) => ({ ...one, dir: shown(one.dir, context) })),
  }
}
