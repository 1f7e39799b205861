/** `doctor`: what is wrong with a project, a release or its node. Facts come from cli/doctor, and so do the checks. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok } from '../../schemas/result.js'
import { diagnose, type Finding, worst } from '../doctor/checks.js'
import type { DoctorFacts, ProjectFacts } from '../doctor/facts.js'
import { gatherHere, gatherProject, gatherRelease } from '../doctor/gather.js'
import { DEFAULT_TIMEOUT_MS } from '../node/client.js'
import { type Arguments, flag, number, type Target, text } from '../node/command.js'
import { build } from '../release/build.js'
import type { Outcome, Report } from '../render/failure.js'
import { count } from '../render/steps.js'
import { padEnd, type Style } from '../render/style.js'
import { buildFailure } from './build.js'
import { type CliContext, configOptions, projectPath, readProject, releaseNames, shownFault } from './project.js'

/** Looks at everything, shows one line for each check, and ends with the class of the first fault. */
export async function doctor(args: Arguments, context: CliContext): Promise<Outcome> {
  const findings = diagnose(await factsOf(args, context))
  const report = reportOf(findings)
  const exit = worst(findings)
  if (exit === undefined) return ok(report)
  const faults = findings.filter(({ level }) => level === 'fault')
  const message = `${count(faults.length, 'fault')} found`
  // In JSON there is one document: the findings are in the failure.
  if (!flag(args, 'json')) context.show(report)
  return err({ exit, tag: exit, message, facts: { findings }, ...(flag(args, 'json') ? {} : { quiet: true }) })
}

async function factsOf(args: Arguments, context: CliContext): Promise<DoctorFacts> {
  const { otpRel: program, cwd } = context
  const show = (fault: Fault) => shownFault(fault, context)
  const timeoutMs = (number(args, 'timeout') ?? DEFAULT_TIMEOUT_MS / 1_000) * 1_000
  const root = text(args, 'root')
  const name = text(args, 'name')
  const named = name === undefined ? {} : { name }
  const isRelease = (dir: string) => existsSync(join(dir, 'releases')) && existsSync(join(dir, 'bin'))
  const at = root === undefined ? undefined : resolve(cwd, root)
  const project = at === undefined ? await readProject(args, context) : undefined
  if (project === undefined || (!project.ok && project.error.tag === 'no_config' && isRelease(cwd))) {
    const target: Target = { root: at ?? cwd, ...named }
    return { program, ...(await gatherHere(target.root)), releases: [await gatherRelease(target, timeoutMs)] }
  }
  if (!project.ok) {
    const { message, faults } = project.error
    const configFaults = faults ?? [{ tag: project.error.tag, severity: 'error' as const, message }]
    const dir = resolve(cwd, text(args, 'project') ?? '.')
    const build = { releases: [], faults: [], warnings: [] }
    const broken = { dir, configFaults: configFaults.map(show), applications: [], applicationFaults: [], build }
    return { program, ...(await gatherHere(dir)), project: broken, releases: [] }
  }
  const { value: config } = project
  const found = await gatherProject(config)
  const targets = releaseNames(config).filter((one) => name === undefined || one === name)
  return {
    program,
    ...(await gatherHere(config.root)),
    project: { ...found, applicationFaults: found.applicationFaults.map(show), build: await buildable(args, context) },
    releases: await Promise.all(
      targets.map((one) => gatherRelease({ root: join(config.output, 'rel', one), name: one }, timeoutMs)),
    ),
  }
}

/** What `check` says. */
async function buildable(args: Arguments, context: CliContext): Promise<ProjectFacts['build']> {
  const show = (fault: Fault) => shownFault(fault, context)
  const project = await projectPath(args, context)
  const options = { ...configOptions(args, context), dryRun: true }
  const built = project.ok ? await build(project.value, options) : err([])
  if (built.ok) {
    const { releases, warnings } = built.value
    return { releases: releases.map(({ name, vsn }) => `${name} ${vsn}`), faults: [], warnings: warnings.map(show) }
  }
  const faults = built.error.map((fault) => ({ fault: show(fault), exit: buildFailure([fault]).exit }))
  return { releases: [], faults, warnings: [] }
}

/** A line for each check, its ways out below it; and how many there were. */
function reportOf(findings: readonly Finding[]): Report {
  const columns = Math.max(...findings.map(({ check }) => check.length))
  const levels = ['fault', 'warning'] as const
  const counted = levels.flatMap((level) => {
    const many = findings.filter((finding) => finding.level === level).length
    return many === 0 ? [] : [count(many, level)]
  })
  return {
    data: { findings },
    lines: (style) => [
      ...findings.flatMap(({ check, level, message, ways }) => [
        `${marks(style)[level]}  ${padEnd(style.bold(check), columns)}  ${message}`,
        ...ways.map((way) => `${' '.repeat(11 + columns)}${way}`),
      ]),
      counted.length === 0 ? style.green('all is well') : counted.join(', '),
    ],
  }
}

const marks = (style: Style): Record<Finding['level'], string> => ({
  ok: padEnd(style.green('OK'), 7),
  warning: padEnd(style.yellow('warning'), 7),
  fault: padEnd(style.red('fault'), 7),
})
