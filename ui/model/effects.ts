import { serviceOf } from './lanes.ts'
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
  readonly key: string
  readonly entity: string
  /** `OrderCreated → payment`. */
  readonly operation: string
  /** How often the message was written; 1 for a request. */
  readonly produced: number
  readonly attempts: readonly Attempt[]
  /** How many attempts came to a commit. */
  readonly handled: number
  /** Entries by ledger. */
  readonly effects: Readonly<Record<string, number>>
  /** How far this is from "exactly once": what is too many, or missing. */
  readonly deviation: number
}

interface Draft {
  readonly entity: string
  readonly operation: string
  readonly source: string
  readonly attempts: { event: number; committed: boolean; effects: number[] }[]
}

/** The ledger of what happened exactly once, and what did not: the furthest from it first. */
export function effectsOf(recording: Recording): EffectRow[] {
  const { count } = recording.columns
  const produced = new Map<string, number>()
  const drafts = new Map<string, Draft>()
  const attempts = new Map<number, Draft['attempts'][number]>()
  for (let event = 1; event <= count; event++) {
    const kind = recording.kind(event)
    if (kind === 'append' || kind === 'publish') {
      const id = eventIdOf((recording.fields(event) as { readonly value?: unknown }).value)
      if (id !== undefined) produced.set(id, (produced.get(id) ?? 0) + 1)
    } else if (kind === 'deliver' || kind === 'request') {
      const draft = draftOf(recording, event)
      const key = `${draft.operation}\n${draft.source}`
      const known = drafts.get(key) ?? draft
      drafts.set(key, known)
      const attempt = { event, committed: false, effects: [] }
      known.attempts.push(attempt)
      attempts.set(event, attempt)
    } else if (kind === 'commit') {
      const attempt = attempts.get(recording.work(event))
      if (attempt !== undefined) attempt.committed = true
    } else if (kind === 'ledger') {
      attempts.get(recording.work(event))?.effects.push(event)
    }
  }
  return [...drafts]
    .map(([key, draft]) => finished(recording, key, draft, produced.get(draft.source) ?? 1))
    .sort((left, right) => right.deviation - left.deviation || firstOf(left) - firstOf(right))
}

function draftOf(recording: Recording, event: number): Draft {
  const service = serviceOf(recording.lane(event))
  const entity = recording.entity(event)
  const data = recording.fields(event) as {
    readonly event?: unknown
    readonly route?: string
    readonly offset?: number
    readonly partition?: string
  }
  if (recording.kind(event) === 'request')
    return {
      entity,
      operation: `${data.route} → ${service}`,
      source: `${entity} ${data.route}`,
      attempts: [],
    }
  const { eventType = 'message' } = (data.event ?? {}) as { readonly eventType?: string }
  const source = eventIdOf(data.event) ?? `${data.partition} ${data.offset}`
  return { entity, operation: `${eventType} → ${service}`, source, attempts: [] }
}

function finished(recording: Recording, key: string, draft: Draft, produced: number): EffectRow {
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
  const deviation = tooMany * 100 + Math.max(0, handled - 1) * 10 + (attempts.length - 1) + (produced - 1)
  return { key, entity, operation, produced, attempts, handled, effects, deviation }
}

function eventIdOf(value: unknown): string | undefined {
  const { eventId } = (value ?? {}) as { readonly eventId?: unknown }
  return typeof eventId === 'string' ? eventId : undefined
}

function firstOf({ attempts }: EffectRow): number {
  return attempts[0]?.event ?? 0
}
