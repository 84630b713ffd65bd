import type { Readable } from '../kernel/ledger.ts'
import { type Measure, readsOf, sumOf } from './measure.ts'
import { type Always, always } from './property.ts'
import type { Read } from './view.ts'

/** How a property is told to people, where the usual words do not fit. */
export interface Wording {
  readonly says?: string
  /** What is wrong with a key, in one sentence. */
  explain?(read: Read, key: string): string
}

/** The same for a property that has a name of its own. */
export interface Naming extends Wording {
  /** Another name, where a system has several of its kind. */
  readonly name?: string
}

/** What is conserved. */
export interface Conservation extends Wording {
  /** The column whose value is the key: `sku`. */
  readonly per: string
  /** What adds up, each under the word by which people know it. */
  readonly terms: Readonly<Record<string, Measure>>
  /** What it adds up to: always the same for a key. */
  is(key: string): number
  /** Whether a term may be below nothing. Default: none. */
  readonly mayBeNegative?: boolean
}

/**
 * Stock and the like are conserved (S-STK, Q-STK): what is available, reserved and gone adds up to what
 * there was, and none of it is below nothing, in every commit.
 */
export function conserved(name: string, options: Conservation): Always {
  const { per, terms, is, mayBeNegative = false } = options
  const words = Object.keys(terms)
  const measures = Object.values(terms)
  const amounts = (read: Read, key: string): number[] =>
    measures.map((measure) => read.total(measure, per, key))
  return always(name, {
    says: options.says ?? `${list(words)} add up to what there was.`,
    reads: readsOf(measures),
    measures,
    per,
    holds: (read, key) => {
      let sum = 0
      let isNegative = false
      for (const measure of measures) {
        const amount = read.total(measure, per, key)
        sum += amount
        isNegative ||= amount < 0
      }
      return sum === is(key) && (mayBeNegative || !isNegative)
    },
    explain:
      options.explain ??
      ((read, key) => {
        const all = amounts(read, key)
        return `${key}: ${list(all.map((amount, at) => `${amount} ${words[at]}`))}, of ${is(key)}`
      }),
  })
}

/** What must not happen too often. */
export interface Limit extends Wording {
  /** The column whose value is the business key: `orderId`. */
  readonly per: string
  /** What is counted: effects, as the simulator or the outside world noted them. */
  readonly effects: Measure
  /** Default: 1. */
  readonly most?: number
  /** What one effect is called. Default: `effect`. */
  readonly noun?: string
}

/**
 * An effect happens at most once for a business key (S-EFF), or at most so often. What is delivered twice is
 * legal; what has its effect twice is not.
 */
export function atMost(name: string, { per, effects, most = 1, noun = 'effect', ...words }: Limit): Always {
  return always(name, {
    says: words.says ?? `There is at most ${most} ${noun} for each ${per}.`,
    reads: readsOf([effects]),
    measures: [effects],
    per,
    holds: (read, key) => read.total(effects, per, key) <= most,
    explain:
      words.explain ?? ((read, key) => `${key}: ${read.total(effects, per, key)} × ${noun}, ${most} at most`),
  })
}

/** Charges and refunds as a provider's ledger has them. */
export interface MoneyLedgers extends Naming {
  readonly charges: Readable<{ readonly orderId: string; readonly amount: number }>
  readonly refunds: Readable<{ readonly orderId: string; readonly amount: number }>
}

/**
 * Nobody gets back more than was taken (S-MON1, S-MON2): the refunds of an order never exceed its charges, so
 * that there is no refund without a charge before it.
 */
export function refundsCovered({ charges, refunds, ...words }: MoneyLedgers): Always {
  const [taken, returned] = [sumOf(charges, 'amount'), sumOf(refunds, 'amount')]
  return always(words.name ?? 'no refund beyond its charge', {
    says: words.says ?? 'The refunds of an order never exceed its charges.',
    reads: [charges, refunds],
    measures: [taken, returned],
    per: 'orderId',
    holds: (read, key) => read.total(returned, 'orderId', key) <= read.total(taken, 'orderId', key),
    explain:
      words.explain ??
      ((read, key) => {
        const [got, gave] = [taken, returned].map((measure) => read.total(measure, 'orderId', key))
        return `${key}: ${gave} were given back of ${got} that were taken`
      }),
  })
}

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
