import { hashText } from '../kernel/mix.ts'
import type { BrokerObserver } from './broker/host.ts'
import type { KafkaCluster } from './cluster.ts'
import { placeOf } from './consumer-client.ts'
import type { ControlRecordType, RecordBatch } from './log/batch.ts'
import { SentRecord } from './sent-record.ts'

/** Topics of the cluster itself: no service reads them. */
const INTERNAL = /^__/

/** Notes in trace and digest what brokers do. */
export class TraceObserver implements BrokerObserver {
  private readonly cluster: KafkaCluster
  private readonly broker: string
  /** The producers whose transactions are open, by partition. */
  private readonly open = new Map<string, Set<number>>()

  /** @param broker name of the broker's process */
  constructor(cluster: KafkaCluster, broker: string) {
    this.cluster = cluster
    this.broker = broker
  }

  appended(topic: string, partition: number, batch: RecordBatch, baseOffset: number): void {
    const { kernel, witness } = this.cluster
    const lane = placeOf(topic, partition)
    kernel.digest.word(hashText(lane, 0))
    const producerId = batch.isTransactional ? batch.producerId : undefined
    if (producerId !== undefined && kernel.trace !== undefined)
      this.began(topic, partition, producerId, baseOffset)
    for (const record of batch.records) {
      if (!(record instanceof SentRecord)) continue
      kernel.digest.word(record.hash)
      const { key, value, entity, offsetDelta } = record
      witness?.appended(topic, lane, baseOffset + offsetDelta, record)
      if (kernel.trace === undefined) continue
      const offset = baseOffset + offsetDelta
      const data = producerId === undefined ? { offset, key, value } : { offset, key, value, producerId }
      record.appended = kernel.record('append', lane, entity, record.sent || kernel.cause, data)
    }
  }

  transactionEnded(
    topic: string,
    partition: number,
    producerId: number,
    how: ControlRecordType,
    offset: number,
  ): void {
    this.open.get(placeOf(topic, partition))?.delete(producerId)
    const state = how === 'COMMIT' ? 'committed' : 'aborted'
    this.note('transaction', topic, partition, { producerId, offset, state })
  }

  leads(topic: string, partition: number): void {
    this.note('leader', topic, partition, { leader: this.broker })
  }

  highWatermarkRaised(topic: string, partition: number, offset: number): void {
    this.note('watermark', topic, partition, { offset, leader: this.broker })
  }

  groupChanged(groupId: string, generation: number, clientIds: readonly string[]): void {
    const { kernel, rebalances } = this.cluster
    rebalances.set(groupId, (rebalances.get(groupId) ?? 0) + 1)
    kernel.digest.word(hashText(groupId, generation))
    for (const clientId of clientIds) kernel.digest.word(hashText(clientId, 0))
    const data = kernel.trace && { generation, members: clientIds }
    kernel.cause = kernel.record('rebalance', `group ${groupId}`, undefined, kernel.cause, data)
  }

  /** Notes the first write of a transaction to a partition; another leader may have noted it before. */
  private began(topic: string, partition: number, producerId: number, offset: number): void {
    const place = placeOf(topic, partition)
    const open = this.open.get(place) ?? new Set()
    this.open.set(place, open)
    if (open.has(producerId)) return
    open.add(producerId)
    this.note('transaction', topic, partition, { producerId, offset, state: 'open' })
  }

  private note(kind: string, topic: string, partition: number, data: object): void {
    const { kernel } = this.cluster
    if (kernel.trace === undefined || INTERNAL.test(topic)) return
    kernel.record(kind, placeOf(topic, partition), undefined, kernel.cause, data)
  }
}
