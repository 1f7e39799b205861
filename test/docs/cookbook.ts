/** The recipes of docs/cookbook.md, and the project that they are together. */
import { blocksOf, textOf } from './documents.js'

const DOCUMENT = 'docs/cookbook.md'

/** One call of a recipe. */
export interface Call {
  /** A version, `refused` or `back`. */
  readonly phase: string
  readonly module: string
  readonly fun: string
  readonly args: readonly unknown[]
  /** JSON, or `error`. */
  readonly answer: string
}

/** One list of instructions each way. */
export interface Instructions {
  readonly up: readonly unknown[]
  readonly down: readonly unknown[]
}

/** A section of the page. */
export interface Recipe {
  readonly number: number
  readonly title: string
  /** The application that is upgraded, and all that it has files of; empty where nothing is to be written. */
  readonly app: string
  readonly apps: readonly string[]
  /** Path and text, from `apps`, in order. */
  readonly files: ReadonlyMap<string, string>
  /** Files of 1.0.0 that a later version has not. */
  readonly removed: readonly string[]
  /** The first one is applied; further ones do the same in another way. */
  readonly instructions: readonly Instructions[]
  readonly calls: readonly Call[]
  /** What the page says after `Generated:`. */
  readonly generated: string
}

/** Reads the page. @throws where a section is not of the form of a recipe */
export function readCookbook(): Recipe[] {
  const lines = textOf(DOCUMENT).split('\n')
  const starts = lines.flatMap((line, index) => {
    const [, number, title = ''] = /^## (\d+)\. (.*)$/.exec(line) ?? []
    return number === undefined ? [] : [{ number: Number(number), title, index }]
  })
  const blocks = blocksOf(DOCUMENT)
  return starts.map(({ number, title, index }, at) => {
    const end = starts[at + 1]?.index ?? lines.length
    const text = lines.slice(index, end).join('\n')
    const own = blocks.filter(({ line }) => line > index && line <= end)
    const files = new Map(own.flatMap(({ path, text }) => (path?.includes('/') ? [[path, text] as const] : [])))
    const apps = [...new Set([...files.keys()].map((file) => file.slice(0, file.indexOf('-'))))]
    const generated = /^Generated: (.*)$/m.exec(text)?.[1]
    if (generated === undefined) throw new Error(`${DOCUMENT}: "${title}" does not say what is generated`)
    return {
      number,
      title,
      apps,
      app: apps[0] ?? '',
      files,
      removed:
        own
          .find(({ path }) => path === 'removed')
          ?.text.trim()
          .split('\n') ?? [],
      instructions: instructionsIn(text),
      calls: (own.find(({ path }) => path === 'calls')?.text ?? '').trimEnd().split('\n').filter(Boolean).map(readCall),
      generated,
    }
  })
}

/** Indented lists after `up`, `down` or `up, down`. */
function instructionsIn(text: string): Instructions[] {
  const found: Instructions[] = []
  let up: readonly unknown[] = []
  for (const [, way, list = ''] of text.matchAll(/^ {4}(up, down|up|down) +(\[[\s\S]*?\])$(?=\n(?:$| {4}\w))/gm)) {
    const instructions: unknown[] = JSON.parse(list)
    if (way === 'up') up = instructions
    else found.push({ up: way === 'down' ? up : instructions, down: instructions })
  }
  return found
}

function readCall(line: string): Call {
  const [, phase = '', module = '', fun = '', args = '', answer = ''] =
    /^(\S+)\s+(\w+)\.(\w+)\((.*)\)\s+(.*)$/.exec(line) ?? []
  if (fun === '') throw new Error(`${DOCUMENT}: not a call: ${line}`)
  return { phase, module, fun, args: JSON.parse(`[${args}]`), answer }
}

const versionOf = (file: string): string => /^[a-z]+-([\d.]+)\//.exec(file)?.[1] ?? ''

/** Versions that an application has files of. */
const versions = ({ files }: Recipe, app: string): string[] => [
  ...new Set([...files.keys()].filter((file) => file.startsWith(`${app}-`)).map(versionOf)),
]

/** The three releases: with the applications in the versions that they have by then. */
export function releasesOf(recipes: readonly Recipe[]): object[] {
  const of = (vsn: string) =>
    recipes.flatMap((recipe) =>
      recipe.apps.flatMap((app) => {
        const [newest] = versions(recipe, app)
          .filter((one) => one <= vsn)
          .sort()
          .reverse()
        if (newest === undefined || vsn < (FIRST[app] ?? vsn) || vsn > (LAST[app] ?? vsn)) return []
        return [{ name: app, vsn: newest }]
      }),
    )
  return ['1.0.0', '1.1.0', '1.2.0'].map((vsn, index) => ({
    name: 'cookbook',
    vsn,
    applications: ['sasl', ...of(vsn)],
    upgrade_from: index === 0 ? [] : [`1.${index - 1}.0`],
  }))
}

/** The first and the last release that have an application, of those that come and go. */
const FIRST: Readonly<Record<string, string>> = { greeter: '1.1.0', inn: '1.1.0' }
const LAST: Readonly<Record<string, string>> = { banner: '1.0.0' }

/** All files of the project's applications: those shown, those of the version before, and what all have. */
export function sourcesOf(recipes: readonly Recipe[]): Map<string, string> {
  const sources = new Map<string, string>()
  const template = blocksOf(DOCUMENT).find(({ path }) => path === 'tally-1.0.0/src/tally_app.ts')?.text ?? ''
  for (const recipe of recipes) {
    for (const app of recipe.apps) {
      const own = new Map([...recipe.files].filter(([file]) => file.startsWith(`${app}-`)))
      const first = `${app}-1.0.0`
      const hasServer = /\bstartLink\b/.test(own.get(`${first}/src/${app}.ts`) ?? '')
      if (hasServer && !own.has(`${first}/src/${app}_app.ts`)) {
        own.set(`${first}/src/${app}_app.ts`, template.replaceAll('tally', app))
      }
      const hasProcesses = own.has(`${first}/src/${app}_app.ts`)
      for (const vsn of versions(recipe, app)) {
        const dir = `apps/${app}-${vsn}`
        for (const [file, text] of own) {
          const here = file.replace(/-[\d.]+\//, `-${vsn}/`)
          if (versionOf(file) > vsn || recipe.removed.includes(here)) continue
          if (!file.endsWith('app.json')) sources.set(`apps/${here}`, text)
        }
        const said = own.get(`${app}-${vsn}/app.json`)
        const resource = {
          name: app,
          vsn,
          applications: ['kernel', 'stdlib'],
          ...(hasProcesses ? { mod: [`${app}_app`, []] } : {}),
          ...(said === undefined ? {} : JSON.parse(said)),
        }
        sources.set(`${dir}/app.json`, JSON.stringify(resource))
        const [{ up, down } = { up: [], down: [] }] = recipe.instructions
        const appup = { vsn, up: [{ from: '1.0.0', instructions: up }], down: [{ to: '1.0.0', instructions: down }] }
        if (vsn !== '1.0.0') sources.set(`${dir}/appup.json`, JSON.stringify(appup))
      }
    }
  }
  return sources
}
