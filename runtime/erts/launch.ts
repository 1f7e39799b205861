/**
 * What bin/NAME starts: `node erts.cjs --root ROOT --boot SCRIPT --config FILE --name NAME`. Runs the program beside it,
 * `erts.js`, by way of the code cache, without which V8 would compile it anew at each start. CommonJS and this small,
 * because Node compiles it itself and loads nothing else for it. OTP: `erlexec`.
 */
import { dirname, join, resolve } from 'node:path'
import { openCodeCache } from './code_cache.js'
import type { main } from './main.js'
import type { ModuleNamespace } from './modules.js'

/** What `erts.js` evaluates to; the build writes it, see runtime_bundle.ts. */
type Program = (require: NodeJS.Require) => {
  readonly main: typeof main
  readonly preloaded: Readonly<Record<string, ModuleNamespace>>
}

/** Whether version `have` is `want` or later, by their first two numbers. */
function isAtLeast(have: string, want: string): boolean {
  const [major = 0, minor = 0] = have.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = want.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

// Set by bin/NAME where the node is that of the PATH. To ask it from there would be to start it twice.
const { RELEASE_NODE_MIN: least, RELEASE_NAME: name, RELEASE_VSN: vsn } = process.env
if (least && !isAtLeast(process.versions.node, least)) {
  const { node } = process.versions
  process.stderr.write(`error: ${process.execPath} is version ${node}; ${name} ${vsn} needs ${least} or later\n`)
  process.exit(15)
}

const [, self = '', ...args] = process.argv
const given = (option: string): string | undefined =>
  args.includes(option) ? args[args.indexOf(option) + 1] : undefined
const root = given('--root')
const run = given('--run-dir') ?? (root === undefined ? undefined : join(root, 'run'))
const cache = openCodeCache(run === undefined ? undefined : join(resolve(run), 'cache'))
const program = cache.run(join(dirname(self), 'erts.js'), 'erts') as Program
// This file is CommonJS when it runs.
const { main: start, preloaded } = program(require)
// import() of a script that Node did not load itself is experimental, and says so.
void start(preloaded, { cache, nodeImport: (specifier, options) => import(specifier, options) })
