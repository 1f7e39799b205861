/** Trees of text, drawn with branches: a release and its applications, a plan and its parts. */

/** A node of a tree: its line, and what hangs below it, in order. */
export interface Tree {
  readonly text: string
  readonly children?: readonly Tree[]
}

/** Renders a tree as lines; the root is not indented. */
export function tree(root: Tree): string[] {
  return [root.text, ...branches(root.children ?? [], '')]
}

function branches(children: readonly Tree[], indent: string): string[] {
  return children.flatMap((child, index) => {
    const last = index === children.length - 1
    return [
      `${indent}${last ? '└── ' : '├── '}${child.text}`,
      ...branches(child.children ?? [], `${indent}${last ? '    ' : '│   '}`),
    ]
  })
}
