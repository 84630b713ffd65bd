import type { ErrorCode } from '../error-code.ts'
import type { ApiRequest, ResponseOf } from '../protocol/api.ts'
import type { BrokerContext } from './context.ts'
import type { ControllerApi, ControllerApis } from './host.ts'
import type { Respond } from './respond.ts'

type ElectionResults = ResponseOf<'ElectLeaders'>['replicaElectionResults']

/** What administrators ask, and the controller answers. Source: ForwardingManager. */
export class Administration {
  private readonly context: BrokerContext

  constructor(context: BrokerContext) {
    this.context = context
  }

  createTopics({ body }: ApiRequest<'CreateTopics'>, respond: Respond<'CreateTopics'>): void {
    const topics = body.topics.map(({ name, numPartitions, replicationFactor, assignments, configs }) => ({
      name,
      numPartitions,
      replicationFactor,
      assignments: assignments
        .toSorted((left, right) => left.partitionIndex - right.partitionIndex)
        .map(({ brokerIds }) => brokerIds),
      configs: Object.fromEntries(configs.map((config) => [config.name, config.value])),
    }))
    this.forward('CreateTopics', topics, (results) => respond(results && { topics: results }))
  }

  deleteTopics({ body }: ApiRequest<'DeleteTopics'>, respond: Respond<'DeleteTopics'>): void {
    this.forward('DeleteTopics', body.topicNames, (responses) => respond(responses && { responses }))
  }

  createPartitions({ body }: ApiRequest<'CreatePartitions'>, respond: Respond<'CreatePartitions'>): void {
    const topics = body.topics.map(({ name, count, assignments }) => ({
      name,
      count,
      ...(assignments === null ? {} : { assignments: assignments.map(({ brokerIds }) => brokerIds) }),
    }))
    this.forward('CreatePartitions', topics, (results) => respond(results && { results }))
  }

  electLeaders({ body }: ApiRequest<'ElectLeaders'>, respond: Respond<'ElectLeaders'>): void {
    const partitions = body.topicPartitions?.flatMap(({ topic, partitions: indexes }) =>
      indexes.map((partition) => ({ topic, partition })),
    )
    this.forward('ElectLeaders', { electionType: body.electionType, partitions }, (results) => {
      if (results === undefined) {
        respond(undefined)
        return
      }
      const byTopic = new Map<string, { partitionId: number; errorCode: ErrorCode }[]>()
      for (const { topic, partition: partitionId, errorCode } of results)
        byTopic.set(topic, [...(byTopic.get(topic) ?? []), { partitionId, errorCode }])
      const replicaElectionResults: ElectionResults = [...byTopic].map(([topic, partitionResult]) => ({
        topic,
        partitionResult,
      }))
      respond({ errorCode: 'NONE', replicaElectionResults })
    })
  }

  private forward<Api extends ControllerApi>(
    api: Api,
    body: ControllerApis[Api]['request'],
    answered: (response: ControllerApis[Api]['response'] | undefined) => void,
  ): void {
    const { context } = this
    context.host.controller.send({ api, body }, (response, nowMillis) => {
      context.nowMillis = nowMillis
      answered(response)
      context.settle()
    })
  }
}
