import type { PartitionName } from '../transaction/topic-partition.ts'
import type { ClientAnomaly, ClientAnomalyType } from './history-anomaly.ts'
import { type Edge, shortestPath, stronglyConnected } from './history-graph.ts'
import type { HistoryIndex, KnownLog } from './history-index.ts'
import { NO_TRANSACTION, type Value } from './history-operation.ts'

/** One transaction comes before another: it wrote before it (`ww`), or what the other read (`wr`). */
interface Dependency extends Edge {
  readonly kind: 'ww' | 'wr'
  readonly partition: PartitionName
  /** Of `ww` the value of the later one, of `wr` the one that was read. */
  readonly value: Value
}

/**
 * Transactions that depend on each other in a circle, one for each strongly connected component, in linear time: `G0`
 * by the order of their writes alone, `G1c` by what they read alone, `G1c-ww` by both. Shown by the transactions in
 * the order of the circle; `values` says of each step what was written or read. A read-write edge is not drawn: a
 * consumer may always be behind. The circles of processes and of real time that Elle also knows are out of scope.
 *
 * Source: ww-graph, wr-graph and cycles! of jepsen.tests.kafka.
 */
export function checkCycles(index: HistoryIndex): ClientAnomaly[] {
  const graph = new DependencyGraph(index)
  const anomalies: ClientAnomaly[] = []
  graph.report('G0', graph.only('ww'), anomalies)
  const reads = graph.only('wr')
  graph.report('G1c', reads, anomalies)
  const together = stronglyConnected(reads)
  graph.report('G1c-ww', graph.edges, anomalies, ({ kind, from, to }) => {
    return kind === 'wr' && together[from] !== together[to]
  })
  return anomalies
}

class DependencyGraph {
  readonly edges: Dependency[][] = []
  private readonly ids: number[] = []
  private readonly nodes = new Map<number, number>()
  private readonly index: HistoryIndex

  constructor(index: HistoryIndex) {
    this.index = index
    for (const log of index.logs.values()) this.addWrites(log)
    for (const poll of index.operations)
      if (poll.kind === 'poll' && index.isCommittedTransaction(poll.transaction))
        for (const { partition, value } of poll.records) {
          const writer = this.writerOf(index.log(partition), value)
          if (writer !== undefined) this.add('wr', writer, poll.transaction, partition, value)
        }
  }

  only(kind: Dependency['kind']): Dependency[][] {
    return this.edges.map((edges) => edges.filter((edge) => edge.kind === kind))
  }

  /** @param closes edges through which a circle has to go to be reported */
  report(
    type: ClientAnomalyType,
    edges: readonly (readonly Dependency[])[],
    anomalies: ClientAnomaly[],
    closes: (edge: Dependency) => boolean = () => true,
  ): void {
    const component = stronglyConnected(edges)
    const reported = new Set<number>()
    for (const edge of edges.flat()) {
      const here = component[edge.from] as number
      if (here !== component[edge.to] || reported.has(here) || !closes(edge)) continue
      const way = shortestPath(edges, component, edge.to, edge.from)
      if (way === undefined) continue
      reported.add(here)
      const steps = [edge, ...way]
      anomalies.push({
        type,
        operations: steps.map(({ from }) => this.ids[from] as number),
        values: steps.map(({ value }) => value),
        offsets: [],
      })
    }
  }

  private addWrites(log: KnownLog): void {
    let last: number | undefined
    for (const offset of log.offsets)
      for (const value of log.valuesAt.get(offset) ?? []) {
        const writer = this.writerOf(log, value)
        if (writer === undefined) continue
        if (last !== undefined) this.add('ww', last, writer, log.partition, value)
        last = writer
      }
  }

  private writerOf(log: KnownLog, value: Value): number | undefined {
    const writer = log.writers.get(value)?.at(-1)
    if (writer === undefined || writer.transaction === NO_TRANSACTION) return undefined
    return this.index.isCommitted(writer) ? writer.transaction : undefined
  }

  private add(
    kind: Dependency['kind'],
    from: number,
    to: number,
    partition: PartitionName,
    value: Value,
  ): void {
    if (from === to) return
    const edge = { kind, from: this.node(from), to: this.node(to), partition, value }
    this.edges[edge.from]?.push(edge)
  }

  private node(id: number): number {
    let node = this.nodes.get(id)
    if (node === undefined) {
      node = this.ids.push(id) - 1
      this.edges.push([])
      this.nodes.set(id, node)
    }
    return node
  }
}
