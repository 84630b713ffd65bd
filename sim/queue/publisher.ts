import type { Process } from '../cluster/process.ts'
import type { Actor } from '../kernel/queue.ts'
import { Operation, type Task } from '../kernel/task.ts'
import { hashNumber } from '../kernel/value.ts'
import type { PublishedMessage, PublishRequest, PublishResponse } from './protocol.ts'
import type { QueueServer } from './server.ts'

const REQUEST_ARRIVES = 0
const CONFIRM_ARRIVES = 1

/** One publish request on its way to the server and back. */
class PublishCall implements Actor {
  private readonly server: QueueServer
  private readonly process: Process
  private readonly request: PublishRequest
  private readonly operation: Operation<PublishResponse>
  private queues = 0

  constructor(
    server: QueueServer,
    process: Process,
    request: PublishRequest,
    operation: Operation<PublishResponse>,
  ) {
    this.server = server
    this.process = process
    this.request = request
    this.operation = operation
  }

  onEvent(code: number, _subject: unknown): void {
    const { server, process, request, operation } = this
    const { kernel, network } = server
    if (code === REQUEST_ARRIVES) {
      const { queues, record } = server.publish(request.topic, request.message, kernel.cause)
      this.queues = queues
      const back = network.link(server.process, process)
      network.send(back, request.message.entity, this, CONFIRM_ARRIVES, undefined, record)
    } else {
      operation.complete({ queues: this.queues }, hashNumber(this.queues), kernel.cause)
    }
  }
}

/** A publisher of one process. */
export class Publisher {
  private readonly server: QueueServer
  private readonly process: Process

  constructor(server: QueueServer, process: Process) {
    this.server = server
    this.process = process
  }

  /** Sends a message and waits until the server has it (publisher confirms, the answer to SendMessage). */
  send(task: Task, step: number, topic: string, message: PublishedMessage): Promise<PublishResponse> {
    const { kernel, network, process: server } = this.server
    const { key, value, entity } = message
    const operation = task.begin<PublishResponse>(step, kernel.trace && { topic, key, value })
    if (operation === undefined) return Operation.never()
    const call = new PublishCall(this.server, this.process, { topic, message }, operation)
    network.send(network.link(this.process, server), entity, call, REQUEST_ARRIVES, undefined, task.cause)
    return operation.promise
  }
}
