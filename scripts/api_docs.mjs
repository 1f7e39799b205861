#!/usr/bin/env node
/**
 * The API reference from the docstrings, with typedoc: HTML in docs/api (not kept in git: it is what the sources say).
 * Fails on an export of the public entries, or a member of one, that has no docstring, and on a link that leads nowhere.
 *
 *     npm run docs:api               writes docs/api
 *     npm run docs:api -- --check    writes nothing; with ENTRY TSCONFIG behind it, that entry instead of the public ones
 *
 * typedoc works with the compiler's JavaScript API, which TypeScript 7 does not have: it is given the last version that
 * has one, installed as `typescript-api`. Nothing else uses that.
 */
import { register } from 'node:module'

const HOOK = `
export const resolve = (specifier, context, next) =>
  next(specifier === 'typescript' ? 'typescript-api' : specifier, context)`

register(`data:text/javascript,${encodeURIComponent(HOOK)}`)

const { Application, ReflectionKind } = await import('typedoc')

const [mode, entry, tsconfig = 'tsconfig.build.json'] = process.argv.slice(2)

const PUBLIC = [
  'runtime/kernel/src/otp_rel.ts',
  'runtime/sasl/src/otp_rel_sasl.ts',
  'runtime/sasl/src/systools.ts',
  'runtime/test_kit/test_kit.ts',
]

const app = await Application.bootstrapWithPlugins({
  entryPoints: entry === undefined ? PUBLIC : [entry],
  tsconfig,
  out: 'docs/api',
  name: 'otp-rel',
  readme: 'none',
  githubPages: false,
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  skipErrorChecking: true,
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  treatValidationWarningsAsErrors: true,
  logLevel: 'Warn',
})

/** Inside a literal type: such members are described with the type they are written in, a variant of a union as a whole. */
const inLiteral = (reflection) =>
  reflection.parent !== undefined &&
  (reflection.parent.kindOf(ReflectionKind.TypeLiteral) || inLiteral(reflection.parent))

const inParameter = (reflection) =>
  reflection !== undefined && (reflection.kindOf(ReflectionKind.Parameter) || inParameter(reflection.parent))

/** Of what stands in literals, what typedoc's own check asks a docstring of; it refuses names that it does not ask for. */
const isChecked = (reflection) =>
  (reflection.kindOf(ReflectionKind.Property) && !inParameter(reflection)) ||
  (reflection.kindOf(ReflectionKind.CallSignature) && reflection.parent.kindOf(ReflectionKind.Method))

const project = await app.convert()
if (project !== undefined) {
  const within = Object.values(project.reflections).filter(
    (each) => isChecked(each) && inLiteral(each) && !each.hasComment(),
  )
  app.options.setValue('intentionallyNotDocumented', [...new Set(within.map((each) => each.getFriendlyFullName()))])
  app.validate(project)
  if (mode !== '--check') await app.generateOutputs(project)
}
process.exitCode = project === undefined || app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0
