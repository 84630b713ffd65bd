import type { Accumulator } from './accumulator.ts'
import type { Completed } from './pending.ts'

interface Flush {
  /** Of the last batch that it waits for. */
  readonly batchNumber: number
  readonly done: Completed
}

/** The flushes that wait for batches to end; nothing lingers while there are any (rule P13). */
export class Flushes {
  private readonly accumulator: Accumulator
  private readonly waiting: Flush[] = []

  constructor(accumulator: Accumulator) {
    this.accumulator = accumulator
  }

  /** Waits for all batches that there are, and their parts. */
  begin(done: Completed): void {
    const { accumulator } = this
    this.waiting.push({ batchNumber: accumulator.lastNumber, done })
    accumulator.flushes += 1
  }

  /** Those whose batches have ended, well or not, are over. */
  complete(nowMillis: number): void {
    const { accumulator } = this
    while (this.waiting.length > 0) {
      const [flush] = this.waiting
      if (flush === undefined || accumulator.oldestNumber <= flush.batchNumber) return
      this.waiting.shift()
      accumulator.flushes -= 1
      flush.done(undefined, nowMillis)
    }
  }
}
