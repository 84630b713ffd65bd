import type { RunSummary, Scenario, Story } from '../../sim/index.ts'
import type { Columns } from './columns.ts'
import { type Counter, countersOf } from './counters.ts'
import { type Duplicate, duplicatesOf } from './duplicates.ts'
import { type EffectRow, effectsOf } from './effects.ts'
import { Looks } from './event-class.ts'
import type { FaultBand } from './fault-band.ts'
import { inconsistencyOf } from './inconsistency.ts'
import { type LaneBand, laneBandsOf } from './lane-bands.ts'
import { type Lane, lanesOf } from './lanes.ts'
import { type Messages, messagesOf } from './messages.ts'
import { Recording } from './recording.ts'
import type { InitialRow } from './row-patches.ts'
import { RowStates } from './row-state.ts'
import { diffOf, type RunDiff } from './run-diff.ts'
import { type Saga, sagasOf } from './saga.ts'
import { type Staircase, staircasesOf } from './staircase.ts'
import { type PartitionTransactions, transactionsOf } from './transactions.ts'

/** A piece of work of a process: from its beginning to its last event there. */
export interface Work {
  readonly lane: number
  readonly first: number
  readonly last: number
}

/** A violated property, with the event that broke it if there is one. */
export interface Violation {
  readonly property: string
  readonly message: string
  readonly atMicros: number
  /** 0: it was judged in the end. */
  readonly event: number
  readonly key: string | undefined
}

/** Everything about one run that views share: made once, read by all of them. */
export class RunView {
  readonly recording: Recording
  readonly lanes: readonly Lane[]
  readonly looks: Looks
  readonly bands: readonly FaultBand[]
  readonly laneBands: readonly LaneBand[]
  readonly violations: readonly Violation[]
  readonly works: readonly Work[]
  /** The events that the story was told from. */
  readonly storyEvents: ReadonlySet<number>
  /** Numbers of the lanes in which the story plays. */
  readonly storyLanes: ReadonlySet<number>

  private readonly initial: readonly InitialRow[] | undefined
  private messageIndex: Messages | undefined
  private rowStates: RowStates | undefined
  private offsetSteps: readonly Staircase[] | undefined
  private openTransactions: ReadonlyMap<string, PartitionTransactions> | undefined
  private effectRows: readonly EffectRow[] | undefined
  private cameAgain: ReadonlyMap<number, Duplicate> | undefined
  private statusCharts: readonly Saga[] | undefined
  private waiting: readonly Counter[] | undefined
  private compared: { readonly other: RunView; readonly diff: RunDiff } | undefined

  constructor(
    columns: Columns,
    facts: {
      readonly scenario: Scenario | undefined
      readonly summary: RunSummary | undefined
      readonly story: Story | undefined
      readonly bands: readonly FaultBand[]
      /** Rows that were there before the run; undefined: they are looked for when they are needed. */
      readonly initial?: readonly InitialRow[]
      /** What happened to messages; undefined: it is read when it is needed. */
      readonly messages?: Messages
    },
  ) {
    this.recording = new Recording(columns, facts)
    this.lanes = lanesOf(this.recording)
    this.looks = new Looks(this.recording)
    this.bands = facts.bands
    this.initial = facts.initial
    this.messageIndex = facts.messages
    this.works = worksOf(this.recording)
    this.laneBands = laneBandsOf(this.recording, this.lanes, this.bands)
    this.violations = violationsOf(facts.summary)
    this.storyEvents = new Set(facts.story?.records ?? [])
    this.storyLanes = this.lanesOfStory()
  }

  /** What tables and ledgers held at any event. */
  get states(): RowStates {
    this.rowStates ??= new RowStates(this.recording, this.initial)
    return this.rowStates
  }

  private get messages(): Messages {
    this.messageIndex ??= messagesOf(this.recording)
    return this.messageIndex
  }

  /** Of partitions that were written to in transactions. */
  get transactions(): ReadonlyMap<string, PartitionTransactions> {
    this.openTransactions ??= transactionsOf(this.recording)
    return this.openTransactions
  }

  get staircases(): readonly Staircase[] {
    this.offsetSteps ??= staircasesOf(this.recording, this.messages)
    return this.offsetSteps
  }

  get effects(): readonly EffectRow[] {
    this.effectRows ??= effectsOf(this.recording, this.messages)
    return this.effectRows
  }

  /** The deliveries and requests of what came more than once. */
  get duplicates(): ReadonlyMap<number, Duplicate> {
    this.cameAgain ??= duplicatesOf(this.effects)
    return this.cameAgain
  }

  /**
   * Makes what panes would make when they are first opened, one thing after another.
   * @param enough says when to leave the rest for later
   * @returns whether all is made
   */
  prepare(enough: () => boolean): boolean {
    if (!this.states.prepare(enough)) return false
    for (const make of [() => this.staircases, () => this.effects, () => this.counters, () => this.sagas]) {
      if (enough()) return false
      make()
    }
    return true
  }

  /** How another run differs from this one, which is the first of the two: A. */
  diffWith(other: RunView): RunDiff {
    if (this.compared?.other !== other)
      this.compared = { other, diff: diffOf(this.recording, other.recording) }
    return this.compared.diff
  }

  get sagas(): readonly Saga[] {
    this.statusCharts ??= sagasOf(this.states)
    return this.statusCharts
  }

  get counters(): readonly Counter[] {
    if (this.waiting === undefined) {
      const { patches } = this.states
      const others = countersOf(this.recording, patches, this.staircases)
      this.waiting = [...inconsistencyOf(this.recording, patches), ...others]
    }
    return this.waiting
  }

  get scenario(): Scenario | undefined {
    return this.recording.facts.scenario
  }

  get summary(): RunSummary | undefined {
    return this.recording.facts.summary
  }

  get story(): Story | undefined {
    return this.recording.facts.story
  }

  /** The violation that the story explains, else the first. */
  get mainViolation(): Violation | undefined {
    const told = this.story?.lines.find(({ mark }) => mark === 'breach')
    return (
      this.violations.find(({ property }) => told?.text.startsWith(`${property}: `)) ?? this.violations[0]
    )
  }

  private lanesOfStory(): Set<number> {
    const { recording, storyEvents } = this
    const { lane, lanes } = recording.columns
    const found = new Set<number>()
    if (this.story === undefined) return found
    for (const id of storyEvents) found.add(lane[id] as number)
    for (const line of recording.facts.story?.lines ?? [])
      for (const id of line.records) found.add(lane[id] as number)
    for (const { lane: number, through } of this.laneBands) if (through === '') found.add(number)
    const faults = lanes.indexOf('faults')
    if (faults >= 0) found.add(faults)
    return found
  }
}

/** Works above which none are shown: there would be nothing to see. */
const MAX_WORK_EVENTS = 300_000

function worksOf(recording: Recording): Work[] {
  const { lane, count } = recording.columns
  if (count > MAX_WORK_EVENTS) return []
  const last = new Map<number, number>()
  for (let id = 1; id <= count; id++) {
    const first = recording.work(id)
    if (first !== 0 && lane[first] === lane[id]) last.set(first, id)
  }
  return [...last].map(([first, end]) => ({ lane: lane[first] as number, first, last: end }))
}

function violationsOf(summary: RunSummary | undefined): Violation[] {
  const violated = summary?.properties.filter(({ verdict }) => verdict === 'violated') ?? []
  return violated
    .map(({ name, message, atMicros, cause, key }) => ({
      property: name,
      message,
      atMicros: atMicros ?? summary?.endMicros ?? 0,
      event: cause,
      key,
    }))
    .sort((left, right) => left.atMicros - right.atMicros)
}
