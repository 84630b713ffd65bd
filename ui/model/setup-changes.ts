import type { RunView } from './run-view.ts'

/** What was changed between two runs, in words. */
export function changesBetween(before: RunView, after: RunView): string[] {
  const [a, b] = [before.scenario, after.scenario]
  if (a === undefined || b === undefined) return []
  const names = [...new Set([...Object.keys(a.params), ...Object.keys(b.params)])]
  const params = names
    .filter((name) => a.params[name] !== b.params[name])
    .map((name) => (b.params[name] === undefined ? `${name} is right` : `${name}: ${String(b.params[name])}`))
  const faults =
    JSON.stringify(a.faults) === JSON.stringify(b.faults)
      ? []
      : a.faults.length === b.faults.length
        ? ['a fault was changed']
        : [`${a.faults.length} → ${b.faults.length} faults`]
  const [seedA, seedB] = [before.summary?.seed, after.summary?.seed]
  return [
    ...params,
    ...faults,
    ...(seedA === seedB ? [] : [`seed ${seedA} → ${seedB}`]),
    ...(a.workload.orders === b.workload.orders
      ? []
      : [`${a.workload.orders} → ${b.workload.orders} orders`]),
  ]
}
