import { Monitor } from '../check/monitor.ts'
import type { Property } from '../check/property.ts'
import { type Source, View } from '../check/view.ts'
import { Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'
import { Database } from '../database/database.ts'
import type { KeyValueServer } from '../database/key-value-server.ts'
import type { Table } from '../database/table.ts'
import { KafkaCluster } from '../kafka/cluster.ts'
import { SimError } from '../kernel/error.ts'
import { isHistory } from '../kernel/history.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Ledger, type Readable } from '../kernel/ledger.ts'
import { didYouMean } from '../kernel/suggestion.ts'
import { Task } from '../kernel/task.ts'
import { clockMillis } from '../kernel/time.ts'
import type { QueueTopic } from '../queue/protocol.ts'
import { QueueServer } from '../queue/server.ts'
import type { ExternalServer, ExternalWorld } from '../service/component.ts'
import { type BaseContext, Context } from '../service/context.ts'
import type { RouteServer } from '../service/http.ts'
import { OpenedStore } from '../service/key-values.ts'
import { ServiceRuntime } from '../service/runtime.ts'
import type { TopicSpec } from '../service/schema.ts'
import type { SystemParts } from '../service/system.ts'
import { checkDeadLetters } from '../service/transport.ts'
import { accountSource, Histories } from './histories.ts'
import { ClusterOracles } from './oracles.ts'
import { oneOf } from './problem.ts'
import type { Scenario } from './scenario.ts'
import { Users } from './users.ts'

/** Everything that exists in one run. */
export interface World {
  readonly kernel: Kernel
  readonly network: Network
  readonly kafka: KafkaCluster
  readonly queues: QueueServer | undefined
  readonly monitor: Monitor
  readonly oracles: ClusterOracles
  readonly users: Users
  readonly services: readonly ServiceRuntime[]
  readonly databases: readonly Database[]
  readonly stores: readonly KeyValueServer[]
  readonly histories: Histories
}

/** Builds the world of one run: brokers, queues, databases, external systems, services, users, and the properties that watch. */
export function buildWorld(parts: SystemParts, scenario: Scenario, kernel: Kernel): World {
  const { kafka: kafkaSettings, brokers, switches, latency } = scenario.cluster
  const network = new Network(kernel, latency)
  const kafka = new KafkaCluster(network, kafkaSettings, brokers, switches)
  const oracles = new ClusterOracles(kafka, scenario.cluster.oracles)
  for (const topic of parts.topics) if (topic.queue === undefined) kafka.createTopic(topic)
  const queues = openQueues(parts.topics, network)
  const transports = { kafka, queues }
  const sources = new Map<Readable<unknown>, Source>()
  const ledgers = new Map<Readable<unknown>, Ledger>()
  const openLedger = (spec: Readable<unknown>): void => {
    const ledger = new Ledger(kernel, spec.name)
    ledgers.set(spec, ledger)
    sources.set(spec, accountSource(ledger))
  }
  const ledger = (spec: Readable<unknown>): Ledger => {
    const known = ledgers.get(spec)
    if (known !== undefined) return known
    throw new SimError('definition', `ledger ${spec.name} was not declared: name it in workload.ledgers`)
  }
  for (const spec of parts.workload.ledgers ?? []) openLedger(spec)
  const externals = openExternals(
    parts,
    {
      kernel,
      network,
      ledger,
      clockMillis: () => Math.floor(clockMillis(kernel.nowMicros)),
      act: (process, site, entity, cause, work) =>
        actOutside(users.runtime, process, new Task(kernel, process.incarnation, site, entity, cause), work),
    },
    openLedger,
  )
  const runtimes = parts.services.map(({ name, tables, plan }) => {
    const database = new Database(network, `${name}-db`)
    const runtime = new ServiceRuntime(plan, network, transports, database, externals)
    for (const [tableName, spec] of Object.entries(tables as Record<string, Readable<unknown>>)) {
      sources.set(spec, tableSource(database.table(tableName)))
    }
    return runtime
  })
  const users = new Users(parts.workload, scenario.workload, network, transports, ledger)
  const server = routeServer(runtimes)
  const checkTopic = topicCheck(parts.topics.map(({ name }) => name))
  for (const runtime of [...runtimes, users.runtime]) {
    runtime.server = server
    runtime.checkTopic = checkTopic
  }
  const properties = parts.properties as readonly Property[]
  const histories = new Histories({ kernel, kafka, queues, services: runtimes, tableSource: tableSourceOf })
  for (const { reads, consults = [] } of properties)
    for (const readable of [...reads, ...consults])
      if (isHistory(readable) && !sources.has(readable)) sources.set(readable, histories.open(readable))
  const monitor = new Monitor(kernel, new View(sources), properties)
  for (const runtime of runtimes) runtime.start()
  kafka.start(runtimes.flatMap(({ firstConsumers }) => firstConsumers))
  const databases = runtimes.map(({ database }) => database)
  const stores = [...externals.values()].flatMap((server) =>
    server instanceof OpenedStore ? [server.server] : [],
  )
  return {
    kernel,
    network,
    kafka,
    queues,
    monitor,
    oracles,
    users,
    services: runtimes,
    databases,
    stores,
    histories,
  }
}

/** Lets somebody outside do something; what it throws is a mistake of who wrote it. */
function actOutside(
  runtime: ServiceRuntime,
  process: Process,
  task: Task,
  work: (context: BaseContext) => Promise<void>,
): void {
  const ended = (error: unknown): void => {
    if (error === undefined || !runtime.handlerFailed(process, task, error)) return
    task.kernel.fail(
      new SimError('handler', `${task.handler.fullName} threw ${String(error)}`, { cause: error }),
    )
  }
  task.start({ run: () => work(new Context(runtime, process, task, undefined)), ended })
}

/** The server of the topics that are on queues; undefined when there are none. */
function openQueues(topics: readonly TopicSpec[], network: Network): QueueServer | undefined {
  checkDeadLetters(topics)
  const onQueues = topics.flatMap(({ name, queue }): QueueTopic[] =>
    queue === undefined ? [] : [{ name, config: queue.config, deadLetters: queue.deadLetters?.name }],
  )
  return onQueues.length === 0 ? undefined : new QueueServer(network, onQueues)
}

/** Refuses topics that `build` does not name. */
function topicCheck(names: readonly string[]): (topic: string, what: string) => void {
  const known = new Set(names)
  return (topic, what) => {
    if (known.has(topic)) return
    const message = `the system has no topic '${topic}', and ${what}: expected ${oneOf(names)} of its 'topics'${didYouMean(topic, known)}`
    throw new SimError('definition', message)
  }
}

function openExternals(
  parts: SystemParts,
  world: ExternalWorld,
  openLedger: (spec: Readable<unknown>) => void,
): Map<string, ExternalServer<unknown>> {
  const servers = new Map<string, ExternalServer<unknown>>()
  for (const external of parts.externals) {
    for (const spec of external.ledgers) openLedger(spec)
    servers.set(external.name, external.open(world))
  }
  return servers
}

function routeServer(runtimes: readonly ServiceRuntime[]): RouteServer {
  const byName = new Map(runtimes.map((runtime) => [runtime.name, runtime]))
  const byProcess = new Map<Process, ServiceRuntime>()
  return {
    instances: (service) => byName.get(service)?.fleet.open() ?? [],
    handle: (process, call, answer) => {
      let runtime = byProcess.get(process)
      if (runtime === undefined) {
        runtime = byName.get(process.role) as ServiceRuntime
        byProcess.set(process, runtime)
      }
      runtime.handleCall(process, call, answer)
    },
  }
}

const tableSourceOf = ({ database }: ServiceRuntime, table: string): Source =>
  tableSource(database.table(table))

function tableSource(table: Table): Source {
  return {
    columns: table.sealer.names,
    tally: (listener) => table.tallies.push(listener),
    all: () => table.rows({}),
    rowsWhere: (column, value) => table.rowsWhere(column, value),
    observe: (listener) => table.observers.push(listener),
    index: (column) => {
      if (column !== table.schema.key) table.addIndex(column)
    },
  }
}
