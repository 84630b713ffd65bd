import type { HandlerFailure, History, RouteAnswer } from '../kernel/history.ts'
import { type DurationText, durationMicros } from '../kernel/time.ts'
import type { Naming } from './conservation.ts'
import { type Always, always } from './property.ts'
import type { Read } from './view.ts'

/** Answers to requests with idempotency keys. */
export interface Answers extends Naming {
  readonly answers: History<RouteAnswer>
}

/** An answer that a client takes for the last word: not an error of the server, nor "in progress" or "too many". */
const isFinal = ({ status }: RouteAnswer): boolean => status < 500 && status !== 409 && status !== 429

/**
 * Requests with one key are answered alike (S-IDEM1, S-IDEM2): the same request gets the same status and body,
 * byte for byte, and another request with the key gets 422.
 */
export function answeredAlike({ answers, ...words }: Answers): Always {
  const oddOne = (read: Read, idempotencyKey: string): RouteAnswer | undefined => {
    if (idempotencyKey === '') return undefined
    const all = read(answers).where({ idempotencyKey }).filter(isFinal)
    const first = all.find(({ status }) => status !== 422)
    const last = all.at(-1)
    if (first === undefined || last === undefined) return undefined
    if (last.request !== first.request) return last.status === 422 ? undefined : last
    return last.status === first.status && last.body === first.body ? undefined : last
  }
  return always(words.name ?? 'requests with one key are answered alike', {
    says: words.says ?? 'The same request with the same key gets the same answer; another request gets 422.',
    reads: [answers],
    per: 'idempotencyKey',
    holds: (read, key) => oddOne(read, key) === undefined,
    explain:
      words.explain ??
      ((read, key) => {
        const [first] = read(answers).where({ idempotencyKey: key }).filter(isFinal)
        const odd = oddOne(read, key)
        const told = (answer: RouteAnswer | undefined): string =>
          `${answer?.request} was answered ${answer?.status} ${answer?.body}`
        return `${key}: ${told(first)}, and ${told(odd)}`
      }),
  })
}

/** How often a handler may fail. */
export interface Storm extends Naming {
  readonly failures: History<HandlerFailure>
  /** How many failures of one handler for one business process are too few to be a storm. */
  readonly most: number
  /** In what time. */
  readonly within: DurationText
}

/** No hot retry loop (L-NOSTORM): a handler does not fail more than so often in a time for one business process. */
export function noHotLoop({ failures, most, within, ...words }: Storm): Always {
  const micros = durationMicros(within)
  return always(words.name ?? 'no hot retry loop', {
    says: words.says ?? `No handler fails more than ${most} times in ${within} for one business process.`,
    reads: [failures],
    per: 'what',
    holds: (read, what) => {
      const all = read(failures).where({ what })
      const [last, first] = [all.at(-1), all.at(-1 - most)]
      return first === undefined || last === undefined || last.atMicros - first.atMicros > micros
    },
    explain:
      words.explain ??
      ((read, what) => {
        const last = read(failures).where({ what }).at(-1)
        return `${what} failed ${most + 1} times within ${within}, with ${last?.error} at last`
      }),
  })
}
