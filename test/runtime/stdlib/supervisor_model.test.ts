/** Thousands of random operations on supervision trees against a model of the rules. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  exit,
  exitPid,
  isAlive,
  monitor,
  Pid,
  processes,
  receive,
  self,
  send,
  timeout,
  trapExit,
} from '../../../runtime/erts/process.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import { nextOf, settle, trapping } from '../../support/processes.js'
import { makeRandom } from '../sasl/random.js'
import {
  type Auto,
  isSimple,
  type Node,
  type Plan,
  type Restart,
  type Strategy,
  type SupervisorPlan,
  Tree,
} from './tree_model.js'

const test = suite('stdlib/supervisor model')

const SEEDS = [1, 2, 3, 4, 5, 6]
const STEPS = 400
const RESTARTS: readonly Restart[] = ['permanent', 'permanent', 'transient', 'temporary']
const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one']
const AUTOS: readonly Auto[] = ['never', 'never', 'any_significant', 'all_significant']
const IDS = ['a', 'b', 'c', 'd', 'e', 'f']
const REASONS = ['normal', 'shutdown', 'boom']

type Random = ReturnType<typeof makeRandom>

// ---- random plans

function randomPlan(random: Random, id: string, auto: Auto, depth: number): Plan {
  const restart = random.pick(RESTARTS)
  const significant = auto !== 'never' && restart !== 'permanent' && random.int(2) === 0
  if (depth === 0 || random.int(3) > 0) return { id, restart, significant }
  return { id, restart, significant, supervisor: randomSupervisor(random, depth - 1, random.pick(STRATEGIES)) }
}

function randomSupervisor(random: Random, depth: number, strategy: Strategy): SupervisorPlan {
  const auto = random.pick(AUTOS)
  const simple = strategy === 'simple_one_for_one'
  const ids = simple ? ['s'] : IDS.slice(0, random.int(5))
  const children = ids.map((id) => randomPlan(random, id, auto, simple ? 0 : depth))
  return { strategy, intensity: 2 + random.int(6), auto, children }
}

// ---- the same tree, running

/** What the running children write down and are ruled by. */
class World {
  readonly journal: string[] = []
  readonly failing = new Map<string, number>()
  readonly ignoring = new Set<string>()

  /** The start function of a worker, and the module of a supervisor. */
  readonly module = {
    startWorker: (path: string, simple: boolean) => {
      const left = this.failing.get(path) ?? 0
      if (left > 0) {
        this.failing.set(path, left - 1)
        this.journal.push(`fail ${path}`)
        return ['error', 'not now']
      }
      if (this.ignoring.has(path)) return 'ignore'
      this.journal.push(`start ${path}`)
      return ProcLib.startLink(worker, [this, path, simple])
    },
    startSupervisor: (path: string, plan: SupervisorPlan) => Supervisor.startLink(this.module, [path, plan]),
    init: ([path, plan]: [string, SupervisorPlan]): Supervisor.InitResult => {
      const { strategy, intensity, auto, children } = plan
      const simple = strategy === 'simple_one_for_one'
      const flags = { strategy, intensity, period: 1_000_000, auto_shutdown: auto }
      return ['ok', flags, children.map((child) => this.spec(path, child, simple))]
    },
  }

  spec(parent: string, { id, restart, significant, supervisor }: Plan, simple: boolean): Supervisor.ChildSpec {
    const path = `${parent}/${id}`
    return supervisor === undefined
      ? { id, restart, significant, start: [this.module, 'startWorker', [path, simple]] }
      : { id, restart, significant, start: [this.module, 'startSupervisor', [path, supervisor]], type: 'supervisor' }
  }
}

/** Lives until it is told to die or its supervisor ends it. */
async function worker(world: World, path: string, simple: boolean): Promise<void> {
  trapExit(true)
  ProcLib.initAck(['ok', self()])
  for (;;) {
    const message = await receive()
    if (!Array.isArray(message)) continue
    if (message[0] === 'die') exit(message[1])
    // Children of simple_one_for_one are stopped in no order.
    if (message[0] === 'EXIT' && message[2] === 'shutdown' && !simple) world.journal.push(`stop ${path}`)
    exit(message[2])
  }
}

// ---- both

class Run {
  readonly world = new World()
  readonly #tree: Tree
  readonly #random: Random
  #root: Pid | undefined
  readonly #pids = new Map<number, Pid>()

  constructor(seed: number) {
    this.#random = makeRandom(seed)
    const strategy = this.#random.pick(STRATEGIES.slice(0, 3))
    const supervisor = randomSupervisor(this.#random, 2, strategy)
    this.#tree = new Tree({ id: 'root', restart: 'permanent', significant: false, supervisor })
  }

  async step(): Promise<void> {
    const { root } = this.#tree
    if (!root.running) {
      await this.#startRoot()
      return
    }
    const all = [...running(root)]
    const supervisors = all.filter(({ plan }) => plan.supervisor !== undefined)
    const workers = all.filter(({ plan }) => plan.supervisor === undefined)
    const node = this.#random.pick(supervisors)
    const id = this.#random.pick(IDS)
    const what = this.#random.int(10)
    if (what < 4 && workers.length > 0) await this.#die(this.#random.pick(workers))
    else if (what === 4) this.#rule(this.#random.pick(all))
    else if (what === 5) await this.#kill(node)
    else if (isSimple(node)) await this.#simple(node)
    else if (what === 6) await this.#terminate(node, id)
    else if (what === 7) await this.#restart(node, id)
    else if (what === 8) await this.#delete(node, id)
    else await this.#start(node, id)
  }

  async #startRoot(): Promise<void> {
    const { plan } = this.#tree.root
    if (plan.supervisor === undefined) return
    const result = await Supervisor.startLink(this.world.module, ['root', plan.supervisor])
    const expected = this.#tree.start(this.#tree.root)
    assert.is(result[0], expected === 'started' ? 'ok' : 'error')
    this.#root = Array.isArray(result) && result[1] instanceof Pid ? result[1] : undefined
    if (this.#root !== undefined) this.#pids.set(this.#tree.root.incarnation, this.#root)
    else this.#rule(undefined)
  }

  #pid(node: Node): Pid {
    const pid = this.#pids.get(node.incarnation)
    if (pid === undefined) throw new Error(`${node.path} was never seen`)
    return pid
  }

  async #die(node: Node): Promise<void> {
    const reason = this.#random.pick(REASONS)
    await ended(this.#pid(node), (pid) => send(pid, ['die', reason]))
    this.#tree.died(node, reason)
  }

  /** Only supervisors with nothing but workers below: what else would happen is in no order. */
  async #kill(node: Node): Promise<void> {
    if (node.children.some(({ plan }) => plan.supervisor !== undefined)) return
    await ended(this.#pid(node), (pid) => exitPid(pid, 'kill'))
    this.#tree.killed(node)
  }

  /** From now on some starts fail, or are ignored. */
  #rule(node: Node | undefined): void {
    const { failing, ignoring } = this.world
    if (node === undefined || this.#random.int(4) === 0) {
      for (const rules of [this.#tree, this.world]) {
        rules.failing.clear()
        rules.ignoring.clear()
      }
    } else if (this.#random.int(3) > 0) {
      const times = 1 + this.#random.int(3)
      failing.set(node.path, times)
      this.#tree.failing.set(node.path, times)
    } else {
      ignoring.add(node.path)
      this.#tree.ignoring.add(node.path)
    }
  }

  async #start(node: Node, id: string): Promise<void> {
    const auto = node.plan.supervisor?.auto ?? 'never'
    const plan = randomPlan(this.#random, id, auto, 1)
    const result = await Supervisor.startChild(this.#pid(node), this.world.spec(node.path, plan, false))
    assert.is(word(result), this.#tree.startChild(node, plan))
  }

  async #simple(node: Node): Promise<void> {
    const [plan] = node.plan.supervisor?.children ?? []
    const child = node.children.filter((one) => one.running)
    if (plan === undefined) return
    if (child.length === 0 || this.#random.int(3) > 0) {
      assert.is(word(await Supervisor.startChild(this.#pid(node), [])), this.#tree.startChild(node, plan))
      return
    }
    const victim = this.#random.pick(child)
    assert.is(await Supervisor.terminateChild(this.#pid(node), this.#pid(victim)), 'ok')
    this.#tree.stop(victim)
    node.children.splice(node.children.indexOf(victim), 1)
  }

  async #terminate(node: Node, id: string): Promise<void> {
    assert.is(word(await Supervisor.terminateChild(this.#pid(node), id)), this.#tree.terminateChild(node, id))
  }

  async #restart(node: Node, id: string): Promise<void> {
    assert.is(word(await Supervisor.restartChild(this.#pid(node), id)), this.#tree.restartChild(node, id))
  }

  async #delete(node: Node, id: string): Promise<void> {
    assert.is(word(await Supervisor.deleteChild(this.#pid(node), id)), this.#tree.deleteChild(node, id))
  }

  // ---- comparison

  async compare(): Promise<void> {
    const { root } = this.#tree
    await this.#rest()
    assert.equal(this.world.journal.splice(0), this.#tree.journal.splice(0))
    assert.is(this.#root !== undefined && isAlive(this.#root), root.running, 'the root runs')
    if (root.running && this.#root !== undefined) await this.#compareBelow(root, this.#root)
    const known = [...running(root)].map(({ incarnation }) => incarnation)
    for (const incarnation of this.#pids.keys()) if (!known.includes(incarnation)) this.#pids.delete(incarnation)
  }

  /** Waits until no supervisor is about to try again. */
  async #rest(): Promise<void> {
    for (let quiet = false; !quiet; ) {
      await settle()
      quiet = this.#root === undefined || !(await anyRestarting(this.#root))
    }
    await settle()
  }

  async #compareBelow(node: Node, pid: Pid): Promise<void> {
    const infos = [...(await Supervisor.whichChildren(pid))].reverse()
    const shown = infos.map(([id, child]) => `${isSimple(node) ? 's' : id} ${child instanceof Pid}`)
    assert.equal(
      shown,
      node.children.map(({ plan, running }) => `${plan.id} ${running}`),
      `children of ${node.path}`,
    )
    const active = node.children.filter((child) => child.running).length
    assert.equal((await Supervisor.countChildren(pid))[1], ['active', active])
    for (const [i, child] of node.children.entries()) {
      const seen = infos[i]?.[1]
      if (!(seen instanceof Pid)) continue
      assert.ok(isAlive(seen), `${child.path} is alive`)
      const before = this.#pids.get(child.incarnation)
      if (before === undefined) {
        assert.not([...this.#pids.values()].includes(seen), `${child.path} is a new process`)
        this.#pids.set(child.incarnation, seen)
      } else assert.is(seen, before, `${child.path} is the same process as before`)
      if (child.plan.supervisor !== undefined) await this.#compareBelow(child, seen)
    }
  }

  async finish(): Promise<void> {
    if (this.#root !== undefined && isAlive(this.#root)) await ended(this.#root, (pid) => exitPid(pid, 'shutdown'))
    this.#tree.stop(this.#tree.root)
    assert.equal(this.world.journal, this.#tree.journal)
  }
}

function* running(node: Node): Generator<Node> {
  if (!node.running) return
  yield node
  for (const child of node.children) yield* running(child)
}

async function ended(pid: Pid, how: (pid: Pid) => void): Promise<void> {
  monitor(pid)
  how(pid)
  await nextOf('DOWN')
}

/** The supervisor may end while it is asked. */
async function anyRestarting(pid: Pid): Promise<boolean> {
  const children = await Supervisor.whichChildren(pid).catch(() => [])
  for (const [, child, type] of children) {
    if (child === 'restarting') return true
    if (type === 'supervisor' && child instanceof Pid && (!isAlive(child) || (await anyRestarting(child)))) return true
  }
  return false
}

/** The answer of a supervisor in one word. */
function word(answer: unknown): string {
  if (!Array.isArray(answer)) return String(answer)
  if (answer[0] === 'ok') return answer[1] === undefined ? 'ok undefined' : 'ok'
  if (Array.isArray(answer[1])) return answer[1][0] === 'already_started' ? 'already_started' : 'failed'
  return answer[1] === 'not now' ? 'failed' : String(answer[1])
}

for (const seed of SEEDS) {
  test(
    `${STEPS} random operations on a supervision tree agree with the model; seed ${seed}`,
    trapping(async () => {
      const before = processes()
      const run = new Run(seed)
      for (let i = 0; i < STEPS; i++) {
        try {
          await run.step()
          await run.compare()
        } catch (thrown) {
          const what =
            thrown instanceof Error ? `${thrown.message} ${'details' in thrown ? thrown.details : ''}` : thrown
          throw new Error(`step ${i} of seed ${seed}: ${what}`, { cause: thrown })
        }
      }
      await run.finish()
      await settle()
      assert.equal(processes(), before)
      // Exit messages of roots and failed starts, nothing else.
      for (let message = await receive(() => true, 0); message !== timeout; message = await receive(() => true, 0)) {
        assert.is(Array.isArray(message) && message[0], 'EXIT')
      }
    }),
  )
}

test.run()
