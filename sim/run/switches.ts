import { z } from 'zod'
import { KAFKA_SWITCHES, type KafkaSwitches } from '../kafka/config.ts'
import type { Truncation } from '../kafka/replication/config.ts'

/** A switch: what another value of it brings back, and what mended that. */
interface Switch {
  readonly schema: z.ZodType
  readonly says: string
}

const TRUNCATIONS = ['fetch', 'KIP-279', 'KIP-101', 'high-watermark'] as const satisfies readonly Truncation[]

const flag = z.boolean()

/** Every switch of brokers and clients. */
const SWITCHES: { readonly [Name in keyof KafkaSwitches]: Switch } = {
  truncation: {
    schema: z.enum(TRUNCATIONS),
    says: 'how a follower makes its log agree with a new leader: high-watermark cuts off what is committed (until 0.11, KIP-101), KIP-101 lets logs differ after two fast elections (until 2.0, KAFKA-6361 and KIP-279)',
  },
  fenceByLeaderEpoch: {
    schema: flag,
    says: 'fetches of an older leader epoch are refused; until 2.1 they counted (KIP-320, KAFKA-6880)',
  },
  expandRequiresEpochStart: {
    schema: flag,
    says: 'a follower joins the ISR only once it has reached the start of the epoch; until 2.0 it need not (KAFKA-7128)',
  },
  maximalIsrEager: {
    schema: flag,
    says: 'a follower that is about to join the ISR holds the high watermark back already; until 2.7 it did not (KIP-497)',
  },
  brokerEpochCheck: {
    schema: flag,
    says: 'a follower joins the ISR only in the life in which it fetched; until 3.5 also after a restart (KIP-903)',
  },
  highWatermarkFrozenBelowMinIsr: {
    schema: flag,
    says: 'the high watermark stands still while the ISR is below min.insync.replicas; until 3.7 it moved (KIP-966, KAFKA-15583)',
  },
  producerStateWindow: {
    schema: z.int().min(1).max(1_000),
    says: 'how many batches of a producer are known as duplicates when they come again; one until 1.0 (KAFKA-5494)',
  },
  pageCacheLossOnMachineCrash: {
    schema: flag,
    says: 'a machine that loses power loses what was not flushed; without it, every write is on disk at once',
  },
  markersKeepProducerState: {
    schema: flag,
    says: 'a marker counts as a sign of life of its producer; until 2.5 it did not (KAFKA-9144)',
  },
  producerStateOutlivesRecords: {
    schema: flag,
    says: 'a producer is remembered when its last batch is deleted; until 2.4 it was forgotten (KAFKA-7190, KIP-360)',
  },
  epochsMoveWithLog: {
    schema: flag,
    says: 'a log that is moved to another directory takes its history of leader epochs along; in Kafka it does not (KAFKA-15608, KAFKA-20961)',
  },
  timeoutBumpsEpoch: {
    schema: flag,
    says: 'a producer whose transaction took too long is fenced; until 1.0 it went on (KAFKA-6119), with transaction.version 1',
  },
  coordinatorAwaitsReplication: {
    schema: flag,
    says: 'a new transaction coordinator answers once what it has loaded is replicated; in Kafka it does not wait, and may forget what it said',
  },
  validatePosition: {
    schema: flag,
    says: 'a consumer asks a new leader whether its log has what was read before; until 2.1 it read on (KIP-320)',
  },
}

/** Historical or mistaken behaviour of brokers and clients in a scenario; what is left out is as in Kafka today. */
export const switchesSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(SWITCHES).map(([name, { schema, says }]) => [
      name,
      schema.optional().describe(`${says}; default ${String(KAFKA_SWITCHES[name as keyof KafkaSwitches])}`),
    ]),
  ),
) as unknown as z.ZodType<Partial<KafkaSwitches>>
