import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shortestPath, stronglyConnected } from '../../../../sim/kafka/oracle/history-graph.ts'

const NODES = 7
const node = fc.nat(NODES - 1)

it('[KJ11] nodes are of one component exactly when each reaches the other, by the shortest path', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ from: node, to: node }), { maxLength: 16 }), (list) => {
      const edges = Array.from({ length: NODES }, (_, from) => list.filter((edge) => edge.from === from))
      const far = Array.from({ length: NODES }, (_, a) =>
        Array.from({ length: NODES }, (_, b) => (a === b ? 0 : Number.POSITIVE_INFINITY)),
      )
      const at = (a: number, b: number): number => far[a]?.[b] ?? Number.POSITIVE_INFINITY
      for (let round = 0; round < NODES; round++)
        for (const { from, to } of list)
          for (const row of far) row[to] = Math.min(row[to] ?? 0, (row[from] ?? 0) + 1)
      const component = stronglyConnected(edges)
      for (let a = 0; a < NODES; a++)
        for (let b = 0; b < NODES; b++) {
          const together = at(a, b) + at(b, a) < Number.POSITIVE_INFINITY
          expect(component[a] === component[b]).toBe(together)
          const path = shortestPath(edges, component, a, b)
          expect(path?.length).toBe(together ? at(a, b) : undefined)
        }
    }),
    { numRuns: 300, seed: 1 },
  )
})
