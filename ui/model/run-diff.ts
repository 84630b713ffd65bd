import { serviceOf } from './lanes.ts'
import type { Recording } from './recording.ts'

/** How two runs of similar inputs differ: events are paired by who did what for whom, not by when. */
export interface RunDiff {
  /** The event of run B that an event of run A is, by id; 0: there is none. */
  readonly inB: Uint32Array
  /** The event of run A that an event of run B is, by id; 0: there is none. */
  readonly inA: Uint32Array
  /** Events of A that B lacks. */
  readonly onlyA: number
  /** Events of B that A lacks. */
  readonly onlyB: number
  /** Where the two part: the first event of each that the other lacks, or has at another time; 0: they do not. */
  readonly first: Divergence
  /** The same for events that change a row or have an effect outside. */
  readonly consequential: Divergence
}

/** Where two runs part: an event of each; 0: that run just lacks what the other has there. */
export interface Divergence {
  readonly a: number
  readonly b: number
}

/** Which of two runs. */
export type RunName = 'A' | 'B'

/** What the other run has for each event of a run, by id. */
export function pairsOf({ inA, inB }: RunDiff, name: RunName): Uint32Array {
  return name === 'A' ? inB : inA
}

/** A place where two runs part, as one of them sees it. @returns its own event and the other's */
export function seenFrom({ a, b }: Divergence, name: RunName): readonly [own: number, other: number] {
  return name === 'A' ? [a, b] : [b, a]
}

const CONSEQUENTIAL: ReadonlySet<string> = new Set(['commit', 'ledger', 'declined'])
const NOWHERE: Divergence = { a: 0, b: 0 }

/** Compares two runs. */
export function diffOf(a: Recording, b: Recording): RunDiff {
  const inB = new Uint32Array(a.count + 1)
  const inA = new Uint32Array(b.count + 1)
  const known = new Map<string, number>()
  for (const [id, name] of identities(a)) known.set(name, id)
  for (const [id, name] of identities(b)) {
    const other = known.get(name)
    if (other === undefined) continue
    inA[id] = other
    inB[other] = id
  }
  return {
    inB,
    inA,
    onlyA: unpaired(inB),
    onlyB: unpaired(inA),
    first: parting(a, b, inB, inA, () => true),
    consequential: parting(a, b, inB, inA, (run, id) => CONSEQUENTIAL.has(run.kind(id))),
  }
}

/** A name for each event that means the same in both runs: who, what, for whom, and the how manieth of these. */
function* identities(recording: Recording): IterableIterator<readonly [number, string]> {
  const times = new Map<string, number>()
  for (let id = 1; id <= recording.count; id++) {
    const name = `${serviceOf(recording.lane(id))}|${recording.kind(id)}|${recording.entity(id)}|${detail(recording, id)}`
    const nth = (times.get(name) ?? 0) + 1
    times.set(name, nth)
    yield [id, `${name}|${nth}`]
  }
}

function detail(recording: Recording, id: number): string {
  const kind = recording.kind(id)
  const data = recording.data(id)
  if (typeof data !== 'object' || data === null) return ''
  if (Array.isArray(data)) return (data as { table?: unknown }[]).map(({ table }) => String(table)).join()
  const { step, route, table, job, event, value, fault } = data as Readonly<Record<string, unknown>>
  if (kind === 'deliver' || kind === 'append' || kind === 'publish') {
    const { eventId = '' } = (event ?? value ?? {}) as { readonly eventId?: string }
    return eventId
  }
  return String(step ?? route ?? table ?? job ?? fault ?? '')
}

function unpaired(pairs: Uint32Array): number {
  let count = 0
  for (let id = 1; id < pairs.length; id++) if (pairs[id] === 0) count++
  return count
}

/** The first events that count in which two runs differ: one is missing, came at another time, or says something else. */
function parting(
  a: Recording,
  b: Recording,
  inB: Uint32Array,
  inA: Uint32Array,
  counts: (run: Recording, id: number) => boolean,
): Divergence {
  const differs = (id: number, other: number, own: Recording, others: Recording): boolean =>
    other === 0 || own.at(id) !== others.at(other) || own.dataText(id) !== others.dataText(other)
  const firstIn = (own: Recording, others: Recording, pairs: Uint32Array): number => {
    for (let id = 1; id <= own.count; id++)
      if (counts(own, id) && differs(id, pairs[id] as number, own, others)) return id
    return 0
  }
  const [left, right] = [firstIn(a, b, inB), firstIn(b, a, inA)]
  if (left === 0 && right === 0) return NOWHERE
  const leftFirst = right === 0 || (left !== 0 && a.at(left) <= b.at(right))
  return leftFirst ? { a: left, b: inB[left] as number } : { a: inA[right] as number, b: right }
}
