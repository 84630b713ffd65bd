import { serviceOf } from './lanes.ts'
import { MESSAGE_KINDS, type Messages } from './messages.ts'
import type { Recording } from './recording.ts'

/** One attempt to do what a message or request asks for. */
export interface Attempt {
  /** The delivery or request. */
  readonly event: number
  /** Whether its work came to a commit. */
  readonly committed: boolean
  /** Entries that it made in ledgers outside. */
  readonly effects: readonly number[]
}

/** What was asked for once, and how often each stage of it happened. */
export interface EffectRow {
  readonly entity: string
  /** `OrderCreated → payment`. */
  readonly operation: string
  /** How often the message was written; 1 for a request. */
  readonly produced: number
  /** At least one. */
  readonly attempts: readonly Attempt[]
  /** How many attempts came to a commit. */
  readonly handled: number
  /** Entries by ledger. */
  readonly effects: Readonly<Record<string, number>>
  /** How far this is from "exactly once": what is too many, or missing. */
  readonly deviation: number
}

interface Attempted {
  readonly event: number
  committed: boolean
  readonly effects: number[]
}

interface Draft {
  readonly entity: string
  readonly operation: string
  readonly source: number
  readonly attempts: Attempted[]
}

const [APPEND, PUBLISH, DELIVER, REQUEST] = (['append', 'publish', 'deliver', 'request'] as const).map(
  (kind) => MESSAGE_KINDS.indexOf(kind),
)

/** Whoever asks again wants nothing to be done again. */
const ASKS = /^GET /

/** The ledger of what happened exactly once, and what did not: the furthest from it first. */
export function effectsOf(recording: Recording, messages: Messages): EffectRow[] {
  const { kinds, kind, count } = recording.columns
  const produced = new Uint32Array(messages.names.length)
  const all: Attempted[] = []
  // By record the number of its attempt, from 1 on.
  const attemptOf = new Uint32Array(count + 1)
  const drafts = new Drafts(recording, messages)
  for (let at = 0; at < messages.event.length; at++) {
    const what = messages.kind[at]
    const source = messages.source[at] as number
    if (what === APPEND || what === PUBLISH) produced[source] = (produced[source] as number) + 1
    else if (what === DELIVER || what === REQUEST) {
      const event = messages.event[at] as number
      const attempt = { event, committed: false, effects: [] }
      drafts.at(at).attempts.push(attempt)
      attemptOf[event] = all.push(attempt)
    }
  }
  const [commit, ledger] = [kinds.indexOf('commit'), kinds.indexOf('ledger')]
  for (let event = 1; event <= count; event++) {
    if (kind[event] !== commit && kind[event] !== ledger) continue
    const attempt = all[(attemptOf[recording.work(event)] as number) - 1]
    if (attempt === undefined) continue
    if (kind[event] === commit) attempt.committed = true
    else attempt.effects.push(event)
  }
  const rows = drafts.all.map((draft) => finished(recording, draft, produced[draft.source] || 1))
  const odd = rows.filter(({ deviation }) => deviation > 0)
  return [
    ...odd.sort((left, right) => right.deviation - left.deviation),
    ...rows.filter(({ deviation }) => deviation === 0),
  ]
}

/** What was asked for, each thing once, in the order in which it first came. */
class Drafts {
  readonly all: Draft[] = []
  private readonly recording: Recording
  private readonly messages: Messages
  private readonly services: readonly string[]
  /** Numbers of what is done, by type and lane. */
  private readonly operationNumbers = new Map<number, number>()
  private readonly operations: string[] = []
  /** By what is done, and for which message. */
  private readonly known = new Map<number, Draft>()

  constructor(recording: Recording, messages: Messages) {
    this.recording = recording
    this.messages = messages
    this.services = recording.columns.lanes.map(serviceOf)
  }

  /** That of an entry. */
  at(at: number): Draft {
    const { recording, messages } = this
    const event = messages.event[at] as number
    const source = messages.source[at] as number
    const operation = this.operationOf(messages.type[at] as number, recording.columns.lane[event] as number)
    const key = operation * messages.names.length + source
    let draft = this.known.get(key)
    if (draft === undefined) {
      const entity = recording.entity(event)
      draft = { entity, operation: this.operations[operation] as string, source, attempts: [] }
      this.known.set(key, draft)
      this.all.push(draft)
    }
    return draft
  }

  private operationOf(type: number, lane: number): number {
    const key = type * this.services.length + lane
    let number = this.operationNumbers.get(key)
    if (number === undefined) {
      const operation = `${this.messages.names[type]} → ${this.services[lane]}`
      number = this.operations.indexOf(operation)
      if (number === -1) number = this.operations.push(operation) - 1
      this.operationNumbers.set(key, number)
    }
    return number
  }
}

function finished(recording: Recording, draft: Draft, produced: number): EffectRow {
  const { entity, operation, attempts } = draft
  const handled = attempts.filter(({ committed }) => committed).length
  const effects: Record<string, number> = {}
  for (const attempt of attempts) {
    for (const event of attempt.effects) {
      const ledger = recording.lane(event)
      effects[ledger] = (effects[ledger] ?? 0) + 1
    }
  }
  const tooMany = Object.values(effects).reduce((sum, times) => sum + Math.max(0, times - 1), 0)
  const again = ASKS.test(operation) ? 0 : Math.max(0, handled - 1) * 10 + (attempts.length - 1)
  const deviation = tooMany * 100 + again + (produced - 1)
  return { entity, operation, produced, attempts, handled, effects, deviation }
}
