/** A value of a row. */
export type Value = string | number | null

/** A condition on a column: a value, or comparisons; `horizon` is the lowest id of an open transaction. */
export type Condition = Value | { readonly [how in 'ne' | 'lt' | 'lte' | 'gt' | 'gte']?: Value | 'horizon' }

export interface Where {
  readonly $any?: readonly Where[]
  readonly [column: string]: Condition | readonly Where[] | undefined
}

/** What one step asks of the server, from which both SQL and the simulator's statement are made. */
export type Act =
  | {
      readonly do: 'begin'
      readonly isolation: 'read committed' | 'repeatable read' | 'serializable'
      readonly readOnly?: boolean
      readonly lockTimeoutMillis?: number
      readonly statementTimeoutMillis?: number
    }
  | { readonly do: 'commit' | 'rollback' }
  | {
      readonly do: 'select'
      readonly table: string
      readonly where?: Where
      readonly orderBy?: readonly (readonly [column: string, direction: 'asc' | 'desc'])[]
      readonly limit?: number
      readonly offset?: number
      readonly for?: 'update' | 'no key update' | 'share' | 'key share'
      readonly wait?: 'nowait' | 'skip locked'
    }
  | {
      readonly do: 'insert'
      readonly table: string
      readonly row: Readonly<Record<string, Value>>
      readonly onConflict?: {
        readonly columns?: readonly string[]
        /** Nothing is done without it. */
        readonly set?: Readonly<Record<string, Value>>
      }
    }
  | {
      readonly do: 'update'
      readonly table: string
      readonly where?: Where
      readonly set?: Readonly<Record<string, Value>>
      readonly add?: Readonly<Record<string, number>>
      readonly returning?: boolean
    }
  | {
      readonly do: 'delete'
      readonly table: string
      readonly where?: Where
      readonly returning?: boolean
    }
  | { readonly do: 'savepoint' | 'rollback to' | 'release'; readonly savepoint: string }
  | {
      readonly do: 'lock'
      readonly key: number
      readonly scope: 'transaction' | 'session'
      readonly shared?: boolean
      readonly try?: boolean
    }
  | { readonly do: 'unlock'; readonly key: number; readonly shared?: boolean }

/** What the server answered; rows in the order of their columns, those that nothing ordered by their first column. */
export type Answer =
  | { readonly rows: readonly (readonly Value[])[] }
  | { readonly count: number }
  | { readonly value: boolean }
  | { readonly done: 'BEGIN' | 'COMMIT' | 'ROLLBACK' | 'SAVEPOINT' | 'RELEASE' }
  | { readonly error: string }

/** A step of a script: what a session asks for, or how long everybody waits. */
export type ScriptStep = { readonly session: string; readonly act: Act } | { readonly pause: number }

/** Sessions that take turns. */
export interface Script {
  readonly name: string
  readonly title: string
  /** The rules of the simulator that it shows. */
  readonly rules: readonly string[]
  /** Rows that are there before, in the order of the columns of their table. */
  readonly given: Readonly<Record<string, readonly (readonly Value[])[]>>
  readonly steps: readonly ScriptStep[]
  /** What the simulator answers where it refuses less than PostgreSQL, and why. */
  readonly deviation?: { readonly why: string; readonly answers: Readonly<Record<number, Answer>> }
}

/** A step as it was recorded. */
export type Step = {
  /** Steps that had waited and were answered because of this one. */
  readonly woke?: readonly { readonly step: number; readonly answer: Answer }[]
} & (
  | { readonly pause: number }
  | {
      readonly session: string
      readonly act: Act
      readonly sql: readonly string[]
      /** Undefined where the statement waits. */
      readonly answer?: Answer
      readonly waits?: true
    }
)

/** What PostgreSQL answered to a script. */
export interface History {
  readonly name: string
  readonly title: string
  readonly rules: readonly string[]
  readonly given: Script['given']
  readonly steps: readonly Step[]
}

/** A file of histories. */
export interface Recording {
  readonly postgresVersion: string
  readonly recordedWith: string
  readonly histories: readonly History[]
}
