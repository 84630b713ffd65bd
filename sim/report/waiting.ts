import type { Micros } from '../kernel/time.ts'
import { formatSeconds } from '../kernel/time.ts'
import type { Trace, TraceRecord } from '../kernel/trace.ts'

type Data = Readonly<Record<string, unknown>>

/** Ends of a process's life. */
const ENDS: ReadonlySet<string> = new Set(['crash', 'stop'])
/** What is told of each kind of waiting at most. */
const MOST = 3

/** What an order is waiting for. */
export interface Wait {
  /** In one sentence. */
  readonly text: string
  /** The service that has not taken an event; undefined where a process waits at a step. */
  readonly service: string | undefined
  readonly sinceMicros: Micros
}

/**
 * What an order is waiting for at a moment: which process waits at which step, and which service has not taken an event of
 * the order that others of its topic have been taken by it.
 */
export function waitsOf(trace: Trace, subject: string, atMicros: Micros): Wait[] {
  const open = new Map<string, TraceRecord[]>()
  const sent = new Map<string, { readonly type: string; readonly atMicros: Micros }>()
  const takers = new Map<string, Set<string>>()
  const taken = new Set<string>()
  for (const record of trace.records()) {
    const { kind, lane, entity } = record
    const data = record.data as Data
    if (kind === 'deliver') addTo(takers, typeOf(data.event), serviceOf(lane))
    if (record.atMicros > atMicros) continue
    if (ENDS.has(kind)) open.delete(lane)
    if (entity !== subject) continue
    if (kind === 'before' && !isAwaited(data)) continue
    if (kind === 'before') open.set(lane, [...(open.get(lane) ?? []), record])
    else if (kind === 'after') arrived(open.get(lane), data)
    else if (kind === 'append') {
      sent.set(`${lane} ${data.offset}`, { type: typeOf(data.value), atMicros: record.atMicros })
    } else if (kind === 'deliver') taken.add(`${serviceOf(lane)} ${data.partition} ${data.offset}`)
  }
  const steps = [...open.values()].flat().map(({ lane, data, atMicros: sinceMicros }) => ({
    text: `${lane} still waits at ${(data as Data).step}, since ${formatSeconds(sinceMicros)}`,
    service: undefined,
    sinceMicros,
  }))
  const events = [...sent].flatMap(([place, { type, atMicros: sinceMicros }]) =>
    [...(takers.get(type) ?? [])]
      .filter((service) => !taken.has(`${service} ${place}`))
      .map((service) => ({
        text: `${service} has still not taken ${type}, which was sent at ${formatSeconds(sinceMicros)}`,
        service,
        sinceMicros,
      })),
  )
  return [...steps.slice(0, MOST), ...events.slice(0, MOST)]
}

/** Nobody waits for a commit to be durable but for the commit, which is another step. */
function isAwaited({ step }: Data): boolean {
  return !String(step).endsWith(' tx.durable')
}

/** Takes away the step that has come to its end. */
function arrived(open: TraceRecord[] | undefined, { step }: Data): void {
  const index = open?.findIndex(({ data }) => (data as Data).step === step) ?? -1
  if (index >= 0) open?.splice(index, 1)
}

function addTo(sets: Map<string, Set<string>>, name: string, member: string): void {
  const known = sets.get(name)
  if (known === undefined) sets.set(name, new Set([member]))
  else known.add(member)
}

/** The type of an event. */
function typeOf(event: unknown): string {
  return String((event as Data).eventType)
}

/**
 * What befell the instances of services that an order waits for, while it has waited, and the faults that did it.
 * @param waits as they were at that moment
 */
export function befell(trace: Trace, waits: readonly Wait[], untilMicros: Micros): Set<number> {
  const found = new Set<number>()
  for (const { id, kind, lane, atMicros, parents } of trace.records()) {
    if (atMicros > untilMicros || !(ENDS.has(kind) || kind === 'pause')) continue
    if (!waits.some(({ service, sinceMicros }) => service === serviceOf(lane) && atMicros >= sinceMicros))
      continue
    for (const each of [id, ...parents]) found.add(each)
  }
  return found
}

/** `payment` of `payment-2`. */
function serviceOf(process: string): string {
  return process.replace(/-\d+$/, '')
}
