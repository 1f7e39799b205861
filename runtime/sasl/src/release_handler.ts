/**
 * OTP's functions of the release handler, with OTP's answers: `['error', reason]` where something is refused. Each asks
 * the process that is registered as `release_handler`, see release_handler_server.ts.
 *
 * OTP: sasl's release_handler.erl; release reference 8.
 *
 * Departures: reasons come with OTP's tags, and with more of them, see release_error.ts; `installRelease` restarts the node
 * after a failure only where `error_action` says so and something could not be taken back.
 */
import { join } from 'node:path'
import type { Result as ResultOf } from '../../../schemas/result.js'
import type { ReleaseStatus } from '../../../schemas/types.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import {
  type AppScript,
  downgradeScript as makeDowngrade,
  upgradeScript as makeUpgrade,
  versionOfDir,
} from './app_upgrade.js'
import { type AppDir, createReleases } from './create_releases.js'
import type { InstallOptions } from './install_options.js'
import { type ReleaseError, releaseReason } from './release_error.js'
import { NAME, operate, operations, releases } from './release_handler_calls.js'
import * as callbacks from './release_handler_server.js'
import type { HandlerOptions } from './release_handler_start.js'

export type { InstallOptions } from './install_options.js'
export type { HandlerOptions } from './release_handler_start.js'

type Result<T> = ResultOf<T, ReleaseError>

type Failure = readonly ['error', unknown]

const toOtp = <T, R>(result: Result<T>, value: (value: T) => R): R | Failure =>
  result.ok ? value(result.value) : ['error', releaseReason(result.error)]

/** Starts the handler linked with the caller, its supervisor. */
export const startLink = (options?: HandlerOptions): Promise<genServer.StartResult> =>
  genServer.startLink({ local: NAME }, callbacks, options)

/** @returns `[name, vsn, ["app-vsn"], status]` of each release, newest unpacked first; of one status, oldest first */
export async function whichReleases(
  status?: ReleaseStatus,
): Promise<readonly (readonly [name: string, vsn: string, libs: readonly string[], status: ReleaseStatus])[]> {
  const all = (await releases()).map(
    (one) => [one.name, one.vsn, one.libs.map((lib) => `${lib.application}-${lib.vsn}`), one.status] as const,
  )
  return status === undefined ? all : all.filter((one) => one[3] === status).reverse()
}

/** Unpacks `releases/NAME.tar.gz`, or the package at a path, after verifying all of it. @returns `['ok', vsn]` */
export const unpackRelease = async (name: string): Promise<readonly ['ok', string] | Failure> =>
  toOtp(await operations.unpack(name), (vsn) => ['ok', vsn] as const)

/**
 * Makes a release known whose files are in place already.
 *
 * @param relFile its rel file, or its version
 * @param appDirs `[application, vsn, folder above]` of applications that are not in `lib`
 */
export const setUnpacked = async (
  relFile: string,
  appDirs: readonly (readonly [application: string, vsn: string, dir: string])[] = [],
): Promise<readonly ['ok', string] | Failure> =>
  toOtp(
    await operations.setUnpacked(
      relFile,
      appDirs.map(([name, vsn, dir]) => ({ application: name, vsn, dir })),
    ),
    (vsn) => ['ok', vsn] as const,
  )

/** Makes the node forget a release. */
export const setRemoved = async (vsn: string): Promise<'ok' | Failure> =>
  toOtp(await operate<'ok'>({ type: 'set_removed', vsn }), (done) => done)

/** Copies a file into `releases/VSN`. */
export const installFile = async (vsn: string, file: string): Promise<'ok' | Failure> =>
  toOtp(await operate<'ok'>({ type: 'install_file', vsn, file }), (done) => done)

/**
 * Checks that a release could be installed: everything that {@link installRelease} checks. Changes nothing.
 *
 * Departure: OTP evaluates the calls before point_of_no_return; here nothing of the plan is carried out.
 *
 * @param options `'purge'`: old code of the plan's modules that nobody uses is dropped
 * @returns `['ok', other version of the relup entry, its description]`
 */
export const checkInstallRelease = async (
  vsn: string,
  options: readonly 'purge'[] = [],
): Promise<readonly ['ok', string, unknown] | Failure> =>
  toOtp(
    await operations.check(vsn, options.includes('purge')),
    ({ script }) => ['ok', script.otherVsn, script.description] as const,
  )

/**
 * Installs a release: it runs afterwards, or the node is as before.
 *
 * @returns as {@link checkInstallRelease}; `'continue_after_restart'` in place of `'ok'` where the plan restarts the
 * node, which ends now: the outcome stands in the history of the node that comes
 */
export const installRelease = async (
  vsn: string,
  options: InstallOptions = {},
): Promise<readonly ['ok' | 'continue_after_restart', string, unknown] | Failure> =>
  toOtp(
    await operations.install(vsn, options),
    ({ restart, direction, from, to, description }) =>
      [restart === undefined ? 'ok' : 'continue_after_restart', direction === 'up' ? from : to, description] as const,
  )

/**
 * Makes the current release the one that boots.
 *
 * @param options `end_old_code`: processes that still run code of before, in a callback that has not returned, are
 *                killed, as OTP does with modules of brutal_purge; default false
 */
export const makePermanent = async (
  vsn: string,
  options: { readonly end_old_code?: boolean } = {},
): Promise<'ok' | Failure> =>
  toOtp(await operations.makePermanent(vsn, options.end_old_code === true), () => 'ok' as const)

/** Makes an old release the one that boots, and stops the node, to be started again by who watches over it. */
export const rebootOldRelease = async (vsn: string): Promise<'ok' | Failure> =>
  toOtp(await operate<'ok'>({ type: 'reboot_old', vsn }), (done) => done)

/** Removes a release that neither runs nor boots, with the files that only it needs. */
export const removeRelease = async (vsn: string): Promise<'ok' | Failure> =>
  toOtp(await operations.remove(vsn), (done) => done)

/**
 * Writes the first RELEASES.json, as OTP's `create_RELEASES`: `(root, relDir, relFile, appDirs)`,
 * `(relDir, relFile, appDirs)` (folders relative to the installation), `(root, relFile)`, `([root, relFile, ...appDirs])`.
 */
export async function createRELEASES(
  ...args:
    | readonly [root: string, relDir: string, relFile: string, appDirs: readonly AppDir[]]
    | readonly [relDir: string, relFile: string, appDirs: readonly AppDir[]]
    | readonly [root: string, relFile: string]
    | readonly [all: readonly [root: string, relFile: string, ...appDirs: AppDir[]]]
): Promise<'ok' | Failure> {
  const done = (result: Result<'ok'>): 'ok' | Failure => toOtp(result, (word) => word)
  switch (args.length) {
    case 4:
      return done(await createReleases(...args))
    case 3:
      return done(await createReleases('', ...args))
    case 2:
      return done(await createReleases(args[0], join(args[0], 'releases'), args[1], []))
    default: {
      const [root, relFile, ...appDirs] = args[0]
      return done(await createReleases(root, join(root, 'releases'), relFile, appDirs))
    }
  }
}

// ---- one application, for tests: see app_upgrade.ts

type Evaluated = readonly ['ok', readonly string[]] | 'restart_emulator' | Failure

/**
 * Upgrades a running application to the version in a folder, by the appup there. Nothing is written.
 *
 * @param dir the application's folder, with `ebin` in it
 * @returns `['ok', modules whose old code is in use]`; `'restart_emulator'` where the script asks for that
 */
export const upgradeApp = async (app: string, dir: string): Promise<Evaluated> => evaluated(await makeUpgrade(app, dir))

/** As {@link upgradeApp}, back to an older version: `(app, dir)` with a folder named `APP-VSN`, or `(app, vsn, dir)`. */
export async function downgradeApp(
  ...args: readonly [app: string, dir: string] | readonly [app: string, vsn: string, dir: string]
): Promise<Evaluated> {
  const [app] = args
  if (args.length === 3) return evaluated(await makeDowngrade(app, args[1], args[2]))
  const vsn = versionOfDir(app, args[1])
  return evaluated(vsn.ok ? await makeDowngrade(app, vsn.value, args[1]) : vsn)
}

/** The script of {@link upgradeApp}. @returns `['ok', version in the folder, low-level instructions]` */
export const upgradeScript = async (
  app: string,
  dir: string,
): Promise<readonly ['ok', string, AppScript['instructions']] | Failure> =>
  toOtp(await makeUpgrade(app, dir), ({ vsn, instructions }) => ['ok', vsn, instructions] as const)

/** The script of {@link downgradeApp}. @returns `['ok', low-level instructions]` */
export const downgradeScript = async (
  app: string,
  oldVsn: string,
  dir: string,
): Promise<readonly ['ok', AppScript['instructions']] | Failure> =>
  toOtp(await makeDowngrade(app, oldVsn, dir), ({ instructions }) => ['ok', instructions] as const)

/** Carries out a script that {@link upgradeScript} or {@link downgradeScript} gave. @returns as {@link upgradeApp} */
export const evalAppupScript = (
  app: string,
  toVsn: string,
  toDir: string,
  script: AppScript['instructions'],
): Promise<Evaluated> =>
  evaluated({ ok: true, value: { application: app, vsn: toVsn, dir: toDir, instructions: script } })

async function evaluated(script: Result<AppScript>): Promise<Evaluated> {
  if (!script.ok) return ['error', releaseReason(script.error)]
  const { application: name } = script.value
  const done = await operate<readonly string[]>({ type: 'eval_app', name, script: script.value })
  if (!done.ok && done.error.tag === 'needs_restart') {
    return done.error.instruction === 'restart_emulator' ? 'restart_emulator' : ['error', 'restart_new_emulator']
  }
  return toOtp(done, (unpurged) => ['ok', unpurged] as const)
}
