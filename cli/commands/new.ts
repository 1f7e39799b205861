/**
 * `new NAME`: a project from templates/new, which has nothing to decide: what `common` has and what its kind has. A part
 * `NAME` of a file's path is the application's name.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Arguments, text } from '../node/command.js'
import { home } from '../release/home.js'
import { type OwnPackage, ownPackage } from '../release/own_package.js'
import { renderTemplate } from '../release/template.js'
import { type Failure, type Outcome, usage } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'
import { type CliContext, shown } from './project.js'

const KINDS = ['service', 'library', 'umbrella'] as const

/** Names that mean something else already: applications of the runtime, modules of Node and names of this project. */
const TAKEN = new Set([
  'kernel',
  'stdlib',
  'sasl',
  'erts',
  'otp_rel',
  'node',
  'counter',
  'http',
  'test',
  'apps',
  'src',
  'releases',
])

/** Makes a project in a folder of its name. */
export async function newProject(args: Arguments, { cwd, program }: CliContext): Promise<Outcome> {
  const name = text(args, 'name') ?? ''
  const legal = checkName(name)
  if (!legal.ok) return legal
  const given = text(args, 'template') ?? 'service'
  const kind = KINDS.find((one) => one === given)
  if (kind === undefined) {
    const listed = KINDS.map((one) => `"${one}"`).join(', ')
    return err(usage('unknown_template', `there is no template "${given}", only ${listed}${didYouMean(given, KINDS)}`))
  }
  const dir = resolve(cwd, name)
  const found = await readdir(dir).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error ? found.code !== 'ENOENT' : found.length > 0) {
    const why = found instanceof Error ? found.message : `it has ${found.slice(0, 3).join(', ')}`
    return err({
      exit: 'bad_input',
      tag: 'not_empty',
      message: `${dir} is not an empty folder: ${why}`,
      facts: { dir },
    })
  }
  let own: OwnPackage
  try {
    own = await ownPackage()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const message = `this otp-rel is not whole, so that no project can be made with it: ${why}`
    return err({ exit: 'system', tag: 'not_whole', message, hints: ['in a clone: npm run build'] })
  }
  const files = await render(kind, name, own)
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(dir, path)), { recursive: true })
      await writeFile(join(dir, path), content)
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return err({
      exit: 'system',
      tag: 'cannot_write',
      message: `the project cannot be written: ${why}`,
      facts: { dir },
    })
  }
  const next = [`cd ${shown(dir, { cwd })}`, 'npm install', 'npm test']
  if (kind === 'library') next.push('npx otp-rel check')
  else next.push('npx otp-rel dev', 'npx otp-rel build', 'npx otp-rel start')
  return ok({
    data: { name, template: kind, dir, files: files.map(([path]) => path), next },
    lines: (style) => [
      `${style.green('*')} made ${style.bold(name)}: ${files.length} files`,
      'Next:',
      ...next.map((line) => `  ${line}`),
      `README.md goes on from there to the first upgrade; "${program} help" lists all commands`,
    ],
  })
}

/** Whether a name can be that of an application, of a release and of an npm package; else the nearest that can. */
function checkName(name: string): Result<void, Failure> {
  if (/^[a-z][a-z0-9_]{0,63}$/.test(name) && !TAKEN.has(name)) return ok(undefined)
  const near = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 60)
  const legal = near === '' ? 'my_service' : TAKEN.has(near) ? `my_${near}` : near
  const why = TAKEN.has(name)
    ? `"${name}" is taken: it means something else in a project`
    : `"${name}" cannot be the name of an application: lower-case letters, digits and "_", a letter first, 64 at most`
  return err(usage('bad_name', why, [`otp-rel new ${legal}`]))
}

/** Files and their content, by path. */
async function render(
  kind: (typeof KINDS)[number],
  name: string,
  own: OwnPackage,
): Promise<[path: string, content: string | Buffer][]> {
  const at = home()
  // our own package.json: it has these
  const { devDependencies } = JSON.parse(await readFile(join(at.root, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>
  }
  const data = {
    app: name,
    packageName: name,
    otpRel: own.spec,
    vendored: own.file?.path ?? false,
    typesNode: devDependencies['@types/node'],
    tsx: devDependencies.tsx,
    typescript: devDependencies.typescript,
    sources: kind === 'library' ? 'src' : 'apps',
    appSource: kind === 'library' ? 'src' : `apps/${name}/src`,
    web: kind === 'service',
  }
  const files: [string, string | Buffer][] = own.file === undefined ? [] : [[own.file.path, own.file.content]]
  for (const part of ['common', kind]) {
    const folder = join(at.root, 'templates', 'new', part)
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    for (const entry of found) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name).slice(folder.length + 1, -'.hbs'.length)
      files.push([path.replaceAll('NAME', name), await renderTemplate(`new/${part}/${path}`, data, { home: at })])
    }
  }
  return files.sort(([a], [b]) => (a < b ? -1 : 1))
}
