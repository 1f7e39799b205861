/** Groups and orders of generated graphs, against what they must be. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dependencyGroups } from '../../../runtime/sasl/src/systools_groups.js'
import { makeRandom } from './random.js'

/** What can be reached from a vertex, itself not counted unless in a circle. */
function reach(deps: readonly (readonly number[])[], from: number): Set<number> {
  const found = new Set<number>()
  const queue = [...(deps[from] ?? [])]
  for (const next of queue) {
    if (found.has(next)) continue
    found.add(next)
    queue.push(...(deps[next] ?? []))
  }
  return found
}

const EXAMPLES: readonly (readonly [
  rule: string,
  deps: readonly (readonly number[])[],
  groups: readonly (readonly number[])[],
])[] = [
  ['independent ones are groups of their own', [[], [], []], [[0], [1], [2]]],
  ['dependants first', [[], [0], [1]], [[2, 1, 0]]],
  ['the order of instructions decides', [[3], [3], [3], []], [[0, 1, 2, 3]]],
  ['a diamond', [[1, 2], [3], [3], []], [[0, 1, 2, 3]]],
  ['a cycle keeps together, in its own order', [[1], [2], [0]], [[0, 1, 2]]],
  ['itself counts for nothing', [[0], [1]], [[0], [1]]],
  ['groups come by their first member', [[], [3], [], []], [[0], [1, 3], [2]]],
]
for (const [rule, deps, groups] of EXAMPLES) test(rule, () => assert.equal(dependencyGroups(deps), groups))

test('generated graphs: groups are the connected parts, and dependants stand before', () => {
  const { int } = makeRandom(3)
  for (let round = 0; round < 400; round++) {
    const size = 1 + int(12)
    const deps = Array.from({ length: size }, () => Array.from({ length: int(3) }, () => int(size)))
    const groups = dependencyGroups(deps)
    assert.equal(
      groups.flat().toSorted((a, b) => a - b),
      [...deps.keys()],
    )
    const reached = deps.map((_, i) => reach(deps, i))
    const groupOf = new Map(groups.flatMap((group, g) => group.map((member) => [member, g] as const)))
    const at = new Map(groups.flat().map((member, i) => [member, i]))
    for (const [member, list] of deps.entries()) {
      for (const dep of list) {
        assert.is(groupOf.get(member), groupOf.get(dep))
        const inCircle = reached[dep]?.has(member)
        if (!inCircle) assert.ok((at.get(member) ?? 0) < (at.get(dep) ?? 0))
        else assert.is(Math.sign((at.get(member) ?? 0) - (at.get(dep) ?? 0)), Math.sign(member - dep))
      }
    }
    assert.equal(
      groups.map((group) => Math.min(...group)),
      groups.map((group) => Math.min(...group)).toSorted((a, b) => a - b),
    )
  }
})

test('ten thousand in one group', () => {
  const deps = Array.from({ length: 10_000 }, (_, i) => (i === 9_999 ? [] : [i + 1]))
  assert.is(dependencyGroups(deps)[0]?.length, 10_000)
})

test.run()
