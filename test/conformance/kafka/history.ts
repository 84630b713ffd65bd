/**
 * What Apache Kafka answered: the format of the files in `histories/`. A history is a list of requests to a fresh set of
 * topics and groups, with Kafka's answers; a table is a pure function of Kafka's with inputs and outputs.
 */

/** A value of a message: JSON. */
export type Value = null | boolean | number | string | readonly Value[] | Fields

/** A message, or a part of one: names are those of Kafka's message JSON. */
export interface Fields {
  readonly [name: string]: Value
}

/** What a history was recorded with. */
interface Recorded {
  /** Version of Apache Kafka, such as 4.3.1. */
  readonly kafkaVersion: string
  readonly recordedWith: string
  readonly title: string
  /** Rules of the simulator that the history shows, such as KG4. */
  readonly rules: readonly string[]
}

export interface Topic {
  readonly name: string
  /** Replicas of each partition; the first is the leader. */
  readonly assignment: readonly (readonly number[])[]
  readonly configs: Readonly<Record<string, string>>
}

/**
 * A request and its answer. Requests of one client to one broker share a connection, on which Kafka answers in order.
 * The next step was sent after the answer came, unless its `atMillis` says otherwise.
 */
export interface RequestStep {
  /** When it was sent, since the start of the history; with `eventually`, when it was sent first. */
  readonly atMillis: number
  readonly client: string
  readonly broker: number
  readonly api: string
  readonly apiVersion: number
  readonly request: Fields
  /** null: not answered (acks=0). `{ connectionClosed: true }`: the broker closed the connection instead. */
  readonly response: Fields | null
  readonly respondedAtMillis: number
  /** The request was repeated until it was answered so; the answers before are not part of the history. */
  readonly eventually?: true
}

/** Something that is done to a broker. */
export interface BrokerStep {
  readonly atMillis: number
  /** stop: a controlled shutdown; kill: an end without notice; pause and resume: no instruction is executed in between. */
  readonly action: 'startBroker' | 'stopBroker' | 'killBroker' | 'pauseBroker' | 'resumeBroker'
  readonly broker: number
  readonly doneAtMillis: number
}

export type Step = RequestStep | BrokerStep

export interface History extends Recorded {
  readonly kind: 'history'
  readonly brokers: 1 | 3
  /** Properties of every broker that differ from Kafka's defaults. */
  readonly brokerConfig: Readonly<Record<string, string | number | boolean>>
  readonly topics: readonly Topic[]
  readonly steps: readonly Step[]
}

export interface Table extends Recorded {
  readonly kind: 'table'
  /** Such as murmur2 or range. */
  readonly function: string
  readonly rows: readonly { readonly note?: string; readonly input: Fields; readonly output: Value }[]
}

/** What a committed file holds. @public */
export type Recording = History | Table
