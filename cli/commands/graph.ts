/** `graph`: who needs whom, among the applications of a release or the modules of one of them. */
import { writeFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Arguments, flag, text } from '../node/command.js'
import { applicationGraph, type Graph, moduleGraph } from '../release/graph.js'
import { startOrder } from '../release/release_script.js'
import { type Failure, type Outcome, usage } from '../render/failure.js'
import { dot, graphTree, mermaid } from '../render/graph.js'
import { svg } from '../render/graph_svg.js'
import { didYouMean } from '../render/nearest.js'
import { count } from '../render/steps.js'
import { plain, type Style } from '../render/style.js'
import type { CliContext } from './project.js'
import { compiledOf, type Looked, lookAtRelease } from './resolved.js'

type Draw = (graph: Graph, all: boolean, style: Style) => string[]

const FORMATS: Readonly<Record<string, Draw>> = { text: graphTree, mermaid, dot, svg }

/** Endings of files, and the form that they say. */
const ENDINGS: Readonly<Record<string, string>> = {
  '.txt': 'text',
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
  '.dot': 'dot',
  '.gv': 'dot',
  '.svg': 'svg',
}

/** Draws the graph, on the terminal or into a file. */
export async function graph(args: Arguments, context: CliContext): Promise<Outcome> {
  const out = text(args, 'out')
  const format = text(args, 'format') ?? (out === undefined ? 'text' : (ENDINGS[extname(out)] ?? 'text'))
  const draw = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  if (draw === undefined) {
    const names = Object.keys(FORMATS)
    return err(
      usage('bad_option', `"--format" is one of ${names.join(', ')}; got "${format}"${didYouMean(format, names)}`),
    )
  }
  const looked = await lookAtRelease(args, context)
  if (!looked.ok) return looked
  const made = await graphOf(looked.value, text(args, 'modules'), context)
  if (!made.ok) return made
  const all = flag(args, 'all')
  if (out === undefined) return ok({ data: made.value, lines: (style) => draw(made.value, all, style) })
  try {
    await writeFile(resolve(context.cwd, out), `${draw(made.value, all, plain).join('\n')}\n`)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return err({
      exit: 'system',
      tag: 'not_written',
      message: `"${out}" cannot be written: ${why}`,
      facts: { file: out },
    })
  }
  const { nodes, title } = made.value
  const what = made.value.of === 'modules' ? 'module' : 'application'
  const own = nodes.filter((node) => what === 'application' || node.kind === 'module')
  return ok({
    data: { ...made.value, file: resolve(context.cwd, out) },
    lines: (style) => [`${style.bold(out)}  ${title}: ${count(own.length, what)}, as ${format}`],
  })
}

async function graphOf(
  looked: Looked,
  application: string | undefined,
  context: CliContext,
): Promise<Result<Graph, Failure>> {
  const { release } = looked
  if (application === undefined) {
    const order = startOrder(release)
    if (order.ok) return ok(applicationGraph(release, order.value))
    return err({
      exit: 'build_fault',
      tag: 'no_start_order',
      message: 'the release cannot be started',
      faults: order.error,
    })
  }
  const names = release.applications.map(({ name }) => name)
  if (!names.includes(application)) {
    const near = didYouMean(application, names)
    const message = `${release.rel.name} ${release.rel.vsn} has no application "${application}"${near === '' ? `; it has ${names.join(', ')}` : near}`
    return err({ exit: 'usage', tag: 'no_such_application', message, facts: { application, names } })
  }
  const compiled = await compiledOf(looked, context)
  if (!compiled.ok) return compiled
  const own = compiled.value.find(({ name }) => name === application)
  if (own === undefined) throw new Error(`"${application}" was not compiled`)
  const listed = release.applications.find(({ name }) => name === application)?.packages ?? []
  return ok(
    moduleGraph(
      own,
      listed.map(({ specifier }) => specifier),
    ),
  )
}
