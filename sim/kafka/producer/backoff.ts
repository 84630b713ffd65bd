/** A choice among 0, 1, ..., bound - 1, which whoever runs the producer makes. */
export type RandomBelow = (bound: number) => number

const JITTER_STEPS = 400

/** Whoever chooses. */
export interface Chooser {
  readonly randomBelow: RandomBelow
}

/**
 * Whole milliseconds to wait after a number of failed attempts, the first being 0: delays that double with each attempt up
 * to a maximum, each a fifth longer or shorter by chance. Source: ExponentialBackoff of Kafka 4.x with base 2 and jitter
 * 0.2.
 */
export function exponentialBackoff(
  initialMillis: number,
  maxMillis: number,
  attempts: number,
  chooser: Chooser,
): number {
  let term = Math.min(initialMillis, maxMillis)
  if (term === 0) return 0
  for (let attempt = 0; attempt < attempts && term < maxMillis; attempt++) term *= 2
  const thousandths = 800 + chooser.randomBelow(JITTER_STEPS + 1)
  return Math.min(Math.floor((Math.min(term, maxMillis) * thousandths) / 1000), maxMillis)
}

/** Such delays between the attempts of one client. */
export class ExponentialBackoff {
  private readonly initialMillis: number
  private readonly maxMillis: number
  readonly randomBelow: RandomBelow

  constructor(initialMillis: number, maxMillis: number, randomBelow: RandomBelow) {
    this.initialMillis = initialMillis
    this.maxMillis = maxMillis
    this.randomBelow = randomBelow
  }

  /** Whole milliseconds to wait after a number of failed attempts, the first being 0. */
  backoffMillis(attempts: number): number {
    return exponentialBackoff(this.initialMillis, this.maxMillis, attempts, this)
  }
}
