import type { Micros } from '../kernel/time.ts'
import type { Trace } from '../kernel/trace.ts'
import { Narrator } from './phrase.ts'

/** The same a little later is still the same; so much later it is not. */
const LATER: Micros = 1_000_000

/** What happens at the point where two runs part; undefined where one of them tells no more. */
export interface Parting {
  /** In the run that breaks a property. */
  readonly here: Told | undefined
  /** In the run that does not. */
  readonly there: Told | undefined
}

/** A moment and a sentence. */
export interface Told {
  readonly atMicros: Micros
  readonly text: string
}

/**
 * The first point where the story of an order in a run that breaks a property differs from that in one that does not:
 * what happened here, and what happened there instead.
 * @returns undefined when both tell the same of the order
 */
export function partingOf(failing: Trace, passing: Trace, subject: string): Parting | undefined {
  return firstParting(tellings(failing, subject), tellings(passing, subject))
}

/** All that a run tells of an order: kept, so that what became of it later can be compared. */
export interface Telling {
  readonly subject: string
  readonly told: readonly Told[]
}

/** All that a run tells of an order. */
export function tellingOf(trace: Trace, subject: string): Telling {
  return { subject, told: [...tellings(trace, subject)] }
}

/** The first point where a run differs from what was told of an earlier one: then is here, now is there. */
export function partingFrom({ subject, told }: Telling, now: Trace): Parting | undefined {
  return firstParting(told[Symbol.iterator](), tellings(now, subject))
}

function firstParting(left: Iterator<Told>, right: Iterator<Told>): Parting | undefined {
  for (;;) {
    const [here, there] = [toldBy(left), toldBy(right)]
    if (here === undefined || there === undefined) return here === there ? undefined : { here, there }
    if (here.text !== there.text || Math.abs(here.atMicros - there.atMicros) > LATER) return { here, there }
  }
}

function toldBy(tale: Iterator<Told>): Told | undefined {
  const { done, value } = tale.next()
  return done === true ? undefined : value
}

/** What is told of an order, one sentence after another. */
function* tellings(trace: Trace, subject: string): Generator<Told, undefined> {
  const narrator = new Narrator(trace)
  for (const record of trace.records()) {
    const { atMicros, kind, entity, data } = record
    if (entity !== subject) continue
    if (kind === 'fault') {
      yield { atMicros, text: `✗ fault: ${(data as { readonly fault: string }).fault}` }
      continue
    }
    const phrase = narrator.phrase(record)
    if (phrase !== undefined) yield { atMicros, text: `${phrase.subject} ${phrase.did}` }
  }
  return undefined
}
