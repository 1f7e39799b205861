import { chmod } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openSums } from '../../../cli/release/files.js'
import { overlayActions, overlayVariables } from '../../../cli/release/overlay.js'
import type { FileAction } from '../../../cli/release/plan.js'
import { formatFault } from '../../../schemas/fault.js'
import type { Overlay } from '../../../schemas/types.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/overlay')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})

test.after.each(() => folder.remove())

const FACTS = {
  name: 'shop',
  vsn: '1.0.0',
  erts: '20.20.2',
  profiles: ['prod', 'eu'],
  applications: [{ name: 'shop', vsn: '1.2.0', description: 'Sells' }],
}

async function made(overlay: readonly Overlay[], own: Record<string, unknown> = {}, dev = false) {
  const variables = await overlayVariables(own, FACTS)
  if (!variables.ok) throw new Error(variables.error.message)
  return overlayActions({
    overlay: overlay.map((item, index) => ({ item, path: ['overlay', index] })),
    variables: variables.value,
    root: folder.dir,
    source: { file: 'otp.config.json', text: JSON.stringify({ overlay }) },
    sums: await openSums(undefined),
    dev,
  })
}

const shown = (action: FileAction): string => {
  const mode = 'mode' in action ? ` ${action.mode.toString(8)}` : ''
  const what =
    action.op === 'write' ? action.text : action.op === 'link' ? action.target : action.op === 'copy' ? action.from : ''
  return `${action.op}${mode} ${action.path} ${what.replaceAll(folder.dir, '')}`.trim()
}

async function actions(...args: Parameters<typeof made>): Promise<string[]> {
  const result = await made(...args)
  return result.ok
    ? result.value.map(shown)
    : result.error.map((fault) => formatFault(fault).replaceAll(`${folder.dir}/`, ''))
}

test('files and folders are copied, with their mode or another', async () => {
  for (const name of ['etc/a.conf', 'etc/sub/b.conf', 'tool.sh']) await folder.put(name, name)
  await chmod(folder.path('tool.sh'), 0o755)
  const overlay = [
    { copy: 'etc', to: 'etc' },
    { copy: 'tool.sh', to: 'bin/' },
    { copy: 'tool.sh', to: 'bin/plain', mode: '0600' },
  ]
  assert.equal(await actions(overlay), [
    'copy 644 etc/a.conf /etc/a.conf',
    'copy 644 etc/sub/b.conf /etc/sub/b.conf',
    'copy 755 bin/tool.sh /tool.sh',
    'copy 600 bin/plain /tool.sh',
  ])
  assert.equal((await actions(overlay.slice(0, 1), {}, true))[0], 'link etc/a.conf /etc/a.conf')
})

test('templates and paths have variables of the release, of each application and of the project', async () => {
  const text =
    '{{release.name}} {{release.vsn}} {{erts.vsn}} {{profile}} {{application.shop.vsn}} {{port}}{{#each applications}} {{name}}:{{dir}}{{/each}}'
  await folder.put('a.hbs', text)
  assert.equal(await actions([{ template: 'a.hbs', to: 'releases/{{release.vsn}}/{{port}}.txt' }], { port: 80 }), [
    'write 644 releases/1.0.0/80.txt shop 1.0.0 20.20.2 prod+eu 1.2.0 80 shop:lib/shop-1.2.0',
  ])
})

test('folders, links and permissions', async () => {
  await folder.put('etc/a.sh', '')
  const overlay = [
    { mkdir: 'data/{{release.name}}' },
    { copy: 'etc', to: 'etc' },
    { chmod: '0755', path: 'etc' },
    { link: 'etc/a.sh', to: 'bin/a' },
  ]
  assert.equal(await actions(overlay), ['mkdir 755 data/shop', 'copy 755 etc/a.sh /etc/a.sh', 'link bin/a ../etc/a.sh'])
})

test('of two for the same path the later one counts', async () => {
  await folder.put('a', 'a')
  await folder.put('b', 'b')
  assert.equal(
    await actions([
      { copy: 'a', to: 'x' },
      { copy: 'b', to: 'x' },
    ]),
    ['copy 644 x /b'],
  )
})

// an overlay, what is said
const REFUSED: readonly (readonly [Overlay, RegExp])[] = [
  [{ copy: 'gone', to: 'x' }, /^otp\.config\.json:1:13 overlay\[0\]: "gone" is not there$/],
  [{ mkdir: '../x' }, /"\.\.\/x" leads out of the release/],
  [{ mkdir: '/x' }, /leads out of the release/],
  [{ mkdir: 'run/x' }, /"run\/x" belongs to the release itself; overlays go beside/],
  [{ mkdir: 'lib/new' }, /belongs to the release itself/],
  [{ mkdir: 'releases/RELEASES.json' }, /belongs to the release itself/],
  [
    { mkdir: '{{relase.name}}' },
    /"\{\{relase\.name\}\}" there is no variable "relase\.name"; did you mean "release\.name"\?$/,
  ],
  [{ chmod: '0755', path: 'nothing' }, /"nothing" is made by no overlay before this one/],
  [{ template: 'bad.hbs', to: 'x' }, /^bad\.hbs:2:\d+: there is no variable "gone"/],
  [{ template: 'broken.hbs', to: 'x' }, /^broken\.hbs:1: is no template: /],
]

for (const [item, words] of REFUSED) {
  test(`${JSON.stringify(item)} is refused`, async () => {
    await folder.put('bad.hbs', 'one\n{{gone}}')
    await folder.put('broken.hbs', '{{#if x}}')
    const [said = '', ...more] = await actions([item])
    assert.match(said, words)
    assert.equal(more, [])
  })
}

test('a template tells all its faults at once, each with its place, and none of what follows from them', async () => {
  await folder.put(
    'many.hbs',
    [
      'port {{prot}}',
      '{{#each applications}}{{name}} {{vns}}{{/each}} {{release.nmae}}',
      '  {{{ foo.bar.baz }}}{{#if gone.by}}{{inside}}{{/if}}',
      '{{#nobody}}x{{/nobody}}',
      '{{port}}',
    ].join('\n'),
  )
  const overlay = [
    { template: 'many.hbs', to: 'etc/many.conf' },
    { chmod: '0755', path: 'etc/many.conf' },
    { copy: 'nowhere', to: 'bin/' },
    { chmod: '0755', path: 'bin' },
    { chmod: '0755', path: 'etc/other' },
  ]
  const said = (await actions(overlay, { port: 80 })).sort()
  assert.equal(said, [
    'many.hbs:1:8: there is no variable "prot"; did you mean "port"?',
    'many.hbs:2:34: there is no variable "vns"',
    'many.hbs:2:51: there is no variable "release.nmae"; did you mean "release.name"?',
    'many.hbs:3:28: there is no variable "gone.by"',
    'many.hbs:3:7: there is no variable "foo.bar.baz"',
    'many.hbs:4:4: there is no variable "nobody"',
    'otp.config.json:1:159 overlay[4]: "etc/other" is made by no overlay before this one',
    'otp.config.json:1:98 overlay[2]: "nowhere" is not there',
  ])
})

test('variables may stand in a file, and none may be called as one of ours', async () => {
  await folder.put('vars.json', '{ "a": 1, } // mine')
  const read = await overlayVariables(folder.path('vars.json'), FACTS)
  assert.is(read.ok && read.value.a, 1)
  const taken = await overlayVariables({ release: 1 }, FACTS)
  assert.match(taken.ok ? '' : taken.error.message, /^"release" is a variable of otp-rel; give yours another name than/)
  await folder.put('vars.json', '[1]')
  assert.is((await overlayVariables(folder.path('vars.json'), FACTS)).ok, false)
})

test.run()
