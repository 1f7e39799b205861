/**
 * The workflow that `otp-rel new` writes, carried out: each step that runs something runs in a fresh checkout, in the
 * shell that GitHub takes; the steps of GitHub's own have stand-ins. What it is there to find makes it red.
 */
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { done, openWorkshop, type Ran, telling, type Workshop } from '../support/e2e_node.js'
import { edit, KINDS, type Step, scaffold, shell, workflowOf } from '../support/scaffold.js'

const test = suite('e2e/new_ci')

let shop: Workshop

test.before(
  telling(async () => {
    shop = await openWorkshop()
  }),
)

test.after(() => shop.close())

const GIT: NodeJS.ProcessEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

/** What GitHub's own steps leave behind, in the checkout's folder. */
const STAND_INS: Readonly<Record<string, (step: Step, project: string, cwd: string) => Promise<void>>> = {
  async 'actions/checkout@v4'(step, project, cwd) {
    assert.is(step.with?.['fetch-depth'], 0, 'a checkout without history has no tags')
    done(
      await shell(
        'test -d "$1" || git clone -q "$0" "$1"; cd "$1"; git pull -q --tags'
          .replaceAll('$1', cwd)
          .replaceAll('$0', project),
        shop.dir,
        GIT,
      ),
    )
  },
  async 'actions/setup-node@v4'(step) {
    assert.ok(Number(step.with?.['node-version']) >= 22)
  },
}

/** Runs the workflow. @returns the steps that ran, the last with how it ended */
async function workflow(project: string, cwd: string): Promise<{ steps: string[]; last: Ran | undefined }> {
  const steps: string[] = []
  let last: Ran | undefined
  for (const step of await workflowOf(project)) {
    if (step.uses !== undefined) {
      const standIn = STAND_INS[step.uses]
      assert.ok(standIn, `no stand-in for ${step.uses}`)
      await standIn(step, project, cwd)
    }
    if (step.run === undefined) continue
    steps.push(step.name ?? step.run)
    last = await shell(step.run, cwd, GIT)
    if (last.code !== 0) break
  }
  return { steps, last }
}

const commit = async (project: string, text: string): Promise<void> => {
  done(await shell(`git add -A && git commit -qm '${text}'`, project, GIT))
}

for (const kind of KINDS) {
  test(`${kind}: green as it is; red for a type error${kind === 'service' ? ', a failing test and a change without an appup' : ''}`, async () => {
    const name = `our_${kind}`
    const project = await scaffold(shop, name, kind)
    const app = kind === 'library' ? project : join(project, 'apps', name)
    done(await shell('git init -q', project, GIT))
    await commit(project, 'first')
    const cwd = shop.path(`${name}_checkout`)

    const green = await workflow(project, cwd)
    assert.is(green.last?.code, 0, `${green.steps.at(-1)}\n${green.last?.stdout}${green.last?.stderr}`)
    const all = green.steps
    assert.equal(all.slice(0, -1), ['npm install', 'npm run check', 'npm test', 'npm run build'])
    done(await shell('git diff --exit-code', cwd, GIT))

    const source = join(app, 'src', 'counter.ts')
    const red = async (what: string, at: string, code?: number): Promise<void> => {
      await commit(project, what)
      const { steps, last } = await workflow(project, cwd)
      assert.is(steps.at(-1), at, `${what}\n${last?.stdout}${last?.stderr}`)
      assert.ok(code === undefined ? last?.code : last?.code === code, `${what}: ${last?.code}\n${last?.stderr}`)
    }
    const [from, to] = kind === 'library' ? ['n + 1', 'n + 10'] : ['n: n + 1', 'n: n + 10']
    await edit(source, from, `${to} + ''.nothing`)
    await red('a type error', 'npm run check')
    // What follows takes long, and is the same for all.
    if (kind !== 'service') return
    await edit(source, `${to} + ''.nothing`, to)
    await red('a failing test', 'npm test')
    await edit(source, to, from)
    await commit(project, 'as it was')
    done(await shell('git tag v1.0.0', project, GIT))

    await edit(source, from, to)
    await edit(join(project, 'test', 'counter.test.ts'), 'next(), 2', 'next(), 11')
    await edit(join(app, 'app.json'), '1.0.0', '1.1.0')
    await edit(join(project, 'otp.config.json'), '1.0.0', '1.1.0')
    await red('no appup', all.at(-1) ?? '', 18)
    done(await shell('npx otp-rel appup --from _build/last/_build/tar/*.tar.gz', cwd))
    const [written] = done(await shell('git status --porcelain', cwd, GIT)).split('\n')
    assert.is(written, `?? apps/${name}/appup.json`)
    // As in the next checkout, in which there is no _build.
    done(await shell('rm -r _build && git worktree prune', cwd, GIT))
    const mended = await workflow(project, cwd)
    assert.is(mended.last?.code, 0, mended.last?.stderr)
  })
}

test.run()
