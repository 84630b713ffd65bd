/** An edge of a graph whose nodes are numbered from 0. */
export interface Edge {
  readonly from: number
  readonly to: number
}

/**
 * The strongly connected component of each node, by Tarjan's algorithm, without recursion: linear in nodes and edges.
 * Nodes of one component have one number.
 * @param edges by the node that they leave
 */
export function stronglyConnected(edges: readonly (readonly Edge[])[]): number[] {
  const component = edges.map(() => -1)
  const order = edges.map(() => -1)
  const low = edges.map(() => -1)
  const taken = edges.map(() => 0)
  const open: number[] = []
  let visited = 0
  let components = 0
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== -1) continue
    const path = [root]
    while (path.length > 0) {
      const node = path[path.length - 1] as number
      if (order[node] === -1) {
        order[node] = low[node] = visited++
        open.push(node)
      }
      const edge = edges[node]?.[taken[node] as number]
      if (edge !== undefined) {
        taken[node] = (taken[node] as number) + 1
        if (order[edge.to] === -1) path.push(edge.to)
        else if (component[edge.to] === -1)
          low[node] = Math.min(low[node] as number, order[edge.to] as number)
        continue
      }
      path.pop()
      const parent = path[path.length - 1]
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number)
      if (low[node] !== order[node]) continue
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        component[member] = components
        if (member === node) break
      }
      components++
    }
  }
  return component
}

/**
 * A shortest way from one node to another inside a component, as its edges; undefined if there is none.
 * @param component what `stronglyConnected` said of these edges
 */
export function shortestPath<Step extends Edge>(
  edges: readonly (readonly Step[])[],
  component: readonly number[],
  from: number,
  to: number,
): Step[] | undefined {
  const reachedBy = new Map<number, Step>()
  const frontier = [from]
  for (const node of frontier) {
    if (node === to) break
    for (const edge of edges[node] ?? []) {
      if (component[edge.to] !== component[from] || edge.to === from || reachedBy.has(edge.to)) continue
      reachedBy.set(edge.to, edge)
      frontier.push(edge.to)
    }
  }
  const path: Step[] = []
  for (let node = to; node !== from; ) {
    const edge = reachedBy.get(node)
    if (edge === undefined) return undefined
    path.push(edge)
    node = edge.from
  }
  return path.reverse()
}
