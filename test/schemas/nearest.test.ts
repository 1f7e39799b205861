import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { didYouMean, nearest } from '../../schemas/nearest.js'

const test = suite('schemas/nearest')

// found, known, nearest, why
const CASES: readonly (readonly [string, readonly string[], string | undefined, string])[] = [
  ['moduls', ['modules', 'mod'], 'modules', 'a letter left out'],
  ['lib-dirs', ['lib_dirs', 'output'], 'lib_dirs', 'another separator is no difference'],
  ['sysConfig', ['sys_config', 'vm_args'], 'sys_config', 'nor is camel case'],
  ['permanant', ['permanent', 'transient'], 'permanent', 'a letter replaced'],
  ['laod', ['load', 'none'], 'load', 'two letters swapped count once'],
  ['applicaton', ['optional_applications', 'applications'], 'applications', 'the nearest of several'],
  ['zzz', ['name', 'vsn'], undefined, 'nothing is near'],
  ['a', [], undefined, 'nothing is known'],
]

for (const [found, known, expected, why] of CASES) test(why, () => assert.is(nearest(found, known), expected))

test('the end of a message', () => {
  assert.is(didYouMean('laod', ['load']), '; did you mean "load"?')
  assert.is(didYouMean('zzz', ['load']), '')
})

test.run()
