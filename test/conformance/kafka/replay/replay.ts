import type { ApiRequest } from '../../../../sim/kafka/protocol/api.ts'
import { BrokerCluster } from '../../../fixtures/broker-cluster.ts'
import type { BrokerStep, Fields, History, RequestStep, Value } from '../history.ts'
import { Symbols } from '../recorder/symbols.mjs'
import { exchangeOf } from './messages.ts'

/** The moment that a history calls 0; what went on before is far enough away for every period. */
const EPOCH_MILLIS = 1_700_000_000_000
const SETTLE_MILLIS = 60_000
const UNTIL_INTERVAL_MILLIS = 50
const PATIENCE_MILLIS = 60_000
/** How long the process of a broker of Kafka's took to start on the machine that recorded. */
const START_MILLIS = 2_300

/** What a replay has to be told because a recording does not show it. */
export interface Hints {
  /** Two topics whose ids, which are random, are in another order than their names. */
  readonly swappedTopics?: readonly [string, string]
  /** Steps, from 0, whose batch has a wrong checksum. */
  readonly corrupt?: readonly number[]
}

/** What the simulator did with a request. */
export interface Outcome {
  readonly index: number
  readonly step: RequestStep
  /** null: it was not answered. */
  readonly response: Fields | null
  /** How long the answer took; Infinity if there was none. */
  readonly tookMillis: number
}

interface Pending {
  readonly index: number
  readonly step: RequestStep
  readonly sentMillis: number
  response: Fields | null
  answeredMillis: number
}

/** Plays the steps of a history against simulated brokers, each at its moment. */
export class Replay {
  private readonly history: History
  private readonly hints: Hints
  private readonly cluster: BrokerCluster
  private readonly symbols: Symbols
  /** How far the simulation is behind the recording. */
  private shiftMillis = 0
  private readonly pending: Pending[] = []
  /** Connections that a broker has closed: the next request on one fails. */
  private readonly closed = new Set<string>()

  constructor(history: History, hints: Hints = {}) {
    this.history = history
    this.hints = hints
    const config = history.brokerConfig as Record<string, never>
    this.cluster = new BrokerCluster({
      brokers: history.brokers,
      config,
      controller: config,
      nowMillis: EPOCH_MILLIS - SETTLE_MILLIS,
      // The leaders of histories are the first brokers: others hear a little earlier, as happened in the recordings.
      metadataLagMillis: (id) => history.brokers - id,
    })
    this.cluster.createTopics(internalTopics(history.brokers))
    this.warmUp()
    this.cluster.createTopics(
      history.topics.map(({ name, assignment: assignments, configs }) => ({
        name: this.swapped(name) as string,
        numPartitions: -1,
        replicationFactor: -1,
        assignments,
        configs,
      })),
    )
    const types = history.topics.map(({ configs }) => configs['message.timestamp.type'])
    this.symbols = new Symbols(EPOCH_MILLIS, types.includes('LogAppendTime'))
    for (const { name } of history.topics) this.symbols.defineTopic(name, name)
    this.cluster.advanceTo(EPOCH_MILLIS)
  }

  /** Plays all steps. @returns what the simulator answered, in the order of the steps */
  play(): Outcome[] {
    for (const [index, step] of this.history.steps.entries()) {
      this.reach(step.atMillis)
      this.awaitAnswersBefore(step.atMillis)
      if ('action' in step) this.act(step)
      else if (step.eventually) this.repeat(index, step)
      else this.pending.push(this.send(index, step))
    }
    this.awaitAnswersBefore(Number.POSITIVE_INFINITY)
    return this.pending.map(({ index, step, response, answeredMillis, sentMillis }) => ({
      index,
      step,
      response,
      tookMillis: answeredMillis - sentMillis,
    }))
  }

  /** Asks for a producer id until there is one, as the recorder does. */
  private warmUp(): void {
    for (let round = 0; round < 5; round++) {
      const body = {
        transactionalId: 'warm-up',
        transactionTimeoutMs: 1000,
        producerId: -1,
        producerEpoch: -1,
      }
      const request = {
        api: 'InitProducerId',
        apiVersion: 4,
        clientId: '',
        body,
        timeoutMillis: 1000,
      } as const
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
      this.shiftMillis += this.awaitAnswer(one)
    }
  }

  /** Lets time pass until a request is answered. @returns how much */
  private awaitAnswer(one: Pending): number {
    const { cluster } = this
    const started = cluster.nowMillis
    const limit = started + PATIENCE_MILLIS
    while (one.answeredMillis === Number.POSITIVE_INFINITY && cluster.nowMillis < limit)
      cluster.advanceTo(Math.min(limit, Math.max(cluster.nowMillis, cluster.nextDeadlineMillis())))
    return cluster.nowMillis - started
  }

  private act({ action, broker }: BrokerStep): void {
    const { cluster } = this
    if (action === 'startBroker') cluster.at(cluster.nowMillis + START_MILLIS, () => cluster.start(broker))
    else if (action === 'killBroker') cluster.kill(broker)
    else if (action === 'pauseBroker') cluster.pause(broker)
    else if (action === 'resumeBroker') cluster.resume(broker)
    else {
      cluster.stop(broker)
      const limit = cluster.nowMillis + PATIENCE_MILLIS
      while (cluster.isUp(broker) && cluster.nowMillis < limit)
        cluster.advanceTo(cluster.nextDeadlineMillis())
    }
  }

  /** Repeats a request until it is answered as it was when it was recorded. */
  private repeat(index: number, step: RequestStep): void {
    const { cluster } = this
    const started = cluster.nowMillis
    let last: Pending
    do {
      last = { ...this.sendAndWait(index, step), sentMillis: started }
      if (isSame(last.response, step.response)) break
      cluster.advanceTo(cluster.nowMillis + UNTIL_INTERVAL_MILLIS)
    } while (cluster.nowMillis < started + PATIENCE_MILLIS)
    this.pending.push(last)
    const recorded = EPOCH_MILLIS + step.respondedAtMillis + this.shiftMillis
    this.shiftMillis += Math.max(0, cluster.nowMillis - recorded)
  }

  private sendAndWait(index: number, step: RequestStep): Pending {
    const sent = this.send(index, step)
    if (step.response !== null) this.awaitAnswer(sent)
    return sent
  }

  private send(index: number, step: RequestStep): Pending {
    const { cluster } = this
    const sentMillis = cluster.nowMillis
    const sent: Pending = {
      index,
      step,
      sentMillis,
      response: null,
      answeredMillis: Number.POSITIVE_INFINITY,
    }
    const connection = `${step.client} ${step.broker}`
    const answer = (response: Fields): void => {
      sent.answeredMillis = cluster.nowMillis
      sent.response = response
    }
    if (this.closed.delete(connection)) {
      answer({ connectionClosed: true })
      return sent
    }
    const request = this.swapped(this.symbols.resolve(step.request)) as Fields
    const exchange = exchangeOf(step, request, this.hints.corrupt?.includes(index) === true)
    const responses: unknown[] = []
    let missing = exchange.requests.length
    for (const [at, one] of exchange.requests.entries())
      cluster.send(step.broker, one as ApiRequest, (response) => {
        responses[at] = response
        missing -= 1
        if (response === undefined) this.closed.add(connection)
        if (missing > 0) return
        if (responses.includes(undefined)) {
          // Whoever waits for no answer hears of it with the next request.
          if (step.response === null) return
          this.closed.delete(connection)
          answer({ connectionClosed: true })
        } else answer(this.shown(exchange.answer(responses)))
      })
    return sent
  }

  private shown(response: Fields): Fields {
    return this.symbols.response(this.swapped(bared(JSON.parse(JSON.stringify(response))))) as Fields
  }

  /** With the names of the swapped topics the other way round. */
  private swapped(value: Value): Value {
    const [one, other] = this.hints.swappedTopics ?? []
    if (one === undefined || other === undefined) return value
    return mapTexts(value, (text) => (text === one ? other : text === other ? one : text))
  }
}

/** Whether two answers are the same; the order of fields does not matter. */
function isSame(left: Value, right: Value): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right))
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value as Fields).map(([name, each]): [string, Value] => [name, sorted(each)])
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)))
}

function mapTexts(value: Value, change: (text: string) => string): Value {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change))
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value as Fields)
  return Object.fromEntries(entries.map(([name, each]) => [name, mapTexts(each, change)]))
}

/** Ids without a client's name are shorter in Kafka. */
function bared(value: Value): Value {
  return mapTexts(value, (text) =>
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text.replaceAll('-', '').slice(-22) : text,
  )
}

function internalTopics(brokers: number) {
  const all = Array.from({ length: brokers }, (_, at) => at + 1)
  return ['__consumer_offsets', '__transaction_state'].map((name) => ({
    name,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [all],
    configs: { 'cleanup.policy': 'compact' },
  }))
}
