/**
 * The rules of supervision trees as a model: who runs after what happened, what was started and stopped in which order.
 * Runtime reference 5.3 to 5.5; nothing here waits, and every start and stop is written down.
 */
export type Restart = 'permanent' | 'transient' | 'temporary'
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one'
export type Auto = 'never' | 'any_significant' | 'all_significant'

/** What a child is to be, for ever. */
export interface Plan {
  readonly id: string
  readonly restart: Restart
  readonly significant: boolean
  /** A supervisor; a worker without it. */
  readonly supervisor?: SupervisorPlan
}

export interface SupervisorPlan {
  readonly strategy: Strategy
  readonly intensity: number
  readonly auto: Auto
  /** Children in start order; of simple_one_for_one the template. */
  readonly children: readonly Plan[]
}

/** A child as it is now. */
export interface Node {
  readonly plan: Plan
  /** Ids from the root, which names it in the journal. */
  readonly path: string
  readonly parent: Node | undefined
  running: boolean
  /** Another number after each start. */
  incarnation: number
  children: Node[]
  restarts: number
}

type Started = 'started' | 'ignored' | 'failed'

let incarnations = 0

/** A tree below a root supervisor that nobody supervises. */
export class Tree {
  readonly journal: string[] = []
  /** How many of the next starts of a path fail, and which paths' start functions answer `ignore`. */
  readonly failing = new Map<string, number>()
  readonly ignoring = new Set<string>()
  readonly root: Node

  constructor(plan: Plan) {
    this.root = this.make(plan, undefined)
  }

  make(plan: Plan, parent: Node | undefined): Node {
    const path = parent === undefined ? plan.id : `${parent.path}/${plan.id}`
    return { plan, path, parent, running: false, incarnation: 0, children: [], restarts: 0 }
  }

  start(node: Node): Started {
    const { supervisor } = node.plan
    if (supervisor === undefined) {
      const left = this.failing.get(node.path) ?? 0
      if (left > 0) {
        this.failing.set(node.path, left - 1)
        this.journal.push(`fail ${node.path}`)
        return 'failed'
      }
      if (this.ignoring.has(node.path)) return 'ignored'
      this.journal.push(`start ${node.path}`)
    } else {
      node.restarts = 0
      node.children =
        supervisor.strategy === 'simple_one_for_one' ? [] : supervisor.children.map((c) => this.make(c, node))
      for (const child of [...node.children]) {
        const started = this.start(child)
        if (started === 'failed') {
          this.#stopAll(node)
          return 'failed'
        }
        if (started === 'ignored' && child.plan.restart === 'temporary') remove(child)
      }
    }
    node.running = true
    node.incarnation = ++incarnations
    return 'started'
  }

  #stopAll(node: Node): void {
    for (const child of [...node.children].reverse()) this.stop(child)
  }

  /** Ended by its supervisor. */
  stop(node: Node): void {
    if (!node.running) return
    this.#stopAll(node)
    node.running = false
    if (node.plan.supervisor === undefined && !isSimple(node.parent)) this.journal.push(`stop ${node.path}`)
  }

  /** A process has ended by itself. */
  died(node: Node, reason: string): void {
    node.running = false
    const { parent, plan } = node
    if (parent === undefined) return
    const normal = reason === 'normal' || reason === 'shutdown'
    if (plan.restart === 'permanent' || (plan.restart === 'transient' && !normal)) {
      this.#restart(parent, node)
      return
    }
    if (plan.restart === 'temporary' || isSimple(parent)) remove(node)
    if (!plan.significant) return
    const auto = parent.plan.supervisor?.auto
    if (auto === 'any_significant' || (auto === 'all_significant' && !parent.children.some(isSignificantAlive))) {
      this.#giveUp(parent)
    }
  }

  #restart(parent: Node, first: Node): void {
    const { supervisor } = parent.plan
    if (supervisor === undefined) return
    for (let child: Node | undefined = first; child !== undefined; ) {
      child.running = false
      if (++parent.restarts > supervisor.intensity) {
        this.#giveUp(parent)
        return
      }
      child = this.#apply(supervisor.strategy, parent, child)
    }
  }

  /** One try. @returns the child that did not start */
  #apply(strategy: Strategy, parent: Node, child: Node): Node | undefined {
    if (strategy === 'one_for_one') return this.start(child) === 'failed' ? child : undefined
    if (strategy === 'simple_one_for_one') {
      const started = this.start(child)
      if (started === 'failed') return child
      remove(child)
      if (started === 'started') parent.children.push(child)
      return undefined
    }
    const group =
      strategy === 'one_for_all' ? [...parent.children] : parent.children.slice(parent.children.indexOf(child))
    for (const one of [...group].reverse()) {
      this.stop(one)
      if (one.plan.restart === 'temporary') remove(one)
    }
    return group.filter(({ plan }) => plan.restart !== 'temporary').find((one) => this.start(one) === 'failed')
  }

  #giveUp(node: Node): void {
    this.#stopAll(node)
    this.died(node, 'shutdown')
  }

  /** Killed, with all below it: nobody has time to say anything. */
  killed(node: Node): void {
    this.died(node, 'killed')
  }

  // ---- requests

  startChild(node: Node, plan: Plan): string {
    const present = node.children.find((child) => child.plan.id === plan.id)
    if (present !== undefined && !isSimple(node)) return present.running ? 'already_started' : 'already_present'
    const child = this.make(plan, node)
    const started = this.start(child)
    if (started === 'failed') return 'failed'
    if (started === 'started' || (plan.restart !== 'temporary' && !isSimple(node))) node.children.push(child)
    return started === 'started' ? 'ok' : 'ok undefined'
  }

  terminateChild(node: Node, id: string): string {
    const child = node.children.find((one) => one.plan.id === id)
    if (child === undefined) return 'not_found'
    this.stop(child)
    if (child.plan.restart === 'temporary') remove(child)
    return 'ok'
  }

  restartChild(node: Node, id: string): string {
    const child = node.children.find((one) => one.plan.id === id)
    if (child === undefined) return 'not_found'
    if (child.running) return 'running'
    const started = this.start(child)
    return started === 'failed' ? 'failed' : started === 'started' ? 'ok' : 'ok undefined'
  }

  deleteChild(node: Node, id: string): string {
    const child = node.children.find((one) => one.plan.id === id)
    if (child === undefined) return 'not_found'
    if (child.running) return 'running'
    remove(child)
    return 'ok'
  }
}

export const isSimple = (node: Node | undefined): boolean => node?.plan.supervisor?.strategy === 'simple_one_for_one'

const isSignificantAlive = ({ plan, running }: Node): boolean => plan.significant && running

function remove(node: Node): void {
  const siblings = node.parent?.children ?? []
  const at = siblings.indexOf(node)
  if (at >= 0) siblings.splice(at, 1)
}
