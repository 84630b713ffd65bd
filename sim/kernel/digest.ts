import { avalanche } from './mix.ts'

/** A rolling 64-bit hash over everything a run executes; two runs that differ anywhere end with other digests. */
export class Digest {
  low = 0x9e3779b9 | 0
  high = 0x7f4a7c15 | 0

  /** Takes in 32 bits. */
  word(word: number): void {
    let low = Math.imul(this.low ^ word, 0x9e3779b1)
    low ^= low >>> 15
    let high = Math.imul((this.high ^ (word >>> 16)) + low, 0x85ebca77)
    high ^= high >>> 13
    this.low = low
    this.high = high
  }

  /** Takes in a count or a time: an integer below 2^53. */
  integer(value: number): void {
    this.word(value | 0)
    if (value >= 4294967296) this.word((value / 4294967296) | 0)
  }

  /** Sixteen hexadecimal digits. */
  hex(): string {
    const part = (word: number): string => (avalanche(word) >>> 0).toString(16).padStart(8, '0')
    return part(this.high ^ Math.imul(this.low, 0x27d4eb2f)) + part(this.low)
  }
}
