import { z } from 'zod'
import { type DurationText, isTooLong, LONGEST, readDuration } from '../kernel/time.ts'

const EXAMPLES = ['300ms', '2s', '5m']

/** A duration in a scenario file: `300ms`, `2s`. */
export const durationText = durationOr()

/** A duration, or one of some words that stand for another span of time. */
export function durationOr<const Word extends string = never>(
  ...words: readonly Word[]
): z.ZodType<DurationText | Word> {
  const isWord = (text: string): boolean => (words as readonly string[]).includes(text)
  const or = words.map((word) => `, or '${word}'`).join('')
  const error = `expected a duration such as '300ms', '2s' or '5m'${or}`
  return z
    .string({ error })
    .refine((text) => isWord(text) || readDuration(text) !== undefined, { error, abort: true })
    .refine((text) => isWord(text) || !isTooLong(text), {
      error: `expected a duration of at most ${LONGEST}`,
    })
    .meta({ examples: [...EXAMPLES, ...words] }) as unknown as z.ZodType<DurationText | Word>
}

/** The name of a process (`payment-1`) or of a service (all its instances). */
export const processName = z.string().min(1)
