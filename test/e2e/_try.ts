import { openWorkshop, buildTars, otpRel, done, repack, release, until } from '../support/e2e_node.ts'
import { counterFiles, projectFiles, counterSource } from '../support/e2e_project.ts'
import { writeFile, readFile, mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { create } from 'tar'
const shop = await openWorkshop()
const show = (name, r) => { console.log('==', name, r.code, r.ms.toFixed(0)); console.log(r.stdout + r.stderr) }
try {
  const p = await shop.project('p', [{vsn:'1.0.0'},{vsn:'1.1.0'},
   {vsn:'1.1.1', counter: {'src/words.ts': "throw new Error('no words today')\nexport const say = (n: number) => String(n)\n"}},
   {vsn:'1.1.2', counter: {'src/counter.ts': counterSource("export const codeChange = () => { throw new Error('cannot migrate') }")}},
   {vsn:'1.1.3', counter: {'src/counter.ts': counterSource("export const codeChange = () => new Promise(() => {})")}},
  ])
  const tar = await buildTars(p)
  const r = await shop.deploy('a', tar('1.0.0'))
  show('not running', await r.bin(['upgrade', '1.1.0', '--tar', tar('1.1.0')]))
  await r.start()
  for (let i = 0; i < 5; i++) await r.get('/next')
  show('already', await r.bin(['upgrade', '1.0.0']))
  show('unknown', await r.bin(['upgrade', '7.7.7']))
  show('unknown otp', await otpRel(['upgrade', '7.7.7', '--root', r.root], {cwd: shop.dir}))
  for (const v of ['1.1.1']) {
    show('unpack', await r.bin(['unpack', tar(v)]))
    show(v, await r.bin(['upgrade', v, '--code-change-timeout', '300']))
    console.log(await r.versions(), await r.get(), await r.get('/words'))
  }
  show('history', await r.bin(['history']))
  const raw = async (name, more) => { 
    await mkdir(shop.path('raw'), {recursive: true});
    const f = shop.path('raw', name + '.tar.gz')
    return f
  }
  // truncated
  const t = await readFile(tar('1.1.0'))
  await writeFile(shop.path('trunc.tar.gz'), t.subarray(0, t.length >> 1))
  show('truncated', await r.bin(['unpack', shop.path('trunc.tar.gz')]))
  await repack(tar('1.1.0'), shop.path('byte.tar.gz'), async dir => { const f = dir + '/lib/counter-1.1.0/ebin/words.js'; const b = await readFile(f); b[40] ^= 1; await writeFile(f, b)}, 'sums as they were')
  show('byte', await r.bin(['unpack', shop.path('byte.tar.gz')]))
  await repack(tar('1.1.0'), shop.path('syntax.tar.gz'), async dir => { const f = dir + '/lib/counter-1.1.0/ebin/words.js'; const b = await readFile(f, 'utf8'); await writeFile(f, b.replace("the count is", "the ' count is"))})
  show('syntax', await r.bin(['unpack', shop.path('syntax.tar.gz')]))
  show('syntax', await r.bin(['upgrade', '1.1.0']))
  show('remove', await r.bin(['remove', '1.1.0']))
  await repack(tar('1.1.0'), shop.path('config.tar.gz'), async dir => { await writeFile(dir + '/releases/1.1.0/sys.config.json', '{ "counter": { "step": 2 }')})
  show('config', await r.bin(['unpack', shop.path('config.tar.gz')]))
  show('config', await r.bin(['upgrade', '1.1.0']))
  console.log(await r.versions(), await r.get(), await r.get('/words'))
  show('name', await otpRel(['status', '--root', r.root, '--name', 'other']))
  show('tool', await r.bin(['status']))
  await r.kill()
  show('stale', await r.bin(['status']))
  show('stale', await r.bin(['upgrade', '1.1.0']))
  show('stale start', await r.bin(['start']))
  console.log(await r.versions(), await r.get(), await r.get('/words'))
} catch (e) { console.log(e) }
finally { await shop.close() }
