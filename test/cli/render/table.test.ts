import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plain } from '../../../cli/render/style.js'
import { table } from '../../../cli/render/table.js'
import { tree } from '../../../cli/render/tree.js'

const test = suite('cli/render/table')

test('columns are as wide as their widest cell, numbers end where they should, no line ends in spaces', () => {
  const columns = [{ title: 'VERSION' }, { title: 'MS', align: 'right' as const }, { title: '' }]
  assert.equal(
    table(
      columns,
      [
        ['1.0.0-rc.1', '7', 'runs'],
        ['1', '1200'],
      ],
      plain,
    ),
    ['VERSION       MS', '1.0.0-rc.1     7  runs', '1           1200'],
  )
})

test('a table may have more rows than a call can have arguments', () => {
  const rows = Array.from({ length: 200_000 }, () => ['1'])
  assert.is(table([{ title: 'A' }], rows, plain).length, 200_001)
})

test('no rows leave the head', () => assert.equal(table([{ title: 'A' }], [], plain), ['A']))

test('a tree draws a branch for each child, and the last one differently', () => {
  const drawn = tree({
    text: 'shop',
    children: [
      { text: 'a', children: [{ text: 'b' }] },
      { text: 'c', children: [{ text: 'd' }] },
    ],
  })
  assert.equal(drawn, ['shop', '├── a', '│   └── b', '└── c', '    └── d'])
})

test.run()
