import type { Link } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import type { Actor } from '../kernel/queue.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { hashNumber } from '../kernel/value.ts'
import type { KafkaCluster } from './broker.ts'
import type { Partition } from './partition.ts'
import type { ProducedRecord, ProduceRequest, ProduceResponse } from './protocol.ts'

const REQUEST_ARRIVES = 0

/** One produce request on its way to the leader and back. */
class ProduceCall implements Actor {
  private readonly cluster: KafkaCluster
  private readonly partition: Partition
  private readonly request: ProduceRequest
  private readonly back: Link
  private readonly operation: Operation<ProduceResponse> | undefined
  private response: ProduceResponse = { errorCode: 'NONE', baseOffset: -1 }

  constructor(
    cluster: KafkaCluster,
    partition: Partition,
    request: ProduceRequest,
    back: Link,
    operation: Operation<ProduceResponse> | undefined,
  ) {
    this.cluster = cluster
    this.partition = partition
    this.request = request
    this.back = back
    this.operation = operation
  }

  onEvent(code: number, _subject: unknown): void {
    const { kernel, network } = this.cluster
    if (code === REQUEST_ARRIVES) {
      const record = this.partition.leader.produce(this.partition, this.request, kernel.cause)
      this.response = { errorCode: 'NONE', baseOffset: record.offset }
      if (this.operation !== undefined)
        network.send(this.back, this.request.record.entity, this, 1, undefined, record.appended)
    } else {
      this.operation?.complete(this.response, hashNumber(this.response.baseOffset), kernel.cause)
    }
  }
}

/** A producer client of one process. */
export class Producer {
  private readonly cluster: KafkaCluster
  private readonly process: Process

  constructor(cluster: KafkaCluster, process: Process) {
    this.cluster = cluster
    this.process = process
  }

  /** Sends a record and waits until its leader has it (acks=1; with one replica also acks=all). */
  send(task: Task, step: number, topic: string, record: ProducedRecord): Promise<ProduceResponse> {
    const operation = task.begin<ProduceResponse>(
      step,
      this.cluster.kernel.trace && { topic, key: record.key, value: record.value },
    )
    if (operation === undefined) return Operation.never()
    this.dispatch(topic, record, operation, task.cause)
    return operation.promise
  }

  private dispatch(
    topic: string,
    record: ProducedRecord,
    operation: Operation<ProduceResponse> | undefined,
    cause: number,
  ): void {
    const { network } = this.cluster
    const partition = this.cluster.partitionFor(topic, record.key)
    const there = network.link(this.process, partition.leader.process)
    const back = network.link(partition.leader.process, this.process)
    const request = { topic, partition: partition.index, record }
    const call = new ProduceCall(this.cluster, partition, request, back, operation)
    network.send(there, record.entity, call, REQUEST_ARRIVES, undefined, cause)
  }
}
