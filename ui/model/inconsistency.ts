import { type Counter, lineOf } from './counters.ts'
import { grouped, span } from './format.ts'
import type { Recording } from './recording.ts'
import type { Patch } from './row-patches.ts'

/** How long services did not agree on an order: some had written what others had still to write. */
export interface Window {
  readonly entity: string
  /** The first commit that wrote a row of it. */
  readonly first: number
  /** The last one; 0: in the end they do not agree. */
  readonly last: number
}

/** What tables of a service's own business with messages are called: rows there say nothing of an order. */
const BOOKKEEPING = /\.(?:outbox|inbox)$/

/** The windows of all orders that more than one commit wrote, in the order in which they open. */
export function windowsOf(recording: Recording, patches: readonly Patch[]): Window[] {
  const { entity: numbers, entities } = recording.columns
  const found = new Map<number, { first: number; last: number }>()
  const isOwn = new Map<string, boolean>()
  for (const { event, table } of patches) {
    const number = numbers[event] as number
    if (entities[number] === '') continue
    // A table is written in commits, or is a ledger: one look at each is enough.
    if (!isOwn.has(table)) isOwn.set(table, !BOOKKEEPING.test(table) && recording.kind(event) === 'commit')
    if (isOwn.get(table) === false) continue
    const window = found.get(number)
    if (window === undefined) found.set(number, { first: event, last: event })
    else window.last = event
  }
  const apart = disagreed(recording)
  return [...found]
    .map(([number, { first, last }]) => ({ entity: entities[number] as string, first, last }))
    .map((window) => (apart.has(window.entity) ? { ...window, last: 0 } : window))
    .filter(({ first, last }) => first !== last)
}

/** The orders of which it is known that they never came to what they were promised to come to. */
function disagreed({ facts }: Recording): ReadonlySet<string | undefined> {
  const broken = (facts.summary?.properties ?? []).filter(
    ({ kind, verdict }) => kind === 'eventually' && verdict === 'violated',
  )
  return new Set(broken.map(({ key }) => key))
}

/** Of how many orders services do not agree, over time, and for how long they did not at most. */
export function inconsistencyOf(recording: Recording, patches: readonly Patch[]): Counter[] {
  const windows = windowsOf(recording, patches)
  if (windows.length === 0) return []
  const noun = recording.facts.summary?.noun ?? 'order'
  const changes = windows.flatMap(({ first, last }) => [
    { event: first, by: 1 },
    ...(last === 0 ? [] : [{ event: last, by: -1 }]),
  ])
  changes.sort((left, right) => left.event - right.event)
  let value = 0
  const points = changes.map(({ event, by }) => {
    value += by
    return { atMicros: recording.at(event), value }
  })
  return [
    {
      name: 'inconsistency window',
      unit: `${noun}s not agreed on`,
      says: longest(recording, windows, noun),
      points: lineOf(recording, [{ atMicros: 0, value: 0 }, ...points]),
    },
  ]
}

function longest(recording: Recording, windows: readonly Window[], noun: string): string {
  const open = windows.filter(({ last }) => last === 0)
  if (open.length > 0) {
    const which = open.length === 1 ? open[0]?.entity : `${grouped(open.length)} ${noun}s`
    return `never closed for ${which}`
  }
  const lasted = ({ first, last }: Window): number => recording.at(last) - recording.at(first)
  const most = windows.reduce((best, each) => (lasted(each) > lasted(best) ? each : best))
  return `the longest ${span(lasted(most))}, ${most.entity}`
}
