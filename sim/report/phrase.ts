import type { Trace, TraceRecord } from '../kernel/trace.ts'

/** What a record says to people: who did what, or nothing that people need to hear. */
export interface Phrase {
  readonly subject: string
  /** What the subject did: begins with a verb. */
  readonly did: string
  /** It has happened before. */
  readonly repeated: boolean
}

type Data = Readonly<Record<string, unknown>>

/** Kinds of records with which a piece of work begins, each in the lane of the process that does it. */
const BEGINNINGS: ReadonlySet<string> = new Set(['act', 'request', 'deliver', 'timer', 'tick'])
/** Kinds of records whose lane is a process at work. */
const DOINGS: ReadonlySet<string> = new Set([...BEGINNINGS, 'before', 'after', 'log', 'failed'])
/** Columns that hold money, in cents. */
const MONEY = /^(amount|total|price|balance)$|(Amount|Total|Price|Balance)$/
/** Tables of the messaging patterns: mentioned by name, without their contents. */
const INBOX = 'inbox'
const OUTBOX = 'outbox'
/** The process of the active controller, whoever that is. */
const CONTROLLER = 'controller'
/** What a producer did to a transaction that stands so now. */
const TRANSACTION: Readonly<Record<string, string>> = {
  open: 'began',
  committed: 'committed',
  aborted: 'aborted',
}
/** Tables of timers: a timer is told when it fires. */
const TIMERS: ReadonlySet<string> = new Set(['timers', 'leases'])

/** Reads a trace as people would tell it. */
export class Narrator {
  private readonly trace: Pick<Trace, 'at'>
  private readonly beginnings = new Map<number, TraceRecord | undefined>()
  private readonly taken = new Map<string, number>()
  private repeated = false

  constructor(trace: Pick<Trace, 'at'>) {
    this.trace = trace
  }

  /** The record with which the work began that a record is part of: a delivery, a request, a tick, a user's action. */
  beginning(id: number): TraceRecord | undefined {
    const passed: number[] = []
    let found: TraceRecord | undefined
    for (let next: number | undefined = id; next !== undefined; ) {
      if (this.beginnings.has(next)) {
        found = this.beginnings.get(next)
        break
      }
      passed.push(next)
      const record = this.trace.at(next)
      if (BEGINNINGS.has(record.kind)) {
        found = record
        break
      }
      // What a step brought may come from elsewhere: from a service that was called. What its task did before comes last.
      next = record.kind === 'after' ? record.parents.at(-1) : record.parents[0]
    }
    for (const each of passed) this.beginnings.set(each, found)
    return found
  }

  /**
   * What a record says; undefined for records that only matter to machines. Records must be asked for in their order,
   * because what happens a second time is told in other words.
   */
  phrase(record: TraceRecord): Phrase | undefined {
    this.repeated = false
    const told = this.told(record)
    if (told === undefined) return undefined
    return { subject: told.subject ?? this.actor(record), did: told.did, repeated: this.repeated }
  }

  /** The process that did what a record says: whose step it was part of. */
  private actor(record: TraceRecord): string {
    let at: TraceRecord | undefined = record
    while (at !== undefined && !DOINGS.has(at.kind))
      at = at.parents[0] === undefined ? undefined : this.trace.at(at.parents[0])
    return at?.lane ?? record.lane
  }

  /** Whether an error is the answer of a database, which its own record tells. */
  private refused({ parents }: TraceRecord): boolean {
    return parents[0] !== undefined && this.trace.at(parents[0]).kind === 'rejected'
  }

  private told(record: TraceRecord): { subject?: string; did: string } | undefined {
    const { kind, lane } = record
    const data = record.data as Data
    if (lane === CONTROLLER && kind === 'crash') return { subject: lane, did: 'crashed' }
    if (lane === CONTROLLER && kind === 'restart')
      return { subject: 'another controller', did: 'became active' }
    const life = lifeOf(kind, data)
    if (life !== undefined) return { subject: lane, did: life }
    switch (kind) {
      case 'act':
        return { did: `began ${record.entity}` }
      case 'request':
        return { did: this.received(record.entity, data) }
      case 'deliver':
        return { did: this.delivered(lane, data) }
      case 'timer':
        return {
          did: `fired timer ${data.name} of ${data.key}${this.again(`timer ${data.name} ${data.key}`)}`,
        }
      case 'overloaded':
        return { did: `refused ${data.route}: it had too much to do` }
      case 'get':
        return data.table === INBOX && data.answer !== undefined
          ? { did: 'recognised it by its inbox' }
          : undefined
      case 'commit':
        return committed(record.data as readonly Written[], record.entity)
      case 'ledger':
        return { did: noted(lane, data) }
      case 'declined':
        return { did: `was declined ${money(data.amount)}` }
      case 'append':
        return { did: this.sent(lane, data, ` (offset ${data.offset})`) }
      case 'publish':
        return { did: this.sent(lane, data, '') }
      case 'returned':
        return { subject: lane, did: returned(data) }
      case 'discard':
        return { subject: lane, did: discarded(data) }
      case 'settle':
        return data.counts === true
          ? undefined
          : { subject: lane, did: `took no notice of message ${data.number} being settled: too late` }
      case 'failed':
        return { did: `failed in ${data.handler} (${data.error}: ${data.message})` }
      case 'rejected':
        return { did: `was refused by ${lane} (${data.message})` }
      case 'after':
        return data.data instanceof Error && !this.refused(record)
          ? { did: `got an error (${data.data.message})` }
          : undefined
      case 'again':
      case 'gave-up':
        return { subject: 'an operator', did: triedInVain(kind, data) }
      case 'log':
        return { did: logged(data) }
      case 'session-expired':
        return { subject: lane, did: `gave up ${processOf(data.member)}: its session timed out` }
      case 'rebalance':
        return {
          subject: lane,
          did: `shared its partitions among ${list((data.members as readonly unknown[]).map(processOf))}`,
        }
      case 'leader':
        return { subject: String(data.leader), did: `leads ${lane} from now on` }
      case 'transaction':
        return transacted(lane, data)
      case 'offset-commit':
        return data.errorCode === 'NONE'
          ? undefined
          : { did: `could not commit its offsets (${data.errorCode})` }
      default:
        return undefined
    }
  }

  private delivered(lane: string, data: Data): string {
    const service = lane.replace(/-\d+$/, '')
    const { eventType } = data.event as Data
    const place =
      data.queue === undefined
        ? `${data.partition} offset ${data.offset}`
        : `${data.queue} message ${data.number}`
    return `took ${eventType}${this.again(`${service} took ${place}`)} (${place})`
  }

  private sent(where: string, { value }: Data, exactly: string): string {
    const { eventType, eventId } = value as Data
    return `sent ${eventType}${this.again(`sent ${eventId}`)} to ${where}${exactly}`
  }

  /** A request that tells of an event comes again when the same event does. */
  private received(entity: string | undefined, { route, request }: Data): string {
    const { eventId = '' } = (request ?? {}) as Data
    return `received ${route}${this.again(`${entity} ${route} ${eventId}`)}`
  }

  private again(what: string): string {
    const times = (this.taken.get(what) ?? 0) + 1
    this.taken.set(what, times)
    this.repeated = times > 1
    return this.repeated ? ' again' : ''
  }
}

/** What became of a process. */
function lifeOf(kind: string, data: Data): string | undefined {
  switch (kind) {
    case 'crash':
      return 'crashed: its memory and its open transactions are gone'
    case 'drain':
      return 'was asked to stop, and took nothing new'
    case 'stop':
      return 'stopped in order'
    case 'pause':
      return 'stood still'
    case 'resume':
      return 'went on as if nothing had happened'
    case 'restart':
      return 'started again with an empty memory'
    case 'version':
      return `runs version ${data.version}`
    default:
      return undefined
  }
}

function transacted(lane: string, { producerId, state }: Data): { subject: string; did: string } {
  return {
    subject: `producer ${producerId}`,
    did: `${TRANSACTION[`${state}`] ?? 'has'} a transaction in ${lane}`,
  }
}

/** Why a message is in its queue again. */
function returned({ number, reason }: Data): string {
  return `has message ${number} again: ${reason === 'timed out' ? 'its visibility time-out ran out' : reason}`
}

/** Why a message left its queue. */
function discarded({ number, deliveries, reason }: Data): string {
  switch (reason) {
    case 'rejected':
      return `gave up message ${number}: it was rejected`
    case 'expired':
      return `gave up message ${number}: it was too old`
    default:
      return `gave up message ${number}: it was delivered ${deliveries} times in vain`
  }
}

interface Written {
  readonly table: string
  readonly key?: unknown
  readonly before: Data | undefined
  readonly after: Data | undefined
}

function committed(written: readonly Written[], entity: string | undefined): { did: string } | undefined {
  const noted = written.some(({ table, before }) => table === INBOX && before === undefined)
  const rows = written
    .filter(({ table }) => table !== INBOX && table !== OUTBOX && !TIMERS.has(table))
    .map((row) => rowText(row, entity))
  const events = written.filter(({ table, before }) => table === OUTBOX && before === undefined)
  const texts = [
    ...rows,
    ...events.map(({ after }) =>
      `outbox row ${(after?.event as Data | undefined)?.eventType ?? ''}`.trimEnd(),
    ),
  ]
  if (texts.length === 0) return noted ? { did: 'committed its inbox row by itself' } : undefined
  if (noted) texts.push('inbox row')
  return { did: `committed ${list(texts)}` }
}

function rowText({ table, key, before, after }: Written, entity: string | undefined): string {
  if (after === undefined) return `${table} row deleted`
  if (before === undefined)
    return typeof after.status === 'string' ? `${table} row ${after.status}` : `${table} row`
  const changed = Object.entries(after).filter(([column, value]) => !isSame(before[column], value))
  // Rows are mostly of the order itself; others are told by name.
  const name =
    typeof key === 'string' && entity !== undefined && !key.includes(entity) ? `${table} ${key}` : table
  if (changed.length === 0) return `${name} unchanged`
  const told = changed.map(([column, value]) =>
    before[column] === '' || before[column] === null || before[column] === undefined
      ? `${column} ${plainText(column, value)}`
      : `${column} ${plainText(column, before[column])} → ${plainText(column, value)}`,
  )
  return `${name} ${told.join(', ')}`
}

/** Whether plain values are the same; those of a trace that was read back are never identical. */
function isSame(left: unknown, right: unknown): boolean {
  return left === right || (typeof left === 'object' && JSON.stringify(left) === JSON.stringify(right))
}

/** What an entry of a ledger says: in the words of well-known ledgers, else its fields. */
function noted(ledger: string, entry: Data): string {
  const key = 'idempotencyKey' in entry && entry.idempotencyKey === null ? ', no idempotency key' : ''
  switch (ledger.slice(ledger.lastIndexOf('.') + 1)) {
    case 'charges':
      return `charged ${money(entry.amount)} (charge ${entry.id}${key})`
    case 'refunds':
      return `refunded ${money(entry.amount)} (refund ${entry.id} of charge ${entry.chargeId})`
    case 'mails':
      return `mailed ${entry.to} (${entry.kind})`
    default:
      return `noted in ${ledger}: ${fields(entry)}`
  }
}

function logged({ message, ...rest }: Data): string {
  const more = fields(rest)
  return `logged '${message}'${more === '' ? '' : ` (${more})`}`
}

function fields(entry: Data): string {
  return Object.entries(entry)
    .map(([name, value]) => `${name} ${plainText(name, value)}`)
    .join(', ')
}

function plainText(column: string, value: unknown): string {
  if (MONEY.test(column) && Number.isInteger(value)) return money(value)
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** An amount in cents as people write it. */
function money(cents: unknown): string {
  return typeof cents === 'number' ? `${(cents / 100).toFixed(2)} EUR` : 'an amount'
}

/** Words as a sentence lists them. */
function list(words: readonly string[]): string {
  return words.length <= 1 ? (words[0] ?? 'nobody') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** The process of a group member: `payment-2#1` is a life of payment-2. */
function processOf(member: unknown): string {
  return String(member).replace(/#\d+$/, '')
}

function triedInVain(kind: 'again' | 'gave-up', { operation, why }: Data): string {
  return kind === 'again' ? `was to try ${operation} again (${why})` : `gave up ${operation} (${why})`
}
