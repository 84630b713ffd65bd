import type { PropertyResult } from '../check/monitor.ts'
import type { KafkaCluster } from '../kafka/cluster.ts'
import { checkTransactions } from '../kafka/oracle/transaction-check.ts'
import { ClientWatch } from '../kafka/watch/client-watch.ts'
import { ReplicaWatch } from '../kafka/watch/replica-watch.ts'
import { TransactionWatch } from '../kafka/watch/transaction-watch.ts'
import { clockMillis, type Micros } from '../kernel/time.ts'
import { type ClientFindings, clientAnomalies, groupAnomalies } from './client-anomalies.ts'

/** What can be watched of a cluster from outside: `cluster.oracles` of a scenario. */
export const ORACLE_NAMES = ['replicas', 'transactions', 'groups', 'clients'] as const
export type OracleName = (typeof ORACLE_NAMES)[number]

/** Sending the markers of a transaction that is over takes that long at most, while all is well. */
const MARKERS_MILLIS = 5_000

type Told = Pick<PropertyResult, 'name' | 'says' | 'kind'>

/** Each oracle as a property of the runs that it watches. */
const PROPERTIES: { readonly [Name in OracleName]: Told } = {
  replicas: {
    name: 'replicas keep what is committed',
    says: "the invariants of Kafka's TLA+ models: leaders and who may lead have everything that is committed, logs match, high watermarks are valid, consumers read what is committed",
    kind: 'always',
  },
  transactions: {
    name: 'transactions end as decided',
    says: 'markers say what the coordinator decided, nobody writes with an epoch that is fenced, no last stable offset is too high, no transaction hangs',
    kind: 'always',
  },
  groups: {
    name: 'partitions have one owner in a group',
    says: 'no two members own a partition and may both commit for it, epochs do not go back, who was let go commits nothing, committed offsets are not lost, and no group commits past a record that none of its members was given',
    kind: 'always',
  },
  clients: {
    name: 'clients see one log',
    says: "the anomalies of Jepsen's checker: no record that was acknowledged is passed over by all who read, none is there twice or is another one for somebody else, producers' records keep their order, consumers are given all in order, and nobody at read_committed reads what is aborted or open, or one part of a transaction",
    kind: 'always',
  },
}

/** The name of the property that an oracle adds. */
export function oracleProperty(oracle: OracleName): string {
  return PROPERTIES[oracle].name
}

/** The oracles of one run. They change nothing in it: its digest is that of the run without them. */
export class ClusterOracles {
  /** The names of the properties that they add. */
  readonly propertyNames: readonly string[]
  private readonly cluster: KafkaCluster
  private readonly oracles: readonly OracleName[]
  private readonly replicas: ReplicaWatch | undefined
  private readonly transactions: TransactionWatch | undefined
  private readonly clients: ClientWatch | undefined

  /** @param cluster that has not been started */
  constructor(cluster: KafkaCluster, oracles: readonly OracleName[]) {
    this.cluster = cluster
    this.oracles = ORACLE_NAMES.filter((name) => oracles.includes(name))
    this.propertyNames = this.oracles.map(oracleProperty)
    if (oracles.includes('replicas')) this.replicas = new ReplicaWatch(cluster)
    if (oracles.includes('transactions')) this.transactions = new TransactionWatch(cluster)
    if (oracles.includes('groups') || oracles.includes('clients')) this.clients = new ClientWatch(cluster)
  }

  /**
   * Judges at the end of a run.
   * @param calmSinceMicros when the last fault had healed and the load had stopped
   * @param quiet nothing was left to do; otherwise a budget ended the run, and what is open might have ended
   */
  judge(calmSinceMicros: Micros, quiet: boolean): PropertyResult[] {
    const { replicas, transactions, clients } = this
    const results: PropertyResult[] = []
    if (replicas !== undefined) results.push(judgeReplicas(replicas, quiet))
    if (transactions !== undefined) results.push(this.judgeTransactions(transactions, calmSinceMicros, quiet))
    if (clients === undefined) return results
    if (this.oracles.includes('groups'))
      results.push(judgeClients(PROPERTIES.groups, groupAnomalies(clients), 'group', quiet))
    if (this.oracles.includes('clients'))
      results.push(judgeClients(PROPERTIES.clients, clientAnomalies(clients), 'record', quiet))
    return results
  }

  private judgeTransactions(
    watch: TransactionWatch,
    calmSinceMicros: Micros,
    quiet: boolean,
  ): PropertyResult {
    const { kernel, brokerConfig } = this.cluster
    const limit = {
      nowMillis: clockMillis(kernel.nowMicros),
      healthySinceMillis: clockMillis(calmSinceMicros),
      scanPeriodMillis:
        brokerConfig['transaction.abort.timed.out.transaction.cleanup.interval.ms'] + MARKERS_MILLIS,
      maxTimeoutMillis: brokerConfig['transaction.max.timeout.ms'],
    }
    const [first, ...others] = checkTransactions(watch.history, quiet ? limit : undefined)
    const checked = watch.history.filter(({ kind }) => kind === 'decide').length
    if (first === undefined) return held(PROPERTIES.transactions, checked, 'transaction', quiet)
    const { type, partition, producerId } = first
    const message = `${type} in ${partition}, by the producer with id ${producerId}${more(others)}`
    return breach(PROPERTIES.transactions, message, kernel.nowMicros, 0)
  }
}

function judgeReplicas({ anomalies, partitionCount }: ReplicaWatch, quiet: boolean): PropertyResult {
  const [first, ...others] = anomalies
  if (first === undefined) return held(PROPERTIES.replicas, partitionCount, 'partition', quiet)
  const { invariant, partition, offset, brokers, atMicros, cause } = first
  const who = brokers.length === 0 ? 'a consumer' : brokers.map((id) => `broker-${id}`).join(' and ')
  const message = `${invariant} does not hold of ${partition} from offset ${offset} on, at ${who}${more(others)}`
  return breach(PROPERTIES.replicas, message, atMicros, cause)
}

function judgeClients(
  told: Told,
  { anomalies, checked }: ClientFindings,
  noun: string,
  quiet: boolean,
): PropertyResult {
  const [first, ...others] = anomalies
  if (first === undefined) return held(told, checked, noun, quiet)
  return breach(told, `${first.message}${more(others)}`, first.atMicros, first.cause)
}

function more(others: readonly unknown[]): string {
  return others.length === 0 ? '' : `, and ${others.length} more like that`
}

function held(told: Told, checkedKeys: number, noun: string, quiet: boolean): PropertyResult {
  const message = `checked for ${checkedKeys} ${noun}${checkedKeys === 1 ? '' : 's'}`
  const verdict = quiet ? 'pass' : 'inconclusive'
  return { ...told, verdict, message, checkedKeys, atMicros: undefined, key: undefined, cause: 0 }
}

function breach(told: Told, message: string, atMicros: Micros, cause: number): PropertyResult {
  return { ...told, verdict: 'violated', message, atMicros, key: undefined, cause }
}
