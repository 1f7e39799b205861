// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledApplication } from '../../../cli/release/compiled.js'
import { providerFaults, readSysConfig } from '../../../cli/release/sys_config.js'
import { formatFault } from '../../../schemas/fault.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/sys_config')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})

test.after.each(() => folder.remove())

async function texts(): Promise<Record<string, string>> {
  const result = await readSysConfig(folder.path('config/prod.json'))
  return result.ok ? Object.fromEntries(result.value) : {}
}

async function faults(): Promise<string[]> {
  const result = await readSysConfig(folder.path('config/prod.json'))
  return result.ok ? [] : result.error.map((fault) => formatFault(fault).replaceAll(folder.dir, ''))
}

test('without a file the configuration is empty', async () => {
  const result = await readSysConfig(undefined)
  assert.equal(result.ok && [...result.value], [['sys.config.json', '{}\n']])
})

test('the file travels as written, comments and all, under the name that the node reads', async () => {
  await folder.put('config/prod.json', '{ "shop": { "vat": 20 } } // percent\n')
  assert.equal(await texts(), { 'sys.config.json': '{ "shop": { "vat": 20 } } // percent\n' })
})

test("files that it names travel beside it; absolute ones are the target's", async () => {
  await folder.put('config/prod.json', '[{}, "more/b.json", "/etc/shop.json"]')
  await folder.put('config/more/b.json', '["c.json"]')
  await folder.put('config/more/c.json', '{}')
  assert.equal(Object.keys(await texts()), ['sys.config.json', 'more/b.json', 'more/c.json'])
})

test('a name that leads nowhere or out is refused, in the file that has it', async () => {
  await folder.put('config/prod.json', '["gone.json", "../other.json"]')
  const found = await faults()
  assert.match(found[0] ?? '', /^\/config\/prod\.json: names "gone\.json", which cannot be read: ENOENT/)
  assert.is(
    found[1],
    '/config/prod.json: names "../other.json", which is outside of its own folder and cannot travel; move it beside',
  )
})

test('environment variables stay for the node to put in; what is no reference is refused with its place', async () => {
  const text = '["${MORE}.json", { "shop": { "port": "${PORT|number}" } }]'
  await folder.put('config/prod.json', text)
  assert.equal(await texts(), { 'sys.config.json': text })
  await folder.put('config/prod.json', '{ "shop": { "port": "${PORT" } }')
  assert.match((await faults())[0] ?? '', /^\/config\/prod\.json:1:21 shop\.port: "\$\{PORT" is no reference/)
})

test('a broken one is refused with its place', async () => {
  await folder.put('config/prod.json', '{ "shop": 1 }')
  const found = await faults()
  assert.match(found[0] ?? '', /^\/config\/prod\.json:1:11 shop: /)
})

test('config providers are exported functions of the release', () => {
  const meta = { imports: [], stars: [], exports: ['load'], tla: false }
  const module = {
    application: 'shop',
    name: 'vault',
    id: 'shop/vault',
    source: '',
    file: '',
    code: '',
    map: '',
    meta,
    packages: [],
  }
  const shop: CompiledApplication = { name: 'shop', vsn: '1', modules: [module] }
  const told = (providers: unknown) => {
    const texts = new Map([['sys.config.json', JSON.stringify([{}, { kernel: { config_providers: providers } }])]])
    return providerFaults(texts, [shop], '/p/config').map(formatFault)
  }
  const at = '/p/config/sys.config.json:1:'
  assert.equal(told([['shop/vault', 'load', []]]), [])
  assert.equal(told([['shop/vaults', 'load', []]]), [
    `${at}37 [1].kernel.config_providers[0][0]: no application of the release has a module "shop/vaults"; did you mean "shop/vault"?`,
  ])
  assert.equal(told([['shop/vault', 'loud', []]]), [
    `${at}50 [1].kernel.config_providers[0][1]: "shop/vault" exports no "loud"; did you mean "load"?`,
  ])
  assert.match(told('shop/vault')[0] ?? '', /kernel\.config_providers must be a list/)
})

test.run()
