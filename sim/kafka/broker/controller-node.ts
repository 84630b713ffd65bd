import type { ControllerConfig } from '../controller/config.ts'
import { Controller } from '../controller/controller.ts'
import type { Choose } from '../controller/placement.ts'
import type { ControllerApi, ControllerApis, ControllerRequest } from './host.ts'

/** Producer ids that a broker gets at a time. Source: ProducerIdsBlock. */
const PRODUCER_ID_BLOCK = 1_000

/** The active controller as brokers reach it: its answers to what they ask. Source: ControllerApis. */
export class ControllerNode {
  readonly controller: Controller
  private readonly choose: Choose
  private nextProducerId = 0

  /** @param choose decides where the placement of replicas starts */
  constructor(config: ControllerConfig, choose: Choose, nowMillis: number) {
    this.controller = new Controller(config, nowMillis)
    this.choose = choose
  }

  /** Answers a request; what it changes is in the metadata then. */
  answer<Api extends ControllerApi>(
    request: ControllerRequest<Api>,
    nowMillis: number,
  ): ControllerApis[Api]['response'] {
    return this.answers(request as ControllerRequest, nowMillis) as ControllerApis[Api]['response']
  }

  private answers({ api, body }: ControllerRequest, nowMillis: number): unknown {
    const { controller, choose } = this
    type Body<Api extends ControllerApi> = ControllerApis[Api]['request']
    switch (api) {
      case 'BrokerRegistration':
        return controller.registerBroker(body as Body<typeof api>, nowMillis)
      case 'BrokerHeartbeat':
        return controller.brokerHeartbeat(body as Body<typeof api>, nowMillis)
      case 'AlterPartition': {
        const request = body as Body<typeof api>
        return controller.alterPartition({ topic: request.topic, partition: request.partition }, request)
      }
      case 'AllocateProducerIds':
        return this.producerIds(body as Body<typeof api>)
      case 'CreateTopics':
        return controller.createTopics(body as Body<typeof api>, choose)
      case 'DeleteTopics':
        return controller.deleteTopics(body as Body<typeof api>)
      case 'CreatePartitions':
        return controller.createPartitions(body as Body<typeof api>, choose)
      case 'ElectLeaders': {
        const { electionType, partitions } = body as Body<typeof api>
        return controller.electLeaders(electionType, partitions)
      }
    }
  }

  private producerIds({ brokerId, brokerEpoch }: ControllerApis['AllocateProducerIds']['request']) {
    if (this.controller.metadata.brokers.get(brokerId)?.brokerEpoch !== brokerEpoch)
      return { errorCode: 'STALE_BROKER_EPOCH', producerIdStart: 0, producerIdLen: 0 }
    const producerIdStart = this.nextProducerId
    this.nextProducerId += PRODUCER_ID_BLOCK
    return { errorCode: 'NONE', producerIdStart, producerIdLen: PRODUCER_ID_BLOCK }
  }
}
