import { z } from 'zod'
import { type DurationText, isTooLong, LONGEST, readDuration } from '../kernel/time.ts'

const error = "expected a duration such as '300ms', '2s' or '5m'"

/** A duration in a scenario file: `300ms`, `2s`. */
export const durationText = z
  .string({ error })
  .refine((text) => readDuration(text) !== undefined, { error, abort: true })
  .refine((text) => !isTooLong(text), { error: `expected a duration of at most ${LONGEST}` })
  .meta({ examples: ['300ms', '2s', '5m'] }) as unknown as z.ZodType<DurationText>

/** The name of a process (`payment-1`) or of a service (all its instances). */
export const processName = z.string().min(1)
