/**
 * An upgrade of very many gen_servers in one node, and back: their code is replaced and every state converted, while
 * one of them is called all the time. Needs `npm run build` first.
 */
import { LiveProject, prepareCounters, type Summary } from '../live_project.js'
import type { Figure } from './measure.js'

const CHANGES = [
  ['upgrade', '2.0.0'],
  ['downgrade', '1.0.0'],
] as const

/** Upgrades and downgrades `n` servers; the processor time is the node's. */
export async function install(n: number): Promise<Figure[]> {
  const project = new LiveProject()
  try {
    prepareCounters(project)
    project.onNode('start')
    try {
      const figures: Figure[] = []
      const node = (code: string): number => Number(project.onNode('eval', code))
      const cpuMs = (): number => node('Object.values(process.cpuUsage()).reduce((sum, us) => sum + us) / 1000')
      const heapMb = (): number => node('gc(), gc(), process.memoryUsage().heapUsed') / 1e6
      project.rpc('ctr/ctr_sup:fill', n)
      const before = heapMb()
      for (const [way, vsn] of CHANGES) {
        project.rpc('ctr/client:begin')
        const startMs = cpuMs()
        const summary = project.onNode(way, vsn) as Summary // the command's documented answer
        const spentMs = cpuMs() - startMs
        const [callMs, heldMs] = project.rpc('ctr/client:end') as [number, number] // as the client of the counters says
        if (summary.migrated !== n) throw new Error(`${summary.migrated} of ${n} migrated`)
        const note = `longest pause ${summary.longest_pause_ms.toFixed(1)} ms, longest call ${callMs.toFixed(1)} ms, loop held ${heldMs.toFixed(0)} ms of CPU, heap ${before.toFixed(0)} to ${heapMb().toFixed(0)} MB`
        figures.push({ what: way, n, cpuMs: spentMs, wallMs: summary.duration_ms, note })
      }
      const peakMb = node('process.resourceUsage().maxRSS') / 1024
      return figures.map((figure) => ({ ...figure, note: `${figure.note}, most memory ${peakMb.toFixed(0)} MB` }))
    } finally {
      project.onNode('stop')
    }
  } finally {
    project.remove()
  }
}
