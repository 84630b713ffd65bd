import { SimError } from '../kernel/error.ts'

/** Nothing more fits: neither may it begin, nor wait. It had no effect. */
export class BulkheadFullError extends Error {
  constructor(limit: number) {
    super(`${limit} are under way, and no more may wait`)
    this.name = 'BulkheadFullError'
  }
}

/** Options of a bulkhead. */
export interface BulkheadOptions {
  /** How many may be under way at a time. */
  readonly concurrency: number
  /** How many more may wait for their turn. Default: no limit. */
  readonly queue?: number
}

/**
 * Lets only so much be under way at a time, so that one slow dependency does not take all there is: made in a service's
 * factory, it belongs to one life of an instance. What waits inside for something that must pass through it as well waits
 * for ever: give a command and its answer bulkheads of their own.
 */
export class Bulkhead {
  private readonly limit: number
  private readonly queueLimit: number
  private running = 0
  private readonly waiting: (() => void)[] = []

  /** @throws SimError 'definition' for numbers that cannot be meant */
  constructor({ concurrency, queue = Number.POSITIVE_INFINITY }: BulkheadOptions) {
    if (!Number.isSafeInteger(concurrency) || concurrency < 1)
      throw new SimError(
        'definition',
        `bulkhead: concurrency: expected a whole number from 1, got ${concurrency}`,
      )
    if (queue !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(queue) && queue >= 0))
      throw new SimError('definition', `bulkhead: queue: expected a whole number from 0, got ${queue}`)
    this.limit = concurrency
    this.queueLimit = queue
  }

  /** Does something when it is its turn. @throws BulkheadFullError when it may not even wait */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running < this.limit) this.running++
    else if (this.waiting.length >= this.queueLimit) throw new BulkheadFullError(this.limit)
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Whoever is next takes the place over, so that nobody overtakes.
      const next = this.waiting.shift()
      if (next === undefined) this.running--
      else next()
    }
  }
}
