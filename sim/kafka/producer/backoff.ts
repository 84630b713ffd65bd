/** A choice among 0, 1, ..., bound - 1, which whoever runs the producer makes. */
export type RandomBelow = (bound: number) => number

const JITTER_STEPS = 400

/**
 * Delays that double with each attempt up to a maximum, each a fifth longer or shorter by chance. Source:
 * ExponentialBackoff of Kafka 4.x with base 2 and jitter 0.2.
 */
export class ExponentialBackoff {
  private readonly initialMillis: number
  private readonly maxMillis: number
  private readonly randomBelow: RandomBelow

  constructor(initialMillis: number, maxMillis: number, randomBelow: RandomBelow) {
    this.initialMillis = Math.min(initialMillis, maxMillis)
    this.maxMillis = maxMillis
    this.randomBelow = randomBelow
  }

  /** Whole milliseconds to wait after a number of failed attempts, the first being 0. */
  backoffMillis(attempts: number): number {
    if (this.initialMillis === 0) return 0
    let term = this.initialMillis
    for (let attempt = 0; attempt < attempts && term < this.maxMillis; attempt++) term *= 2
    const thousandths = 800 + this.randomBelow(JITTER_STEPS + 1)
    return Math.min(Math.floor((Math.min(term, this.maxMillis) * thousandths) / 1000), this.maxMillis)
  }
}
