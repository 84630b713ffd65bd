import { z } from 'zod'
import { LATENCY_SHAPES } from '../cluster/latency.ts'
import { durationText } from '../faults/duration.ts'
import { FAULT_KINDS } from '../faults/registry.ts'
import { kafkaListsSchema } from './kafka-limits.ts'
import { MOST_BROKERS } from './scenario.ts'

const KIND_NAMES = FAULT_KINDS.map(({ kind }) => kind)

const oneOfMany = <Schema extends z.ZodType>(value: Schema) =>
  z.array(value).min(1, { error: 'expected at least one value to draw' }).optional()

/** The bounds of a campaign in a scenario file. */
export const boundsSchema = z
  .strictObject({
    orders: oneOfMany(z.int().min(1)).describe('how many actions users take'),
    every: oneOfMany(durationText).describe('time between two of them'),
    brokers: oneOfMany(z.int().min(1).max(MOST_BROKERS)).describe('how many brokers'),
    scheduling: oneOfMany(z.enum(['fifo', 'random'])).describe('the order of simultaneous events'),
    latency: oneOfMany(z.enum(LATENCY_SHAPES)).describe(
      'how long messages and the work of external systems take',
    ),
    kafka: kafkaListsSchema.optional().describe("values of Kafka's configuration, by Kafka's own names"),
    faults: oneOfMany(z.enum(KIND_NAMES)).describe('kinds of faults; the others are in no plan'),
    atMost: z.int().min(0).max(100).optional().describe('faults of a plan at most; default 16'),
  })
  .describe('the bounds within which `faultline explore` draws what a run is like: one value of each list')
