import { avalanche, combine, hashText } from '../kernel/mix.ts'
import { EPOCH_MILLIS, type Micros } from '../kernel/time.ts'
import type { TraceRecord } from '../kernel/trace.ts'
import { hashNumber } from '../kernel/value.ts'

/** A fault that has struck, as far as what follows from it goes. */
export interface Strike {
  /** What it did, without where. */
  readonly description: string
  readonly healedAtMicros: Micros
}

/** Kinds of records with which a process takes something in or sets something going: of these its memory is made. */
const MEMORIES: ReadonlySet<string> = new Set([
  'act',
  'request',
  'deliver',
  'timer',
  'tick',
  'before',
  'after',
  'log',
  'failed',
])
/** What a statement does is nothing until its transaction commits, and its answer is with the client. */
const STATEMENTS: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'get', 'select', 'rejected'])
/** Ends of a process's life. */
const ENDS: ReadonlySet<string> = new Set(['crash', 'stop'])
/** Members of a step's record that count what the run has done, and are no part of what it has come to. */
const COUNTERS: ReadonlySet<string> = new Set(['effects'])
/** A moment of a run, by the clocks of services: between these milliseconds. No run lasts longer. */
const LAST_MILLIS = EPOCH_MILLIS + 1_000_000_000_000
const MOMENT = 0x3c6ef372
const MOST_DEPTH = 64

/** One process, server, partition, group or ledger. */
class Lane {
  low: number
  high: number
  /** Processes forget when they die; what is durable does not. */
  forgets = false
  /** Of steps that have begun and not ended, by step and order. */
  readonly open = new Map<string, number[]>()
  private readonly key: number

  constructor(name: string) {
    this.key = hashText(name, 0x510e527f)
    this.low = this.key
    this.high = 0
  }

  add(hash: number): void {
    this.low = combine(this.low, hash)
    this.high = combine(this.high, avalanche(hash ^ 0x1f83d9ab))
  }

  /** A new life, which knows nothing of the one before. */
  forget(): void {
    this.low = this.key
    this.high = 0
  }
}

/**
 * What a run has come to, as one number: what is durable (commits of databases, records of logs, offsets and members of
 * groups, ledgers of external systems), what each living process has taken in since its life began, which determines its
 * memory, and what is under way: steps that have begun, also those of the dead, and faults that have not healed. Of a fault
 * that has struck, it has what was durable when it did, too: what a fault takes away is no record.
 *
 * Two runs that are equal by it go on alike but for when: it knows the order of what happens in each process, server,
 * partition and ledger, and no times, neither the moments in data nor what passes between two records.
 */
export class StateDigest {
  private readonly lanes = new Map<string, Lane>()
  private low = 0
  private high = 0
  /** Of these what is durable alone. */
  private durable = 0
  private strikes = 0
  private readonly struck: { readonly hash: number; readonly healedAtMicros: Micros }[] = []
  private readonly faults: readonly Strike[]

  /** @param faults of the run, those that struck */
  constructor(faults: readonly Strike[]) {
    this.faults = faults
  }

  /** Goes on by one record of the run's trace. */
  add({ kind, lane: name, entity, data }: TraceRecord): void {
    if (kind === 'fault') {
      this.strike(name, entity, (data as { readonly fault: string }).fault)
      return
    }
    if (STATEMENTS.has(kind)) return
    const lane = this.lane(name)
    this.count(lane, -1)
    if (MEMORIES.has(kind)) lane.forgets = true
    if (lane.forgets && ENDS.has(kind)) this.end(lane)
    const hash = combine(hashText(`${kind} ${entity ?? ''}`, 0x6a09e667), hashOf(data, 0))
    if (kind === 'before') begin(lane, `${stepOf(data)} ${entity}`, hash)
    else if (kind === 'after') lane.open.get(`${stepOf(data)} ${entity}`)?.shift()
    lane.add(hash)
    this.count(lane, 1)
  }

  /** The number, for a moment from the last record on; below 2^53. */
  at(nowMicros: Micros): number {
    let { low, high } = this
    for (const { hash, healedAtMicros } of this.struck)
      if (nowMicros < healedAtMicros) {
        low = (low + avalanche(hash ^ 0x5be0cd19)) | 0
        high = (high + avalanche(hash ^ 0x1b873593)) | 0
      }
    low = combine(low, this.strikes)
    high = combine(high, avalanche(this.strikes ^ 0x27d4eb2f))
    return (high & 0x1fffff) * 4294967296 + (low >>> 0)
  }

  private lane(name: string): Lane {
    let lane = this.lanes.get(name)
    if (lane === undefined) {
      lane = new Lane(name)
      this.lanes.set(name, lane)
      this.count(lane, 1)
    }
    return lane
  }

  /** Counts a lane in or out: sums do not depend on the order of lanes. */
  private count(lane: Lane, sign: 1 | -1): void {
    const part = combine(lane.low, lane.high)
    this.low = (this.low + sign * part) | 0
    this.high = (this.high + sign * combine(lane.high, lane.low)) | 0
    if (!lane.forgets) this.durable = (this.durable + sign * part) | 0
  }

  /** What a dying process had under way may still arrive somewhere. */
  private end(lane: Lane): void {
    for (const hashes of lane.open.values())
      for (const hash of hashes) {
        this.low = (this.low + avalanche(hash ^ 0x3243f6a8)) | 0
        this.high = (this.high + avalanche(hash ^ 0x13198a2e)) | 0
      }
    lane.open.clear()
    lane.forget()
  }

  private strike(lane: string, entity: string | undefined, told: string): void {
    const fault = this.faults.find(({ description }) => told.startsWith(`${description} (`))
    const what = `${fault?.description ?? told} at ${lane} ${entity ?? ''}`
    const hash = combine(hashText(what, 0x2b7e1516), this.durable)
    this.strikes = combine(this.strikes, hash)
    this.struck.push({ hash: hashText(what, 0x2b7e1516), healedAtMicros: fault?.healedAtMicros ?? 0 })
  }
}

function begin({ open }: Lane, step: string, hash: number): void {
  const known = open.get(step)
  if (known === undefined) open.set(step, [hash])
  else known.push(hash)
}

function stepOf(data: unknown): string {
  return (data as { readonly step: string }).step
}

/** Hashes data by value, without moments. */
function hashOf(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'number':
      return value >= EPOCH_MILLIS && value < LAST_MILLIS ? MOMENT : hashNumber(value)
    case 'string':
      return hashText(value, 0x428a2f98)
    case 'object':
      return value === null || depth > MOST_DEPTH ? 1 : hashObject(value, depth)
    default:
      return hashText(String(value), 0x71374491)
  }
}

function hashObject(value: object, depth: number): number {
  if (Array.isArray(value))
    return value.reduce((hash, item) => combine(hash, hashOf(item, depth + 1)), 0x59f111f1)
  if (value instanceof Error) return hashText(`${value.name} ${value.message}`, 0x12835b01)
  let hash = 0x243185be
  for (const [name, member] of Object.entries(value))
    if (depth > 0 || !COUNTERS.has(name))
      hash = (hash + combine(hashText(name, 0x550c7dc3), hashOf(member, depth + 1))) | 0
  return hash
}
