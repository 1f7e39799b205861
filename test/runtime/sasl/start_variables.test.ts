// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of configurations
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { unsetAtStart } from '../../../runtime/sasl/src/start_variables.js'
import { tempFolder } from '../../support/temp_folder.js'

const test = suite('sasl/start_variables')

/** What release 2 lacks whose files are these, in a node started with HOME_PORT and PATH. */
async function lacking(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = await tempFolder()
  for (const [name, text] of Object.entries(files)) await folder.put(`releases/2/${name}`, text)
  return unsetAtStart(folder.dir, '2', new Set(['HOME_PORT', 'PATH']))
}

const CASES: readonly (readonly [rule: string, files: Readonly<Record<string, string>>, names: readonly string[]])[] = [
  ['nothing is needed', { 'sys.config.json': '{"shop":{"port":80}}' }, []],
  [
    'both files are read, with defaults, comments and what the start had left out',
    {
      'sys.config.json': '{"shop":{"a":"${B_PORT|number}","b":"${HOME_PORT|number}","c":"${D:-}","e":"x${A_NAME}"}}',
      'vm.args': '# ${COMMENT}\n--title=${TITLE} ${B_PORT}\n--stack-size=${SIZE:-900}\n',
    },
    ['A_NAME', 'B_PORT', 'TITLE'],
  ],
  [
    'what env.sh of the release sets is there at its boot',
    {
      'sys.config.json': '{"shop":{"a":"${FROM_ENV_SH}","b":"${NOT_EXPORTED}"}}',
      'env.sh': 'RELEASE_KERNEL=lib/kernel-1\nexport FROM_ENV_SH="$RELEASE_VSN"\nNOT_EXPORTED=1\n',
    },
    ['NOT_EXPORTED'],
  ],
  ['an env.sh that fails sets nothing', { 'sys.config.json': '{"shop":{"a":"${X}"}}', 'env.sh': 'exit 3\n' }, ['X']],
]

for (const [rule, files, names] of CASES) {
  test(rule, async () => {
    assert.equal(await lacking(files), names)
  })
}

test.run()
