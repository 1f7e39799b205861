/** Pages of source code: modules, imports, callbacks, npm packages. */

import type { PrepareProblem } from '../../runtime/erts/linker/prepare_error.js'
import type { BehaviourFault } from '../../runtime/stdlib/src/behaviour.js'
import type { CompileFault, CompileWarning } from '../release/compile_fault.js'
import type { ImportFault } from '../release/module_import.js'
import type { TraceFault } from '../release/trace.js'
import type { TransformProblem } from '../release/transform_error.js'
import { type Page, type Pages, page } from './page.js'

const IMPORTS = {
  no_such_module: page(
    'An import leads to no file; or an instruction is about a module that its application does not have.',
    'The module could not be loaded.',
    'Take the name that is offered; modules are named without their ending in appups, with .js in imports.',
    "import * as counter from './counter.js'",
  ),
  outside_applications: page(
    'An import leads to a file that belongs to no application.',
    'Only applications have versions, so nobody could upgrade it.',
    'Move it into an application, or make one of it.',
    'apps/words/app.json',
  ),
  undeclared_application: page(
    'A module imports from an application that its app.json does not name.',
    'It would not be started before, nor be upgraded in order.',
    'Add it to "applications".',
    '"applications": ["kernel", "stdlib", "words"]',
  ),
  application_not_in_release: page(
    'A module imports from an application that the release does not have.',
    'It is optional, or not started, and not there.',
    'Add it to the release, or import it with import() where it may be missing.',
    '"applications": ["shop", "words"]',
  ),
  no_such_entry: page(
    'otp-rel has no such entry.',
    'There are otp-rel, otp-rel/sasl and otp-rel/systools in a release.',
    'Take the one that is offered.',
    "import { GenServer } from 'otp-rel'",
  ),
  unsupported_specifier: page(
    'An import by URL, absolute path or "#name".',
    'Nothing that a release could carry.',
    'Import a relative file, an application or an npm package.',
    "import { z } from 'zod'",
  ),
} satisfies Record<ImportFault['tag'], Page>

const COMPILE = {
  module_not_found: page(
    'A module that app.json names, or that is imported, has no file.',
    'The release would lack it.',
    'Write it, build it, or take it out of "modules".',
    '"modules": ["shop_app", "counter"]',
  ),
  duplicate_modules: page(
    'Two files make the same module, or two applications list it.',
    'There is one of each name in a node.',
    'Rename or remove one.',
    'src/counter.ts and src/counter.js',
  ),
  file_claimed_twice: page(
    'A source file belongs to two applications.',
    'Their source folders overlap; it would be loaded twice.',
    'Give each application a folder of its own.',
    'apps/shop/src, apps/shop_web/src',
  ),
  syntax_error: page(
    'The source, or the code given to "eval", does not parse.',
    'What ran before runs on.',
    'Look at the line and column.',
    'apps/shop/src/counter.ts:12:7',
  ),
  undefined_export: page(
    'A module uses a name that the imported module does not export. A warning.',
    'Its use would fail when it is reached, perhaps days later.',
    'Export it, or correct the name.',
    'export const next = () => ...',
  ),
  top_level_await: page(
    'A module awaits at top level. A warning.',
    'While it is upgraded, other processes run between the steps.',
    'Await in init of a process.',
    "export const init = async () => ['ok', await open()]",
  ),
  undeclared_callback: page(
    'A behaviour has an optional callback that is none of its callbacks. A warning.',
    'define would throw when the module is loaded.',
    'Name it in "callbacks" too, or correct the name.',
    "optional: ['formatStatus']",
  ),
  suspicious: page(
    'The compiler found something that is most often a mistake. A warning.',
    'It is legal code.',
    'Look at the place.',
    "if (typeof x === 'strnig')",
  ),
} satisfies Record<Exclude<CompileFault['tag'] | CompileWarning['tag'], 'bad_import' | 'behaviour'>, Page>

const BEHAVIOURS = {
  undefined_callback: page(
    'A module of a behaviour does not export a callback that it must have. A warning.',
    'The process would crash when it is called.',
    'Export it; a misspelt one is named.',
    'export const handleCall: GenServer.HandleCall<...> = (request, from, state) => ...',
  ),
  callback_arity: page(
    'A callback takes more arguments than it is given. A warning.',
    'The last ones would always be undefined.',
    'Look at the type of the callback.',
    'handleCast(request, state)',
  ),
  conflicting_behaviours: page(
    'A module is of two behaviours that share a callback. A warning.',
    'init would be called for both.',
    'Split it into two modules.',
    'shop_sup.ts and shop_server.ts',
  ),
  undefined_behaviour: page(
    'A module names a behaviour that nobody declares. A warning.',
    'Its callbacks cannot be checked.',
    'Correct the name, or declare the behaviour.',
    "export const behaviour = 'gen_server'",
  ),
} satisfies Record<BehaviourFault['tag'], Page>

const TRANSFORM = {
  import_phase: page(
    '"import defer" or "import source".',
    'Stages of the language that no built module can have yet.',
    'Use a plain import, or import() where it is needed.',
    "const { big } = await import('./big.js')",
  ),
  unresolved_import: page(
    'An import cannot be resolved.',
    'The module could not be linked.',
    'The message has the reason.',
    "import { x } from './x.js'",
  ),
  unsupported_name: page(
    'A module re-exports a name that cannot be kept in the data about it.',
    'References to it could not be led to the current version.',
    'Give it another name.',
    "export { x as y } from './x.js'",
  ),
} satisfies Record<Exclude<TransformProblem['tag'], 'syntax_error'>, Page>

const PACKAGES = {
  package_not_found: page(
    'An npm package that a module imports, or "packages" of app.json lists, is not installed.',
    'The release could not carry it.',
    'Install it; add it to package.json of the application or of the project.',
    'npm install ws',
  ),
  package_entry_not_found: page(
    'The npm package is there, and does not have what is imported from it.',
    'No such file, or its "exports" do not list it.',
    'Build a library of the project first ("build_hooks"); look at "exports" of its package.json, or install another version.',
    "import { WebSocketServer } from 'ws'",
  ),
  package_is_typescript: page(
    'An import leads to a TypeScript file of an npm package or of a library of the workspace.',
    'A release carries packages as they are, and Node loads no TypeScript from node_modules.',
    'Give the library a build and lead "exports" to what it makes, or make it an application with app.json.',
    '"exports": "./dist/index.js"',
  ),
  package_without_version: page(
    'The npm package has no name or version in its package.json.',
    'A release keeps one instance for each name and version.',
    'Give it both.',
    '{ "name": "words", "version": "1.0.0" }',
  ),
} satisfies Record<TraceFault['tag'], Page>

const LINKER = {
  module_not_found: COMPILE.module_not_found,
  syntax_error: COMPILE.syntax_error,
  unreadable: page(
    'The file of a module is there and cannot be read.',
    'The operating system says why.',
    'Check owner and permissions of lib.',
    'ls -l lib/shop-1.0.0/ebin',
  ),
  not_a_built_module: page(
    'A file of a release was not made by otp-rel build.',
    'It has no data about its references, so it could never be replaced.',
    'Build and deploy it; do not edit files of a release.',
    'otp-rel build',
  ),
  native_import_failed: page(
    'A built-in module or npm package cannot be imported on the node.',
    'It was built for another system or another version of Node, or lacks something.',
    'Build on the same system as the server; native addons are compiled for one.',
    'node --version',
  ),
  missing_export: page(
    'A package or a module of the runtime lacks a name that is imported.',
    'Node would refuse the module too.',
    'Correct the name, or the version of the package.',
    "import { readFile } from 'node:fs/promises'",
  ),
  evaluation_failed: page(
    'The top level of a module threw.',
    'It is evaluated aside before an upgrade, so the node is as before.',
    'Look at the place in the message; do work in init, not at top level.',
    'const port = Number(process.env.PORT)',
  ),
  not_purged: page(
    'A module still has an old version beside the current one.',
    'There are two versions at most; processes may still run the old one.',
    'Purge it, which ends who runs it, or wait.',
    'bin/shop eval "Code.purge(\'shop/counter\')"',
  ),
  not_prepared: page(
    'A module is to be swapped that was not prepared.',
    'Every module is compiled and linked before any is replaced.',
    'This is a bug of who calls the linker: report it.',
    'linker.prepare([...])',
  ),
  preloaded: page(
    'A module of the runtime itself is to be replaced.',
    'It is there before any application and changes with a restart only.',
    'Upgrade with a restart of the node.',
    'bin/shop upgrade 1.1.0 --restart',
  ),
} satisfies Record<PrepareProblem['tag'], Page>

/** By code. */
export const CODE_PAGES: Pages = {
  ...IMPORTS,
  ...COMPILE,
  ...BEHAVIOURS,
  ...TRANSFORM,
  ...PACKAGES,
  ...LINKER,
}
