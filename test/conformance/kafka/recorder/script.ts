import type { BrokerStep, Fields, Topic, Value } from '../history.ts'

/** A request of a script. Texts such as `$pid1` stand for what Kafka generated in an earlier answer. */
export interface RequestScript {
  readonly client: string
  /** Node id; 1 if none is given. */
  readonly broker?: number
  readonly api: string
  readonly version: number
  readonly request: Fields
  /** Go on at once; `{ waitFor: client }` or the end of the script waits for the answer. */
  readonly background?: boolean
  /** Part of the answer, or its error code: recording fails if Kafka answers otherwise; null: any. */
  readonly expect?: Value
  /** Repeat the request until it is answered so. */
  readonly until?: Value
}

export interface BrokerScript {
  readonly action: BrokerStep['action']
  readonly broker: number
}

export type ScriptStep =
  | RequestScript
  | BrokerScript
  | { readonly waitMillis: number }
  | { readonly waitFor: string }

/** What a history is recorded from. */
export interface Script {
  /** Name of the file in histories/. */
  readonly name: string
  readonly title: string
  readonly rules: readonly string[]
  readonly brokers: 1 | 3
  readonly config: Readonly<Record<string, string | number | boolean>>
  readonly topics: readonly Topic[]
  readonly steps: readonly ScriptStep[]
}

/** What a table is recorded from. */
export interface TableScript {
  readonly name: string
  readonly title: string
  readonly rules: readonly string[]
  readonly function: string
  readonly rows: readonly { readonly note?: string; readonly input: Fields }[]
}
