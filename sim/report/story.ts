import type { PropertyResult } from '../check/monitor.ts'
import type { Micros } from '../kernel/time.ts'
import type { Trace, TraceRecord } from '../kernel/trace.ts'
import type { Scenario } from '../run/scenario.ts'
import { abridged, type Draft, Drafts, type StoryLine } from './drafts.ts'
import { Narrator, type Phrase } from './phrase.ts'
import type { RunSummary } from './summary.ts'
import { befell, type Wait, waitsOf } from './waiting.ts'

/** What happened to one order, for people. */
export interface Story {
  /** The order. */
  readonly subject: string
  readonly lines: readonly StoryLine[]
  /** Lines that were left out to keep it short. */
  readonly leftOut: number
  /** The records from which it was told, in order: all that led to the breach, or all of the order. */
  readonly records: readonly number[]
}

/** Lines of a story unless somebody wants another number: of a breach about a dozen, which can be read at a glance. */
const MAX_LINES = 24
const MAX_BREACH_LINES = 13

/** Kinds of records that tell of a process or a group, not of an order; told when they are among an order's causes. */
const SURROUNDINGS: ReadonlySet<string> = new Set([
  'fault',
  'again',
  'gave-up',
  'crash',
  'drain',
  'stop',
  'pause',
  'resume',
  'restart',
  'version',
  'session-expired',
  'rebalance',
])

/**
 * Tells what happened to one order: the one that shows the breach, else the first that a fault struck, else the first;
 * of a run that ended in an error, the last that was worked on.
 * For a breach at a moment the story tells what led there; for one that shows in the end, the life of the order until then,
 * and what it still waits for, as for an order of a run that did not come to rest; otherwise its whole life.
 * @param summary of the run that made the trace
 */
export function storyOf(
  summary: RunSummary,
  trace: Trace,
  expect: Scenario['expect'],
  maxLines?: number,
): Story | undefined {
  const breach = breachOf(summary.properties, expect)
  const subject =
    summary.verdict === 'error' ? lastSubject(trace) : subjectOf(trace, breach, undecided(summary))
  if (subject === undefined) return undefined
  const own = [...trace.records()].filter(({ entity }) => entity === subject)
  const causes = causesOf(trace, own)
  const momentary =
    breach !== undefined && breach.cause > 0 && trace.at(breach.cause).atMicros === breach.atMicros
  const reasons = momentary ? reasonsOf(trace, own, breach.cause) : undefined
  const narrator = new Narrator(trace)
  const endMicros = summary.verdict === 'inconclusive' ? summary.endMicros : undefined
  const waitedMicros = reasons !== undefined ? undefined : breach === undefined ? endMicros : breach.atMicros
  const waits = waitedMicros === undefined ? [] : waitsOf(trace, subject, waitedMicros)
  const plot: Plot = {
    subject,
    breach,
    causes,
    reasons,
    leading: leadingWorks(narrator, own),
    waits,
    waitedMicros,
    besides: waitedMicros === undefined ? new Set() : befell(trace, waits, waitedMicros),
    others: momentary ? othersOf(trace, narrator, breach) : new Map(),
  }
  const drafts = draft(trace, narrator, { ...plot, besides: withFaults(trace, plot) })
  const sources = reasons ?? new Set(own.map(({ id }) => id))
  const records = [...sources].sort((left, right) => left - right)
  const most = maxLines ?? (breach === undefined ? MAX_LINES : MAX_BREACH_LINES)
  return { subject, ...abridged(drafts, most), records }
}

/** The breach to explain: rather one that was not expected. */
function breachOf(
  properties: readonly PropertyResult[],
  expect: Scenario['expect'],
): PropertyResult | undefined {
  const violated = properties.filter(({ verdict }) => verdict === 'violated')
  return violated.find(({ name }) => expect[name] !== 'violated') ?? violated[0]
}

/** The order without a verdict, if that is what the run ended without. */
function undecided({ properties }: RunSummary): string | undefined {
  return properties.find(({ verdict, key }) => verdict === 'inconclusive' && key !== undefined)?.key
}

function subjectOf(
  trace: Trace,
  breach: PropertyResult | undefined,
  key: string | undefined,
): string | undefined {
  if (breach !== undefined && breach.cause > 0) {
    const { entity } = trace.at(breach.cause)
    if (entity !== undefined) return entity
  }
  let first: string | undefined
  let struck: string | undefined
  for (const { kind, entity } of trace.records()) {
    if (entity === undefined) continue
    if (entity === (breach === undefined ? key : breach.key)) return entity
    if (kind === 'fault') struck ??= entity
    if (kind === 'act') first ??= entity
  }
  return struck ?? first
}

/** The order that was worked on when the run ended. */
function lastSubject(trace: Trace): string | undefined {
  const acted = new Set([...trace.records()].filter(({ kind }) => kind === 'act').map(({ entity }) => entity))
  for (let id = trace.length; id >= 1; id--) {
    const { entity } = trace.at(id)
    if (acted.has(entity)) return entity
  }
  return undefined
}

/** Everything that led to any of these records. */
function causesOf(trace: Trace, records: readonly TraceRecord[]): Set<number> {
  const causes = new Set(records.map(({ id }) => id))
  // A set hands out what is added to it meanwhile.
  for (const id of causes) for (const parent of trace.at(id).parents) causes.add(parent)
  return causes
}

/** What led to a breach, and to the like of it before: two charges are each innocent, only both together are not. */
function reasonsOf(trace: Trace, own: readonly TraceRecord[], breach: number): Set<number> {
  const { kind, lane, data } = trace.at(breach)
  const tables = tablesOf(data)
  const alike = own.filter((record) => {
    if (record.id > breach || record.kind !== kind || record.lane !== lane) return false
    return kind !== 'commit' || [...tablesOf(record.data)].some((table) => tables.has(table))
  })
  return causesOf(trace, alike)
}

/**
 * What others did to the rows of the breach: all of it while the work that broke it was going on, and before that the last
 * of it; each is innocent, only together they are not.
 */
function othersOf(
  trace: Trace,
  narrator: Narrator,
  { cause, key }: PropertyResult,
): Map<number, 'before' | 'meanwhile'> {
  const { entity, lane, kind, data } = trace.at(cause)
  const begun = narrator.beginning(cause)?.id ?? cause
  const found = new Map<number, 'before' | 'meanwhile'>()
  if (kind !== 'commit') return found
  const tables = tablesOf(data)
  const has = ({ after }: Change): boolean => Object.values(after ?? {}).includes(key)
  for (let id = cause - 1; id > 0; id--) {
    const record = trace.at(id)
    if (record.kind !== kind || record.lane !== lane || record.entity === entity) continue
    const rows = record.data as readonly Change[]
    if (id >= begun && rows.some(has)) found.set(id, 'meanwhile')
    if (id >= begun || record.entity === undefined) continue
    if (!rows.some((row) => tables.has(row.table) && has(row))) continue
    if (found.size === 0) found.set(id, 'before')
    break
  }
  return found
}

interface Change {
  readonly table: string
  readonly after: object | undefined
}

function tablesOf(data: unknown): Set<string> {
  const written = Array.isArray(data) ? (data as readonly { readonly table: string }[]) : []
  return new Set(written.map(({ table }) => table).filter((table) => table !== 'inbox' && table !== 'outbox'))
}

/** The pieces of work from which others of this order followed. */
function leadingWorks(narrator: Narrator, own: readonly TraceRecord[]): Set<number> {
  const leading = new Set<number>()
  for (const { id, parents } of own) {
    const work = narrator.beginning(id)?.id
    for (const parent of parents) {
      const earlier = narrator.beginning(parent)?.id
      if (earlier !== undefined && earlier !== work) leading.add(earlier)
    }
  }
  return leading
}

interface Plot {
  readonly subject: string
  readonly breach: PropertyResult | undefined
  readonly causes: ReadonlySet<number>
  /** Only these are told, up to the breach; undefined: everything is. */
  readonly reasons: ReadonlySet<number> | undefined
  /** What others did to the same rows, and when. */
  readonly others: ReadonlyMap<number, 'before' | 'meanwhile'>
  /** What it waited for in the end. */
  readonly waits: readonly Wait[]
  /** When that was; undefined when the story ends with what broke it, or well. */
  readonly waitedMicros: Micros | undefined
  /** What is told besides, though no cause leads from there. */
  readonly besides: ReadonlySet<number>
  /** Pieces of work from which others followed. */
  readonly leading: ReadonlySet<number>
}

/** Faults that are told when none of them is known to have led to the breach. */
const MOST_BYSTANDERS = 3

/** What is told besides, with the faults before a breach when none of them is told otherwise: one of them is behind it. */
function withFaults(trace: Trace, plot: Plot): ReadonlySet<number> {
  const { breach, besides } = plot
  if (breach?.atMicros === undefined) return besides
  const until = breach.atMicros
  const faults = [...trace.records()].filter(({ kind, atMicros }) => kind === 'fault' && atMicros <= until)
  if (faults.length > MOST_BYSTANDERS || faults.some((fault) => belongs(fault, plot))) return besides
  return new Set([...besides, ...faults.map(({ id }) => id)])
}

function draft(trace: Trace, narrator: Narrator, plot: Plot): readonly Draft[] {
  const drafts = new Drafts()
  let told = false
  const { breach } = plot
  const untilMicros = plot.reasons === undefined ? breach?.atMicros : undefined
  for (const record of trace.records()) {
    if (told && plot.reasons !== undefined) break
    if (untilMicros !== undefined && record.atMicros > untilMicros) break
    const when = plot.others.get(record.id)
    if (when !== undefined) drafts.add(othersLine(narrator, record, when))
    else if (belongs(record, plot)) tell(narrator, record, drafts, plot)
    if (breach !== undefined && plot.reasons !== undefined && record.id === breach.cause) {
      drafts.add(breachLine(breach))
      told = true
    }
  }
  if (told) return drafts.lines
  for (const { text } of plot.waits)
    drafts.add({
      atMicros: plot.waitedMicros ?? 0,
      mark: 'plain',
      subject: '',
      parts: [text],
      records: [],
      work: 0,
      rank: 0,
    })
  if (breach === undefined) return drafts.lines
  drafts.add(breachLine(breach))
  return drafts.lines
}

/** Whether a record is part of the story: the order's own, and those of its surroundings that had a part in it. */
function belongs({ id, kind, entity, atMicros }: TraceRecord, plot: Plot): boolean {
  const { subject, causes, reasons, besides } = plot
  if (SURROUNDINGS.has(kind)) {
    if (entity === subject || besides.has(id)) return true
    const initial = kind === 'rebalance' && atMicros === 0
    return !initial && (reasons ?? causes).has(id)
  }
  return entity === subject && (reasons === undefined || reasons.has(id))
}

function tell(narrator: Narrator, record: TraceRecord, drafts: Drafts, plot: Plot): void {
  const { id, atMicros, kind, data } = record
  if (kind === 'fault') {
    const fault = (data as { readonly fault: string }).fault.replace(AT_A_MOMENT, '')
    drafts.add({ atMicros, mark: 'fault', subject: '', parts: [fault], records: [id], work: 0, rank: 0 })
    return
  }
  if (kind === 'deliver') drafts.delivered(record)
  const phrase = narrator.phrase(record)
  if (phrase === undefined) return
  const surrounding = SURROUNDINGS.has(kind)
  const beginning = surrounding ? undefined : narrator.beginning(id)
  // What users do they do one by one, and others act in between.
  const work = beginning?.kind === 'act' ? 0 : (beginning?.id ?? 0)
  const rank = rankOf(record, phrase, beginning?.id ?? 0, plot)
  const failed = kind === 'failed'
  const open = drafts.open(work, phrase.subject)
  if (open === undefined || atMicros - open.atMicros > MUCH_LATER) {
    const { subject, did } = phrase
    drafts.add({ atMicros, mark: 'plain', subject, parts: [did], records: [id], work, rank, failed })
    return
  }
  // With what failed it is told why.
  const { message } = data as { readonly message?: string }
  if (failed && open.parts.at(-1) === `got an error (${message})`) open.parts.pop()
  open.parts.push(phrase.did)
  open.records.push(id)
  open.rank = Math.min(open.rank, rank)
  open.failed ||= failed
}

/** What a handler does so much later is told at its own time. */
const MUCH_LATER: Micros = 1_000_000
/** A fault that struck at a moment, which is told with it. */
const AT_A_MOMENT = / \(\d[\d.]*(?:us|ms|s|m|h|d)\)$/

/**
 * What happened a second time and what befell a process matter most, then what the property reads, then what led to something.
 */
function rankOf(
  record: TraceRecord,
  { repeated }: Phrase,
  work: number,
  { breach, reasons, leading }: Plot,
): number {
  if (SURROUNDINGS.has(record.kind) || record.kind === 'act' || reasons !== undefined) return 1
  if (repeated) return 1
  if (changes(record, breach?.reads ?? [])) return 2
  return leading.has(work) ? 3 : 4
}

/** Whether a record changes something that a property reads, by the names of tables, ledgers and what is told of them. */
function changes({ kind, lane, data }: TraceRecord, reads: readonly string[]): boolean {
  const isRead = (name: string): boolean => reads.some((read) => read === name || read.startsWith(`${name} `))
  if (kind === 'ledger') return isRead(lane)
  const service = lane.replace(/-db$/, '')
  return kind === 'commit' && [...tablesOf(data)].some((table) => isRead(`${service}.${table}`))
}

function othersLine(narrator: Narrator, record: TraceRecord, when: 'before' | 'meanwhile'): Draft {
  const { subject, did } = narrator.phrase(record) ?? { subject: record.lane, did: 'committed' }
  const parts = [`${when === 'before' ? '' : 'meanwhile '}${did} for ${record.entity}`]
  return { atMicros: record.atMicros, mark: 'plain', subject, parts, records: [record.id], work: 0, rank: 1 }
}

function breachLine({ name, message, atMicros, cause }: PropertyResult): Draft {
  return {
    atMicros: atMicros ?? 0,
    mark: 'breach',
    subject: '',
    parts: [`${name}: ${message}`],
    records: cause > 0 ? [cause] : [],
    work: 0,
    rank: 0,
  }
}
