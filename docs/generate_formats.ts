/**
 * Makes `docs/formats.md` from the JSON Schemas: what each file is for is said here, every field is the schema's word.
 *
 *     node --import tsx docs/generate_formats.ts
 *
 * A test proves that the checked-in page is this.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** As much of JSON Schema as the formats use. */
interface Schema {
  readonly $ref?: string
  readonly title?: string
  readonly description?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema | readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly definitions?: Readonly<Record<string, Schema>>
  readonly 'x-allowed'?: string
}

/** A schema with the file it stands in, which its references are relative to. */
interface Placed {
  readonly file: string
  readonly schema: Schema
}

/** A format: its schema, and what the schema does not say. */
interface Format {
  readonly file: string
  readonly heading: string
  /** Who writes it, where it lies, and what there is to know before the fields. */
  readonly about: string
}

/** Those a person writes first. */
const FORMATS: readonly Format[] = [
  {
    file: 'app',
    heading: 'app.json',
    about:
      'Describes an application. Written by you, at the root of the application (`apps/shop/app.json`); in a release at `lib/shop-1.0.0/ebin/app.json`, with every field filled in. OTP: `shop.app`.',
  },
  {
    file: 'otp.config',
    heading: 'otp.config.json',
    about: 'Says what a project builds. Written by you, at the root of the project. OTP: relx.config, reltool.config.',
  },
  {
    file: 'appup',
    heading: 'appup.json',
    about:
      'Says how an application comes from older versions and goes back to them. Written by you, beside `app.json`; in a release at `lib/shop-1.1.0/ebin/appup.json`. How to write one: [upgrades](upgrade.md). OTP: `shop.appup`.',
  },
  {
    file: 'terms',
    heading: 'Versions that are looked up',
    about: 'Where a person writes a version, it can also be taken from elsewhere.',
  },
  {
    file: 'instructions',
    heading: 'Instructions',
    about:
      'The steps of an appup and of a relup. `update`, `load_module`, `add_module`, `delete_module`, `add_application`, `remove_application` and `restart_application` are high-level: they stand in appups only, and the build translates them. All others are low-level, and the only ones in a relup; an appup may have them too.',
  },
  {
    file: 'sys.config',
    heading: 'sys.config.json',
    about:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what a person writes into the file
      'Parameters of applications. Written by you; `otp.config.json` names the file, and it travels as `releases/VSN/sys.config.json`. Lowest to highest: `env` of app.json, this file, the command line (`--shop port=8080`). Whole values replace each other. Texts may hold environment variables, `"${PORT}"`, which the node puts in when it starts and when it is upgraded: see [configuration](configuration.md). OTP: `sys.config`.',
  },
  {
    file: 'rel',
    heading: 'NAME.rel.json',
    about:
      'A release resolved: exact versions of all its applications. Written by the build, at `releases/VSN/NAME.rel.json`; can be written by hand for the functions of `otp-rel/systools`. OTP: `NAME.rel`.',
  },
  {
    file: 'script',
    heading: 'start.script.json',
    about:
      'What a node does to boot, step by step. Written by the build, at `releases/VSN/start.script.json`. OTP: `NAME.script`, of which the boot file is the compact form.',
  },
  {
    file: 'relup',
    heading: 'relup.json',
    about:
      'What a node does to become this release, and to go back. Written by the build from the appups, at `releases/VSN/relup.json`; `otp-rel relup` shows it. OTP: `relup`.',
  },
  {
    file: 'releases',
    heading: 'RELEASES.json',
    about:
      'Every release that a node knows, and its status. Kept by the node, at `releases/RELEASES.json`; not to be edited. OTP: `RELEASES`.',
  },
  {
    file: 'start_otp',
    heading: 'start_otp.json',
    about:
      'The release that boots, for the start script: one line. Kept by the node, at `releases/start_otp.json`, always after RELEASES.json. OTP: `start_erl.data`.',
  },
]

const schemas = new Map<string, Schema>()

function schemaOf(file: string): Schema {
  const known = schemas.get(file)
  if (known !== undefined) return known
  // Reason for the cast: the project's own schemas, which use nothing else.
  const schema = JSON.parse(readFileSync(join(ROOT, 'schemas', file), 'utf8')) as Schema
  schemas.set(file, schema)
  return schema
}

/** Follows references to what they mean; what stands beside a reference (`description`) goes first. */
function resolve({ file, schema }: Placed): Placed {
  if (schema.$ref === undefined) return { file, schema }
  const [path = '', pointer = ''] = schema.$ref.split('#')
  const target = path === '' ? file : path
  const found = pointer.split('/').filter(Boolean).reduce(stepInto, schemaOf(target))
  if (found === undefined) throw new Error(`${file}: no ${schema.$ref}`)
  const { $ref: _reference, ...beside } = schema
  const meant = resolve({ file: target, schema: found })
  return { file: meant.file, schema: { ...meant.schema, ...beside } }
}

/** What stands under a key of a schema. */
const stepInto = (from: Schema | undefined, key: string): Schema | undefined =>
  // Reason for the cast: a pointer of ours leads through objects to a schema.
  (from as Readonly<Record<string, Schema>> | undefined)?.[key]

const isObject = (schema: Schema): boolean => schema.type === 'object' && schema.properties !== undefined

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``

/** `ReleaseConfig` -> `#releaseconfig` */
const link = (title: string): string => `[${title}](#${title.toLowerCase()})`

/** Words of `terms.schema.json` that the page explains once, under Names. */
const NAMED: Readonly<Record<string, string>> = {
  name: 'a name',
  file_name: 'a word',
  vsn: 'a version',
  module: 'a module',
  qualified_module: 'a qualified module',
  mfa: 'a call',
}

/** What a value may be, in a few words. */
function kindOf(placed: Placed): string {
  const named = /#\/definitions\/(\w+)$/.exec(placed.schema.$ref ?? '')?.[1] ?? ''
  const word = NAMED[named]
  if (word !== undefined) return `[${word}](#names)`
  if (/^(appup_instruction|low_level)$/.test(named)) return '[an instruction](#instructions)'
  if (named === 'appup_module') return '[a module](#names)'
  const { file, schema } = resolve(placed)
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ')
  if (isObject(schema) && schema.title !== undefined) return link(schema.title)
  if (schema['x-allowed'] !== undefined && schema.type !== 'array') {
    const objects = (schema.anyOf ?? [])
      .map((one) => resolve({ file, schema: one }).schema)
      .filter((one) => isObject(one) && one.title !== undefined)
    const links = objects.map((one) => link(one.title ?? ''))
    return `${schema['x-allowed']}${links.length === 0 ? '' : ` (${links.join(', ')})`}`
  }
  if (schema.type === 'array') {
    if (schema['x-allowed'] !== undefined) return schema['x-allowed']
    const { items } = schema
    if (items === undefined || Array.isArray(items)) return 'a list'
    // Reason for the cast: isArray does not narrow a readonly array away.
    return `a list; each: ${kindOf({ file, schema: items as Schema })}`
  }
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => kindOf({ file, schema: one })).join(' or ')
  return schema.type ?? 'any value'
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The fields of an object as a table. */
function fields(file: string, schema: Schema): string[] {
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== '$schema' && name !== 'op')
    .map(([name, field]) => {
      const meant = resolve({ file, schema: field }).schema
      const columns = [
        code(name),
        required.has(name) ? 'yes' : '',
        kindOf({ file, schema: field }),
        meant.description ?? '',
      ]
      return `| ${columns.map(cell).join(' | ')} |`
    })
  if (rows.length === 0) return ['No fields.', '']
  return ['| field | required | value | meaning |', '|---|---|---|---|', ...rows, '']
}

function section({ file: name, heading, about }: Format): string[] {
  const file = `${name}.schema.json`
  const schema = schemaOf(file)
  const lines = [`## ${heading}`, '', about, '', `Schema: [\`schemas/${file}\`](../schemas/${file}).`, '']
  if (isObject(schema)) lines.push(...fields(file, schema))
  else if (schema.description !== undefined && name !== 'instructions' && name !== 'terms')
    lines.push(schema.description, '')
  for (const part of Object.values(schema.definitions ?? {})) {
    if (!isObject(part) || part.title === undefined) continue
    const op = part.properties?.op?.const
    lines.push(`### ${part.title}`, '')
    lines.push(`${op === undefined ? '' : `\`"op": ${JSON.stringify(op)}\`. `}${part.description ?? ''}`, '')
    lines.push(...fields(file, part))
  }
  return lines
}

/** The page. */
export function formatsPage(): string {
  return [
    '# File formats',
    '',
    '<!-- Made by docs/generate_formats.ts from the schemas; change those. -->',
    '',
    'Every file that otp-rel reads or writes. All are JSON; the files that you write may have comments and trailing commas. Keys and instruction names are OTP\'s, in snake_case. A `"$schema"` key is accepted in every file you write: editors complete and check from it. The schemas travel in the package as `otp-rel/schemas/NAME.schema.json`.',
    '',
    'An unknown key, a key written twice and a value of a wrong form are faults, each with file, line and column. `otp-rel check` reports all of them in one run.',
    '',
    '## Names',
    '',
    '| thing | form | example |',
    '|---|---|---|',
    `| application, release | ${schemaOf('terms.schema.json').definitions?.name?.['x-allowed'] ?? ''} | \`ch_app\` |`,
    "| module, in its own application's files | its path below the source folder, without ending | `ch3`, `http/router` |",
    '| module, everywhere else | `APPLICATION/MODULE` | `ch_app/ch3` |',
    '| call (MFA) | `[module, function, arguments]`, the function being an exported name | `["ch_app/ch3", "startLink", []]` |',
    `| version | ${schemaOf('terms.schema.json').definitions?.vsn?.['x-allowed'] ?? ''}; semver where ranges and order are wanted | \`1\`, \`2.1.0-rc.1\` |`,
    '',
    ...FORMATS.flatMap(section),
    '## Other files of a release',
    '',
    '| file | what it is |',
    '|---|---|',
    '| `bin/NAME` | the start script, see [operations](operations.md) |',
    '| `releases/VSN/env.sh` | which kernel and which node this version starts with; read by `bin/NAME` |',
    '| `releases/VSN/vm.args` | flags of node, one a line; lines that begin with `#` do not count |',
    '| `releases/VSN/checksums.json` | every file of the release with its SHA-256; checked when it is unpacked and before it is installed |',
    '| `releases/history.json` | what was installed, when and by whom; `bin/NAME history` shows it |',
    '| `lib/APP-VSN/ebin/*.js`, `*.js.map` | the built modules of an application and their source maps |',
    '| `lib/APP-VSN/ebin/APP.archive` | the same modules in one file, from which a node boots |',
    '| `lib/APP-VSN/priv` | other files of the application, as they are |',
    '| `lib/.npm/NAME@VERSION` | npm packages, one copy for all applications and releases that use it |',
    '| `run/node.json`, `run/NAME.sock` | how the running node is reached, see [the control socket](protocol.md) |',
    '| `run/cache` | compiled code of V8; may be deleted at any time |',
    '',
  ].join('\n')
}

const isMain = process.argv[1] === fileURLToPath(import.meta.url)
if (isMain) writeFileSync(join(ROOT, 'docs', 'formats.md'), formatsPage())
