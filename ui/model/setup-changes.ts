import type { Scenario } from '../../sim/index.ts'
import { counted } from './format.ts'
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
    ...loadChanges(a, b, after.summary?.noun ?? 'order'),
    ...partChanges(a.cluster, b.cluster),
    ...partChanges(a.budget, b.budget),
  ]
}

function loadChanges({ workload: a }: Scenario, { workload: b }: Scenario, noun: string): string[] {
  const [before, now] = [ordersOf(a), ordersOf(b)]
  const isSameCount = before === now && a.orders === b.orders
  const others = before === now && JSON.stringify(a.only) !== JSON.stringify(b.only)
  return [
    ...(isSameCount ? [] : [`${before} → ${counted(now, noun)}`]),
    ...(others ? [`other ${noun}s`] : []),
    ...(a.every === b.every ? [] : [`every ${b.every}`]),
  ]
}

/** How many orders are taken. */
export function ordersOf({ orders, only }: Scenario['workload']): number {
  return only?.length ?? orders
}

/** The members of a part of a scenario that are others; of those within one of them, those. */
function partChanges(before: object, now: object): string[] {
  const a = before as Readonly<Record<string, unknown>>
  const b = now as Readonly<Record<string, unknown>>
  const names = Object.keys({ ...a, ...b }).filter(
    (name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]),
  )
  return names.flatMap((name) => {
    const [was, is] = [a[name], b[name]]
    if (isMembers(was) && isMembers(is)) return partChanges(was, is)
    return [is === undefined ? `${name} as usual` : `${name}: ${String(is)}`]
  })
}

function isMembers(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
