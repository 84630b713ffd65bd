import { z } from 'zod'
import { LATENCY_SHAPES } from '../cluster/latency.ts'
import { durationText } from '../faults/duration.ts'
import type { FaultKind } from '../faults/fault.ts'
import { FAULT_KINDS } from '../faults/registry.ts'
import { type FaultSpec, readTrigger } from '../faults/spec.ts'
import { invariant } from '../kernel/error.ts'
import { isTooLong, LONGEST } from '../kernel/time.ts'
import { boundsSchema } from './bounds-schema.ts'
import { boundRefusals, kafkaRefusal, kafkaSchema } from './kafka-limits.ts'
import { ORACLE_NAMES, oracleProperty } from './oracles.ts'
import {
  DEFAULT_BUDGET,
  DEFAULT_CLUSTER,
  DEFAULT_WORKLOAD,
  MOST_BROKERS,
  REACHES,
  type ScenarioInput,
  VERDICTS,
} from './scenario.ts'
import { switchesSchema } from './switches.ts'

const MAX_ORDERS = 1_000_000

const trigger = {
  at: z
    .string()
    .refine((at) => readTrigger({ at }) !== undefined, {
      error: "expected a moment such as '2s', or a step such as 'after provider.charge'",
      abort: true,
    })
    .refine((at) => !isTooLong(at), { error: `expected a moment of at most ${LONGEST}, or a step` })
    .describe(
      'when it strikes: a moment (2s), or a step (after provider.charge, before payment.OrderCreated tx.commit)',
    )
    .meta({ examples: ['2s', 'after provider.charge', 'before payment.OrderCreated tx.commit'] }),
  of: z
    .string()
    .regex(/^\S+[ -]\d+$/, { error: "expected one business process, such as 'order 2'" })
    .optional()
    .describe('only while the step works for this business process'),
  nth: z.int().min(1).optional().describe('the nth time that the step is reached; default 1'),
}

/** The entry of a scenario file that means a kind of fault: the kind's own members, and when it strikes. */
function entryOf(kind: FaultKind): z.ZodType {
  const { schema } = kind
  invariant(schema instanceof z.ZodObject, `the schema of fault ${kind.kind} is no object`)
  return schema
    .extend(trigger)
    .superRefine((entry, context) => {
      const { at, ...members } = entry as FaultSpec
      if (readTrigger({ at })?.kind !== 'time') return
      for (const member of ['of', 'nth']) {
        if (members[member] === undefined) continue
        const message = `expected no '${member}' here: it selects a passage of a step, and '${at}' is a moment`
        context.addIssue({ code: 'custom', path: [member], message })
      }
    })
    .describe(kind.says)
}

/** Schemas of the fault entries, in the order of the registry. */
const faultEntries = FAULT_KINDS.map(entryOf) as [z.ZodType, z.ZodType, ...z.ZodType[]]

/** Scenario files. Unknown members are errors, because a member that is misspelled must not be ignored. */
export const scenarioSchema = z
  .strictObject({
    $schema: z.string().optional().describe('for editors; ignored'),
    name: z.string().min(1).optional().describe("default: the file's name"),
    description: z.string().optional().describe('what it shows, for people'),
    system: z
      .string()
      .min(1)
      .describe('name of the system (scenarios/<name>/system.ts), or the path of its file from here'),
    params: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .describe('params of the system that differ from its defaults'),
    cluster: z
      .strictObject({
        brokers: z
          .int()
          .min(1)
          .max(MOST_BROKERS)
          .optional()
          .describe(`how many brokers; default ${DEFAULT_CLUSTER.brokers}`),
        scheduling: z
          .enum(['fifo', 'random'])
          .optional()
          .describe(`the order of simultaneous events; default ${DEFAULT_CLUSTER.scheduling}`),
        latency: z
          .enum(LATENCY_SHAPES)
          .optional()
          .describe(
            `how long messages and the work of external systems take: as usual, always the median (constant), ten times as long (slow), or now and then much longer (long-tailed); default ${DEFAULT_CLUSTER.latency}`,
          ),
        kafka: kafkaSchema.optional().describe("Kafka's configuration, by Kafka's own names"),
        switches: switchesSchema
          .optional()
          .describe('historical or mistaken behaviour of brokers and clients, to bring known bugs back'),
        oracles: z
          .array(z.enum(ORACLE_NAMES))
          .optional()
          .describe(
            `what is watched of the cluster itself, each one more property: ${ORACLE_NAMES.map((name) => `${name} ('${oracleProperty(name)}')`).join(', ')}; default none, because it takes time`,
          ),
      })
      .superRefine(({ kafka = {}, brokers = DEFAULT_CLUSTER.brokers }, context) => {
        // What no cluster can have, the schema of the configuration has said already.
        if (brokers < 1 || kafkaRefusal(kafka, MOST_BROKERS) !== undefined) return
        const refusal = kafkaRefusal(kafka, brokers)
        if (refusal === undefined) return
        const { path, message } = refusal
        context.addIssue({ code: 'custom', path: ['kafka', ...path], message })
      })
      .optional(),
    workload: z
      .strictObject({
        orders: z
          .int()
          .min(1, { error: 'expected at least 1, because a run without any tests nothing' })
          .max(MAX_ORDERS)
          .optional()
          .describe(`how many actions users take; default ${DEFAULT_WORKLOAD.orders}`),
        every: durationText
          .optional()
          .describe(`time between two of them; default ${DEFAULT_WORKLOAD.every}`),
        only: z
          .array(z.int().min(1).max(MAX_ORDERS))
          .min(1, { error: 'expected at least one number, because a run without any action tests nothing' })
          .refine((numbers) => numbers.every((number, index) => number > (numbers[index - 1] ?? 0)), {
            error: 'expected rising numbers',
          })
          .optional()
          .describe('the numbers of those that are taken; the others are left out, and their time goes by'),
      })
      .optional(),
    faults: z.array(z.union(faultEntries)).optional().describe('what goes wrong, and when'),
    expect: z
      .record(z.string(), z.enum([...VERDICTS, ...REACHES]))
      .optional()
      .describe(
        'by name of property; one that is not named is expected to pass, and of what may come true nothing is expected',
      ),
    budget: z
      .strictObject({
        events: z
          .int()
          .min(1)
          .optional()
          .describe(`events after which the run ends; default ${DEFAULT_BUDGET.events}`),
        time: durationText
          .optional()
          .describe(`virtual time after which the run ends; default ${DEFAULT_BUDGET.time}`),
      })
      .optional(),
    explore: boundsSchema.optional(),
    seed: z.int().min(0).optional().describe("the seed of 'run' unless --seed says another; default 1"),
  })
  .superRefine(({ cluster = {}, explore = {} }, context) => {
    const { kafka = {}, brokers = DEFAULT_CLUSTER.brokers } = cluster
    const { kafka: bounds = {}, brokers: counts = [brokers] } = explore
    for (const { name, index, message } of boundRefusals(kafka, counts, bounds))
      context.addIssue({ code: 'custom', path: ['explore', 'kafka', name, index], message })
  })

/** A scenario file's content: a scenario with its defaults left out, and perhaps a seed. */
export type ScenarioFile = ScenarioInput & { readonly seed?: number | undefined }

/** A JSON Schema (draft-07) of scenario files, for editors. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioSchema, { target: 'draft-07', io: 'input' })
}
