/** Reports of the runtime, kept instead of printed: what crashed, what a supervisor did about it. */
import { format } from '../erts/process.js'
import { type Report, type Reporter, type ReportLevel, type ReportMeta, setReporter } from '../erts/report.js'
import { until } from './idle.js'

/** One report as it was made. */
export interface KeptReport {
  /** `error` for failures, `info` for progress. */
  readonly level: ReportLevel
  /** Who and what, as one text: `supervisor progress`, `proc_lib crash`, `gen_server terminate`. */
  readonly label: string
  /** The facts: pairs or an object, as the reporter made them. */
  readonly report: unknown
  /** Who reports, and of which part of the system. */
  readonly meta: ReportMeta
}

/** The reports since it was made, oldest first. */
export class Reports {
  readonly #all: KeptReport[] = []
  readonly #before: Reporter

  /** Takes the place of whoever took reports until now. */
  constructor() {
    this.#before = setReporter((level, report, meta) => this.#keep(level, report, meta))
  }

  #keep(level: ReportLevel, { label, report }: Report, meta: ReportMeta): void {
    this.#all.push({ level, label: label.join(' '), report, meta })
  }

  /** All, or those of a label. */
  all(label?: string): readonly KeptReport[] {
    return label === undefined ? [...this.#all] : this.#all.filter((one) => one.label === label)
  }

  /** Their labels, in order. */
  labels(): string[] {
    return this.#all.map(({ label }) => label)
  }

  /** Takes out the oldest report of a label, waiting for it if need be. Fails when none comes within 3 s. */
  async next(label: string): Promise<KeptReport> {
    const what = () => `report "${label}"; there are ${format(this.labels())}`
    const found = await until(() => this.#all.find((one) => one.label === label), what)
    this.#all.splice(this.#all.indexOf(found), 1)
    return found
  }

  /** Forgets those there are. */
  clear(): void {
    this.#all.length = 0
  }

  /** Puts back who took reports before. */
  stop(): void {
    setReporter(this.#before)
  }
}

/** A fact of a report, whether its facts are pairs or an object. */
export function factOf({ report }: Pick<KeptReport, 'report'>, name: string): unknown {
  if (Array.isArray(report)) {
    const pair: unknown = report.find((one: unknown) => Array.isArray(one) && one[0] === name)
    return Array.isArray(pair) ? pair[1] : undefined
  }
  return typeof report === 'object' && report !== null ? Reflect.get(report, name) : undefined
}
