/** The files of modules in the release of a node that is developed: replaced by renaming, and put back when it refuses them. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CompiledModule } from '../release/compiled.js'
import type { ModuleChange, Modules } from './change.js'
import { type Project, rootOf } from './project.js'

/** Puts what has changed where the node reads it. */
export async function place({ changed, added }: ModuleChange, project: Project): Promise<void> {
  await Promise.all([...changed, ...added].map((module) => write(module, project)))
}

/** Puts back what the node runs. */
export async function putBack({ changed, added }: ModuleChange, running: Modules, project: Project): Promise<void> {
  await Promise.all(changed.map(({ id }) => running.get(id)).map((module) => module && write(module, project)))
  await Promise.all(
    added.flatMap((module) =>
      [fileOf(module, project), `${fileOf(module, project)}.map`].map((file) => rm(file, { force: true })),
    ),
  )
}

function fileOf(module: CompiledModule, project: Project): string {
  const vsn = project.release.applications.find(({ name }) => name === module.application)?.vsn
  return join(rootOf(project), 'lib', `${module.application}-${vsn}`, 'ebin', module.file)
}

async function write(module: CompiledModule, project: Project): Promise<void> {
  const file = fileOf(module, project)
  await mkdir(dirname(file), { recursive: true })
  const { map } = module
  await Promise.all([replace(file, module.code), map === undefined ? undefined : replace(`${file}.map`, map)])
}

/** Not flushed: a crash of the machine costs a build, which each start does anyway. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
