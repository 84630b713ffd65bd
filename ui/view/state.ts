import type { FaultSpec, Scenario, Workspace, WorkspaceSystem } from '../../sim/index.ts'
import type { FaultPlace } from '../model/danger.ts'
import { pairsOf, type RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import type { AxisMode } from '../model/time-scale.ts'
import type { Viewport } from '../model/viewport.ts'
import type { DangerCell, FaultWeights, SystemFacts } from '../worker/protocol.ts'

/** The panes below the timeline, by the key that opens them. */
export const PANES = {
  offsets: { key: '2', title: 'Offsets' },
  log: { key: '3', title: 'Partition log' },
  effects: { key: '4', title: 'Effects' },
  state: { key: '5', title: 'State' },
  saga: { key: '6', title: 'Saga' },
  counters: { key: '7', title: 'Counters' },
  events: { key: '8', title: 'Trace' },
  setup: { key: '9', title: 'Setup' },
} as const satisfies Record<string, { readonly key: string; readonly title: string }>

/** A pane below the timeline. */
export type PaneId = keyof typeof PANES

/** What can be changed before a run. */
export interface Setup {
  readonly scenario: Scenario
  readonly seed: number
}

/** What every pane is a function of. */
export interface Focus {
  /** 0: nothing. */
  readonly event: number
  /** An order; '' for none. */
  readonly entity: string
}

/** How the timeline is looked at. */
export interface TimelineView {
  readonly axis: AxisMode
  readonly foldIdle: boolean
  /** Only the lanes in which the story plays. */
  readonly storyLanes: boolean
  /** Groups of lanes that are folded into one. */
  readonly folded: readonly string[]
  /** Undefined: everything. */
  readonly viewport: Viewport | undefined
  /** The only lane that is shown; '' for all. */
  readonly solo: string
  /** What is counted: a part of the axis, or what is seen; undefined: nothing. */
  readonly range: Viewport | 'seen' | undefined
  /** Both runs, one above the other, where there are two. */
  readonly both: boolean
}

/** An event under the pointer. */
export interface Pointed {
  readonly run: RunName
  /** 0: nothing. */
  readonly event: number
}

/** An event that somebody wants to find again, with what they think of it. */
export interface Mark {
  readonly run: RunName
  readonly event: number
  readonly text: string
}

/** What became of trying one form of a fault at every step. */
export interface DangerRow {
  readonly label: string
  readonly fault: FaultSpec
  readonly cells: readonly (DangerCell | undefined)[]
}

/** What became of trying a fault at every step. */
export interface DangerMap {
  /** Which fault it is about, and what else was set up: of another set-up it says nothing. */
  readonly index: number
  readonly around: string
  /** What its rows differ in; empty: in nothing but the params. */
  readonly axis: string
  /** The members of the fault in which they do. */
  readonly varied: readonly string[]
  readonly places: readonly FaultPlace[]
  readonly rows: readonly DangerRow[]
}

/** The two runs that are compared. */
export type Pair = Readonly<Record<RunName, RunView>>

/** Everything that the page shows, besides what it is loading. */
export interface ViewState {
  readonly workspace: Workspace | undefined
  /** What is known of each system, by name. */
  readonly facts: Readonly<Record<string, SystemFacts>>
  /** Why systems could not be loaded, by name. */
  readonly unloadable: Readonly<Record<string, string>>
  /** The system and file that are open; undefined: the gallery, or a trace alone. */
  readonly opened: { readonly system: string; readonly file: string } | undefined
  readonly setup: Setup | undefined
  readonly runs: Partial<Readonly<Record<RunName, RunView>>>
  readonly active: RunName
  readonly focus: Focus
  readonly hover: Pointed
  readonly pane: PaneId
  /** The event whose moment the state is compared with; 0: the one before the focus. */
  readonly pinned: number
  readonly timeline: TimelineView
  /** Another one for every axis that the timeline lays out. */
  readonly axisNumber: number
  readonly filter: string
  readonly marks: readonly Mark[]
  /** What the faults of each run did to the promise that it broke, where that is known. */
  readonly weights: Partial<Readonly<Record<RunName, FaultWeights>>>
  readonly danger: DangerMap | undefined
  readonly onlyEntity: boolean
  /** Whether the story is being played. */
  readonly playing: boolean
  /** How many times as fast as usual. */
  readonly speed: number
  readonly sheet: 'help' | 'palette' | undefined
  readonly theme: 'system' | 'light' | 'dark'
  readonly singleKeys: boolean
  /** What is going on. */
  readonly busy: string | undefined
  /** What went wrong. */
  readonly problem: string | undefined
  /** Said to screen readers. */
  readonly announcement: string
  /** Shown for a while; the same text again is another one. */
  readonly said: { readonly text: string } | undefined
}

/** What is forgotten when something else is opened. */
export const UNOPENED = {
  opened: undefined,
  setup: undefined,
  runs: {},
  active: 'A',
  focus: { event: 0, entity: '' },
  hover: { run: 'A', event: 0 },
  pinned: 0,
  timeline: {
    axis: 'time',
    foldIdle: true,
    storyLanes: true,
    folded: [],
    viewport: undefined,
    solo: '',
    range: undefined,
    both: false,
  },
  filter: '',
  marks: [],
  weights: {},
  danger: undefined,
  onlyEntity: false,
  playing: false,
  problem: undefined,
} satisfies Partial<ViewState>

export const INITIAL: ViewState = {
  ...UNOPENED,
  workspace: undefined,
  facts: {},
  unloadable: {},
  pane: 'state',
  axisNumber: 0,
  speed: 1,
  sheet: undefined,
  theme: 'system',
  singleKeys: true,
  busy: undefined,
  announcement: '',
  said: undefined,
}

/** The run that is looked at. */
export function activeRun({ runs, active }: ViewState): RunView | undefined {
  return runs[active]
}

/** The two runs that are compared; undefined: there is one. */
export function pairOf({
  runs: { A, B },
}: Pick<ViewState, 'runs'>): Readonly<Record<RunName, RunView>> | undefined {
  return A === undefined || B === undefined ? undefined : { A, B }
}

/** Whether both runs are shown, one above the other. */
export function showsBoth(state: Pick<ViewState, 'runs' | 'timeline'>): boolean {
  return state.timeline.both && pairOf(state) !== undefined
}

/** What the other run has for an event of a run; 0: nothing, or there is no other run. */
export function counterpartOf(state: Pick<ViewState, 'runs'>, { run, event }: Pointed): number {
  const pair = pairOf(state)
  return pair === undefined ? 0 : (pairsOf(pair.A.diffWith(pair.B), run)[event] ?? 0)
}

/** The event whose moment panes show: the focus, else the violation, else the end. */
export function momentOf({ recording, mainViolation }: RunView, focus: number): number {
  if (focus > 0) return Math.min(focus, recording.count)
  return mainViolation !== undefined && mainViolation.event > 0 ? mainViolation.event : recording.count
}

/** The system that is open. */
export function openedSystem({ workspace, opened }: ViewState): WorkspaceSystem | undefined {
  return workspace?.systems.find(({ name }) => name === opened?.system)
}
