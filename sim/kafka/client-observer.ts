import type { TopicPartition } from './assignor/subscription.ts'
import type { ConsumerClient, PolledRecord } from './consumer-client.ts'
import type { SendListener } from './producer/record.ts'
import type { ProducerClient } from './producer-client.ts'
import type { Channel } from './protocol/api.ts'
import type { GroupMetadata, Offsets } from './transaction/client-request.ts'

/** Watches what the clients of a cluster do and what they are told; changes nothing. */
export interface ClientObserver {
  /** The channel of a client, by which it is heard from now on. */
  channelOf(client: ConsumerClient | ProducerClient, channel: Channel): Channel
  /** Who is to be told of a send of a producer: its own listener hears it from there. */
  sending(producer: ProducerClient, listener: SendListener): SendListener
  transactionBegun(producer: ProducerClient): void
  /** Offsets of a group are to be committed with the transaction. */
  offsetsAdded(producer: ProducerClient, offsets: Offsets, group: GroupMetadata): void
  /** The end of the transaction is asked for. */
  transactionEnding(producer: ProducerClient): void
  transactionEnded(producer: ProducerClient, isCommitted: boolean): void
  /** A consumer was given records. */
  polled(consumer: ConsumerClient, records: readonly PolledRecord[]): void
  /** Partitions came to a consumer, or it gives them up. */
  assigned(
    consumer: ConsumerClient,
    change: 'assigned' | 'revoked',
    partitions: readonly TopicPartition[],
  ): void
  /** A consumer reads on elsewhere, because its application or auto.offset.reset says so. */
  moved(
    consumer: ConsumerClient,
    partition: TopicPartition,
    offset: number,
    reason: 'application' | 'reset',
  ): void
}
