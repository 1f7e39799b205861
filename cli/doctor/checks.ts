/**
 * The checks of `otp-rel doctor`: facts to findings. Pure, so that each is a row of a table in its test.
 *
 * A warning is something that will bite later or is perhaps meant so; a fault keeps a build, a start or a command from
 * working, and has the exit code that such a command would end with.
 */
import { formatFault } from '../../schemas/fault.js'
import { clientFailure } from '../node/client_error.js'
import { compareVsn, isRange, satisfies } from '../release/vsn.js'
import type { ExitClass } from '../render/exit_codes.js'
import { count } from '../render/steps.js'
import type { DoctorFacts, ProjectFacts, ReleaseFacts } from './facts.js'

/** What a check says. */
export interface Finding {
  /** What was looked at. */
  readonly check: string
  readonly level: 'ok' | 'warning' | 'fault'
  /** What was found. */
  readonly message: string
  /** Ways out, none where all is well. */
  readonly ways: readonly string[]
  /** The class of failure; of faults only. */
  readonly exit?: ExitClass
}

const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message, ways: [] })
const warning = (check: string, message: string, ...ways: string[]): Finding => ({
  check,
  level: 'warning',
  message,
  ways,
})
const fault = (check: string, exit: ExitClass, message: string, ...ways: string[]): Finding => ({
  check,
  level: 'fault',
  message,
  ways,
  exit,
})

/** Room that a build or an upgrade may need; below the first it is a fault, below the second a warning. */
const LITTLE_BYTES = 100 * 1024 ** 2
const SOME_BYTES = 1024 ** 3
/** Watches that a project of some size with its tools needs. */
const FEW_WATCHES = 8192
const FEW_INSTANCES = 64

/** All findings, in the order of the journey: what runs here, the project, what is built, its nodes, the machine. */
export function diagnose(facts: DoctorFacts): readonly Finding[] {
  const { project } = facts
  return [
    checkNode(facts),
    ...checkOtpRel(facts),
    ...(project === undefined ? [] : checkProject(project, facts)),
    ...facts.releases.flatMap((release) => checkRelease(release, facts)),
    ...checkDisk(facts),
    ...checkInotify(facts),
  ]
}

function checkNode({ node: { found, oldest } }: DoctorFacts): Finding {
  if (compareVsn(found, oldest) >= 0) return ok('node', `Node ${found}`)
  return fault('node', 'system', `Node ${found} is older than ${oldest}`, `install Node ${oldest} or newer`)
}

/** npm takes folders, files and addresses, too. */
const isSemver = (asked: string): boolean => !/[:/]/.test(asked) && isRange(asked)

function checkOtpRel({ otpRel, project }: DoctorFacts): Finding[] {
  const { vsn, dir, inProject, asked } = otpRel
  const [nearest, ...more] = inProject
  const findings: Finding[] = []
  if (project !== undefined && asked !== undefined && nearest === undefined) {
    findings.push(
      fault('otp-rel', 'bad_input', `package.json asks for otp-rel ${asked}, which is not installed`, 'npm install'),
    )
  } else if (nearest !== undefined && nearest.dir !== dir) {
    const both = `otp-rel ${vsn} (${dir}) runs, the project has ${nearest.vsn} (${nearest.dir})`
    const way = 'call "npx otp-rel" in the project'
    findings.push(vsn === nearest.vsn ? warning('otp-rel', both, way) : fault('otp-rel', 'bad_input', both, way))
  }
  if (asked !== undefined && nearest !== undefined && isSemver(asked) && !satisfies(nearest.vsn, asked)) {
    const message = `package.json asks for otp-rel ${asked}, installed is ${nearest.vsn}`
    findings.push(fault('otp-rel', 'bad_input', message, 'npm install'))
  }
  if (more.length > 0) {
    const where = inProject.map((one) => `${one.vsn} (${one.dir})`).join(', ')
    const message = `otp-rel is installed ${inProject.length} times: ${where}`
    findings.push(warning('otp-rel', message, 'keep one: modules of two do not know each other (npm dedupe)'))
  }
  return findings.length > 0 ? findings : [ok('otp-rel', `otp-rel ${vsn}`)]
}

function checkProject(project: ProjectFacts, { program }: DoctorFacts): Finding[] {
  const { configFaults, applications, applicationFaults, build, uncommitted } = project
  if (configFaults.length > 0) {
    return configFaults.map((one) => fault('config', 'bad_input', formatFault(one), `${program} explain ${one.tag}`))
  }
  const told = new Set(applicationFaults.map(formatFault))
  const buildFaults = build.faults.filter((one) => !told.has(formatFault(one.fault)))
  const named = applications.map(({ name, vsn }) => `${name} ${vsn}`).join(', ')
  return [
    ok('config', `the configuration of ${project.dir} is readable`),
    ...applicationFaults.map((one) =>
      fault('applications', 'bad_input', formatFault(one), `${program} explain ${one.tag}`),
    ),
    applications.length === 0
      ? fault(
          'applications',
          'bad_input',
          'no application of its own was found',
          'each is a folder with app.json; "lib_dirs" of otp.config.json says where (default: apps/*)',
        )
      : ok('applications', `${count(applications.length, 'application')}: ${named}`),
    ...buildFaults.map((one) =>
      fault('build', one.exit, formatFault(one.fault), `${program} explain ${one.fault.tag}`),
    ),
    ...build.warnings.map((one) => warning('build', formatFault(one), `${program} explain ${one.tag}`)),
    ...(build.releases.length === 0 ? [] : [ok('build', `${build.releases.join(', ')} can be built`)]),
    ...(uncommitted === undefined
      ? []
      : uncommitted === 0
        ? [ok('git', 'everything is committed')]
        : [
            warning(
              'git',
              `${count(uncommitted, 'file')} changed and not committed`,
              'commit before a package is built: it should be possible to build it again',
            ),
          ]),
  ]
}

function checkRelease(release: ReleaseFacts, { program, project }: DoctorFacts): Finding[] {
  const { name, versions, node, leftovers, ports, socket, root } = release
  const newest = versions.at(-1)
  if (newest === undefined)
    return [project === undefined ? checkNodeOf(release, program) : ok(name, 'nothing is built yet')]
  const findings: Finding[] = [ok(name, `built: ${versions.map(({ vsn }) => vsn).join(', ')}`)]
  const before = versions.at(-2)
  if (before !== undefined && !newest.from.includes(before.vsn)) {
    const message = `no upgrade leads from ${before.vsn} to ${newest.vsn}`
    const way = `see what is missing with "${program} appup --dry-run", or "${program} explain no_matching_relup"`
    findings.push(warning(name, message, way))
  }
  findings.push(checkNodeOf(release, program))
  if (socket !== undefined && (socket.mode & 0o077) !== 0 && !('error' in node)) {
    const message = `${socket.path} is open to other users (mode ${(socket.mode & 0o777).toString(8)})`
    findings.push(warning(name, message, `chmod 600 ${socket.path}: whoever can write to it controls the node`))
  }
  if (leftovers.length > 0) {
    const pids = leftovers.join(' ')
    const message = `${count(leftovers.length, 'process', 'processes')} of ${root} besides its node: ${pids}`
    findings.push(warning(name, message, `see them with "ps -p ${leftovers.join(',')}", end them with "kill ${pids}"`))
  }
  for (const { setting, port } of ports.filter(({ busy }) => busy)) {
    const message = `port ${port} (${setting}) is in use by another process`
    findings.push(warning(name, message, `end that, or start with another one: --${setting.replace('.', ' ')}=PORT`))
  }
  return findings
}

function checkNodeOf({ name, node, root }: ReleaseFacts, program: string): Finding {
  if (!('error' in node)) {
    const answers = `its node runs ${node.vsn} (process ${node.pid}) and answers`
    if (node.notRunning.length === 0) return ok(name, answers)
    const without = `${answers}, but without ${node.notRunning.map((one) => `"${one}"`).join(', ')}`
    return fault(name, 'application_down', without, `see "${program} status"`)
  }
  const { error } = node
  if (error.tag === 'not_running') {
    if (error.pid === undefined) return ok(name, 'no node runs')
    const message = `no node runs; process ${error.pid} ended without taking its run/node.json away: it was killed, or crashed`
    return warning(name, message, `see the end of ${root}/log; the next start replaces the file`)
  }
  const { exit, message, hints = [] } = clientFailure(error, program)
  return fault(name, exit, message, ...hints)
}

function checkDisk({ disk }: DoctorFacts): Finding[] {
  if (disk === undefined) return []
  const { dir, freeBytes } = disk
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GB are free in ${dir}`
  const way = 'remove old versions ("remove VSN"), packages and logs'
  if (freeBytes < LITTLE_BYTES) return [fault('disk', 'system', `only ${free}`, way)]
  return [freeBytes < SOME_BYTES ? warning('disk', `only ${free}`, way) : ok('disk', free)]
}

function checkInotify({ inotify, project }: DoctorFacts): Finding[] {
  if (inotify === undefined || project === undefined) return []
  const { watches, instances } = inotify
  const few = [
    ...(watches < FEW_WATCHES ? [['max_user_watches', watches, 524_288] as const] : []),
    ...(instances < FEW_INSTANCES ? [['max_user_instances', instances, 512] as const] : []),
  ]
  if (few.length === 0) return [ok('inotify', `${watches} files can be watched`)]
  return few.map(([limit, found, better]) =>
    warning(
      'inotify',
      `fs.inotify.${limit} is ${found}: "dev" may not see every save`,
      `sudo sysctl fs.inotify.${limit}=${better}`,
    ),
  )
}

/** The class that the whole ends with: that of the first fault. */
export const worst = (findings: readonly Finding[]): ExitClass | undefined =>
  findings.find(({ level }) => level === 'fault')?.exit
