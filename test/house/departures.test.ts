/** Every departure from OTP that the code marks is listed in ARCHITECTURE.md, and the other way round. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('house/departures')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const marked = ['cli', 'runtime', 'schemas']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  )
  .filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('Departure:'))
  .sort()

test('the list in ARCHITECTURE.md names exactly the files that depart', () => {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  const section = /## Departures from OTP\n([\s\S]*?)(?:\n## |$)/.exec(text)?.[1] ?? ''
  const listed = [
    ...new Set([...section.matchAll(/`((?:cli|runtime|schemas)\/[^`]+\.ts)`/g)].map((match) => match[1])),
  ].sort()
  assert.equal(listed, marked)
})

test.run()
