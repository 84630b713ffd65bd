import type { ApiRequest } from '../../../../sim/kafka/protocol/api.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'
import type { BrokerStep, Fields, History, RequestStep, Step } from '../history.ts'
import { Symbols } from '../recorder/symbols.mjs'
import { exchangeOf } from './messages.ts'

/** The moment that a history calls 0; what went on before is far enough away for every period. */
const EPOCH_MILLIS = 1_700_000_000_000
const UNTIL_INTERVAL_MILLIS = 50
const UNTIL_TIMEOUT_MILLIS = 60_000
/** How long the process of a broker takes to start, of Kafka's on the machine that recorded. */
const START_MILLIS = 1_500

/** What the simulator did with a request. */
export interface Outcome {
  readonly step: RequestStep
  /** undefined: it was not answered. */
  readonly response: Fields | undefined
  /** How long the answer took. */
  readonly tookMillis: number
}

/** The members of a list that a comparison is told to leave out, and why it may. */
interface Pending {
  readonly step: RequestStep
  readonly sentMillis: number
  response?: Fields
  answeredMillis?: number
}

/** Plays the steps of a history against simulated brokers, each at its moment. */
export class Replay {
  private readonly history: History
  private readonly cluster: BrokerCluster
  private readonly symbols: Symbols
  /** How far the simulation is behind the recording. */
  private shiftMillis = 0
  private readonly pending: Pending[] = []

  constructor(history: History) {
    this.history = history
    const config = history.brokerConfig as Record<string, never>
    this.cluster = new BrokerCluster({
      brokers: history.brokers,
      config,
      controller: config,
      nowMillis: EPOCH_MILLIS - 60_000,
    })
    const ids = Array.from({ length: history.brokers }, (_, at) => at + 1)
    const internal = ['__consumer_offsets', '__transaction_state'].map((name) => ({
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [ids],
      configs: { 'cleanup.policy': 'compact' },
    }))
    this.cluster.createTopics(internal)
    this.warmUp()
    this.cluster.createTopics(
      history.topics.map(({ name, assignment, configs }) => ({
        name,
        numPartitions: -1,
        replicationFactor: -1,
        assignments: assignment,
        configs,
      })),
    )
    const types = history.topics.map(({ configs }) => configs['message.timestamp.type'])
    this.symbols = new Symbols(EPOCH_MILLIS, types.includes('LogAppendTime'))
    this.cluster.advanceTo(EPOCH_MILLIS)
  }

  /** Plays all steps. @returns what the simulator answered, in the order of the steps */
  play(): Outcome[] {
    for (const [at, step] of this.history.steps.entries()) {
      this.reach(step.atMillis)
      this.awaitAnswersBefore(step.atMillis)
      if ('action' in step) this.act(step)
      else if (step.eventually) this.repeat(step)
      else this.pending.push(this.send(step))
      const next = this.history.steps[at + 1]
      if (next === undefined) this.awaitAnswersBefore(Number.POSITIVE_INFINITY)
    }
    return this.pending.map(({ step, response, answeredMillis, sentMillis }) => ({
      step,
      response,
      tookMillis: (answeredMillis ?? Number.POSITIVE_INFINITY) - sentMillis,
    }))
  }

  /** Asks for a producer id until there is one, as the recorder does. */
  private warmUp(): void {
    for (let round = 0; round < 5; round++) {
      const body = { transactionalId: 'warm-up', transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }
      const request = { api: 'InitProducerId', apiVersion: 4, clientId: '', body, timeoutMillis: 1000 } as const
      for (const id of this.cluster.nodes.keys()) this.cluster.send(id, request, () => {})
      this.cluster.advanceTo(this.cluster.nowMillis + 1_000)
    }
  }

  private reach(atMillis: number): void {
    const moment = EPOCH_MILLIS + atMillis + this.shiftMillis
    if (moment > this.cluster.nowMillis) this.cluster.advanceTo(moment)
  }

  /** What was answered before a step when it was recorded is to be answered before it here. */
  private awaitAnswersBefore(atMillis: number): void {
    for (const one of this.pending) {
      const { step } = one
      if (step.response === null || step.respondedAtMillis > atMillis) continue
      const limit = this.cluster.nowMillis + UNTIL_TIMEOUT_MILLIS
      while (one.answeredMillis === undefined && this.cluster.nowMillis < limit) {
        const before = this.cluster.nowMillis
        this.cluster.advanceTo(Math.max(before, Math.min(limit, this.cluster.nextDeadlineMillis())))
        this.shiftMillis += this.cluster.nowMillis - before
      }
    }
  }

  private act({ action, broker }: BrokerStep): void {
    const { cluster } = this
    if (action === 'startBroker') {
      cluster.advanceTo(cluster.nowMillis + START_MILLIS)
      cluster.start(broker)
    } else if (action === 'stopBroker') {
      cluster.stop(broker)
      const limit = cluster.nowMillis + UNTIL_TIMEOUT_MILLIS
      while (cluster.isUp(broker) && cluster.nowMillis < limit) cluster.advanceTo(cluster.nextDeadlineMillis())
    } else if (action === 'killBroker') cluster.kill(broker)
    else if (action === 'pauseBroker') cluster.pause(broker)
    else cluster.resume(broker)
  }

  private repeat(step: RequestStep): void {
    const { cluster } = this
    const started = cluster.nowMillis
    const expected = JSON.stringify(step.response)
    let last: Pending
    do {
      last = { ...this.send(step), sentMillis: started }
      if (last.response !== undefined && JSON.stringify(this.ordered(last.response)) === expected) break
      cluster.advanceTo(cluster.nowMillis + UNTIL_INTERVAL_MILLIS)
    } while (cluster.nowMillis < started + UNTIL_TIMEOUT_MILLIS)
    this.pending.push(last)
    const recorded = EPOCH_MILLIS + step.respondedAtMillis + this.shiftMillis
    this.shiftMillis += Math.max(0, cluster.nowMillis - recorded)
  }

  private ordered(response: Fields): Fields {
    return response
  }

  private send(step: RequestStep): Pending {
    const sent: Pending = { step, sentMillis: this.cluster.nowMillis }
    const { requests, answer } = exchangeOf(step, this.symbols.resolve(step.request) as Fields)
    const responses: unknown[] = []
    let missing = requests.length
    for (const [at, request] of requests.entries()) {
      this.cluster.send(step.broker, request as ApiRequest, (response) => {
        responses[at] = response
        missing -= 1
        if (missing > 0) return
        sent.answeredMillis = this.cluster.nowMillis
        const shown = responses.includes(undefined) ? { connectionClosed: true } : answer(responses)
        sent.response = this.symbols.response(JSON.parse(JSON.stringify(shown))) as Fields
      })
    }
    return sent
  }
}

/** Whether a step is a request. */
export function isRequest(step: Step): step is RequestStep {
  return 'api' in step
}
