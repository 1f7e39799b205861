/**
 * `otp-rel/config`: what an `otp.config.ts` imports to be typed.
 *
 *     import { defineConfig } from 'otp-rel/config'
 *
 *     export default defineConfig(({ profile, env }) => ({ releases: [...] }))
 */
import type { OtpConfig } from '../../schemas/types.js'

export type { OtpConfig, ProfileConfig, ReleaseConfig, ReleaseSettings } from '../../schemas/types.js'

/** What a configuration may be computed from. */
export interface ConfigContext {
  /** The profile that was asked for, of several the last; undefined: none. */
  readonly profile: string | undefined
  /** All profiles that were asked for, lowest first. */
  readonly profiles: readonly string[]
  /** The environment of the build. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The project's folder, absolute. */
  readonly root: string
}

/** A configuration, or a function that computes one. */
export type ConfigExport = OtpConfig | ((context: ConfigContext) => OtpConfig | Promise<OtpConfig>)

/** Gives back what it is given: for its type. */
export const defineConfig = (config: ConfigExport): ConfigExport => config
