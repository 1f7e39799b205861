/**
 * Where the configuration of a project is. Apart from config.ts, so that a command which only asks whether there is one
 * does not load the reading of it.
 */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Name of the configuration file, for messages. */
export const CONFIG_FILE = 'otp.config.json'

/** Every name it may have; a folder has one of them. */
export const CONFIG_FILES: readonly string[] = [
  CONFIG_FILE,
  'otp.config.jsonc',
  'otp.config.ts',
  'otp.config.mts',
  'otp.config.mjs',
  'otp.config.js',
]

/**
 * The configuration of the project that a folder belongs to.
 *
 * @param dir where to begin; the folders above it follow
 * @returns the file, absolute, or undefined where there is none up to the root of the file system
 */
export function findConfig(dir: string): string | undefined {
  const at = resolve(dir)
  const file = configIn(at)
  if (file !== undefined) return file
  const above = dirname(at)
  return above === at ? undefined : findConfig(above)
}

/** The configuration in a folder, absolute; the first where there are several. */
export const configIn = (dir: string): string | undefined => configsIn(resolve(dir))[0]

/** All that a folder has, absolute: more than one is a fault. */
export const configsIn = (dir: string): readonly string[] =>
  CONFIG_FILES.map((name) => join(dir, name)).filter((file) => existsSync(file))
