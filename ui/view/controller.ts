import type { Draft } from 'immer'
import type { FaultSpec, Scenario, Workspace } from '../../sim/index.ts'
import type { RunName } from '../model/run-diff.ts'
import { RunView } from '../model/run-view.ts'
import { type Viewport, wholeOf } from '../model/viewport.ts'
import type { Axis } from '../timeline/scene.ts'
import { Engine, StoppedError } from '../worker/engine.ts'
import type { RunAnswer } from '../worker/protocol.ts'
import { announced, besideSaid } from './announce.ts'
import {
  activeRun,
  counterpartOf,
  INITIAL,
  momentOf,
  openedSystem,
  type PaneId,
  type Setup,
  showsBoth,
  UNOPENED,
  type ViewState,
} from './state.ts'
import type { Store } from './store.ts'
import { weighFaults } from './weigh.ts'

/** What the page can do: the one place where its state changes for a reason. */
export class Controller {
  readonly store: Store
  readonly engine = new Engine()

  /** What goes on, the latest last. */
  private readonly jobs: { readonly what: string }[] = []

  constructor(store: Store) {
    this.store = store
  }

  /** What the timeline has laid out. */
  axis: Axis | undefined

  /** Takes in what the timeline has laid out. */
  layOut(axis: Axis): void {
    this.axis = axis
    this.store.update((draft) => {
      draft.axisNumber++
    })
  }

  /** Changes the part of the axis that is seen. */
  readonly lookAt = (change: (view: Viewport, axis: Axis, focus: number) => Viewport): void => {
    const { axis } = this
    if (axis === undefined) return
    this.store.update((draft) => {
      const { timeline, focus } = draft
      timeline.viewport = change(timeline.viewport ?? wholeOf(axis.lengthUnits), axis, focus.event)
    })
  }

  /** Whether what changes now goes on from what changed before: the way back takes both back at once. */
  isContinuous = false

  /** Does something that goes on from what was done before: a step of playing, a key that is held down, a slider. */
  continuously(work: () => void): void {
    const before = this.isContinuous
    this.isContinuous = true
    try {
      work()
    } finally {
      this.isContinuous = before
    }
  }

  get state(): ViewState {
    return this.store.state
  }

  /** Takes in what there is to show. */
  async begin(workspace: Workspace): Promise<void> {
    this.store.update((draft) => {
      draft.workspace = workspace as never
    })
    await Promise.all(workspace.systems.map(({ name }) => this.learn(name)))
  }

  /** Opens a scenario and runs it. @param changed what differs from its file */
  async open(system: string, file: string, changed?: Setup): Promise<void> {
    const found = this.state.workspace?.systems.find(({ name }) => name === system)
    const scenario = found?.scenarios.find((each) => each.file === file)
    if (found === undefined || scenario === undefined) {
      this.fail(`There is no scenario ${file}.`)
      return
    }
    this.leave()
    this.store.update((draft) => {
      draft.opened = { system, file }
      draft.setup = (changed ?? { scenario: scenario.scenario, seed: scenario.seed }) as never
    })
    await this.runInto('A')
  }

  /** Opens a run that was recorded, of a scenario that is here, so that it can be changed and run again. */
  async openRecorded(system: string, file: string, trace: Blob): Promise<void> {
    await this.openTrace(file, trace)
    const found = this.state.workspace?.systems.find(({ name }) => name === system)
    const scenario = found?.scenarios.find((each) => each.file === file)
    if (scenario === undefined) return
    this.store.update((draft) => {
      draft.opened = { system, file }
      draft.setup = { scenario: scenario.scenario, seed: scenario.seed } as never
    })
    const run = activeRun(this.state)
    if (run !== undefined) void weighFaults(this, 'A', run)
  }

  /** Opens a trace file. */
  async openTrace(name: string, file: Blob): Promise<void> {
    const answer = await this.during(`Opening ${name}`, () =>
      this.engine.ask('open', { file }, (bytes) =>
        this.store.update((draft) => {
          draft.busy = `Opening ${name}: ${Math.round(bytes / 1e6)} MB read`
        }),
      ),
    )
    if (answer === undefined) return
    this.leave()
    await this.during(`Opening ${name}`, async () => this.show('A', answer))
  }

  /** Lets a trace file be chosen. */
  pickTrace(): void {
    document.getElementById('trace-file')?.click()
  }

  /** Back to what there is. */
  close(): void {
    this.leave()
    this.store.update((draft) => {
      draft.busy = undefined
    })
  }

  /** Forgets what is open, and ends what is done for it. */
  private leave(): void {
    if (this.state.busy !== undefined) this.engine.stop(new StoppedError())
    this.store.update((draft) => {
      Object.assign(draft, UNOPENED)
    })
  }

  /** Runs what is set up now, beside the run that is kept. */
  rerun(): Promise<void> {
    return this.runInto(this.state.runs.A === undefined ? 'A' : 'B')
  }

  /** Changes what is set up. */
  change(changes: Partial<Scenario>): void {
    this.store.update((draft) => {
      if (draft.setup !== undefined) Object.assign(draft.setup.scenario, changes)
    })
  }

  setSeed(seed: number): void {
    this.store.update((draft) => {
      if (draft.setup !== undefined) draft.setup.seed = seed
    })
  }

  /** Sets a param; the system's default is left out, as in a scenario file. */
  setParam(name: string, value: string | number | boolean): void {
    this.store.update((draft) => {
      const { setup, facts } = draft
      if (setup === undefined) return
      const spec = facts[setup.scenario.system]?.outline.params[name]
      const params: Record<string, string | number | boolean> = { ...setup.scenario.params }
      if (spec?.default === value) delete params[name]
      else params[name] = value
      setup.scenario.params = params
    })
  }

  setFaults(faults: readonly FaultSpec[]): void {
    this.change({ faults })
  }

  /** What is set up, without one of its faults. */
  async rerunWithout(index: number): Promise<void> {
    const { setup } = this.state
    if (setup === undefined) return
    this.setFaults(setup.scenario.faults.filter((_, other) => other !== index))
    await this.rerun()
  }

  /** Puts a link to what is seen on the clipboard. */
  copyLink(): void {
    const copied = navigator.clipboard?.writeText(location.href)
    if (copied === undefined) this.say('The link is in the address bar.')
    else
      void copied.then(
        () => this.say('The link is copied.'),
        () => this.say('The link is in the address bar.'),
      )
  }

  /** Looks at an event. @param name its run, which is looked at from now on */
  focus(event: number, name: RunName = this.state.active): void {
    const run = this.state.runs[name]
    if (run === undefined || event < 1 || event > run.recording.count) return
    const entity = run.recording.entity(event)
    const both = showsBoth(this.state)
    const beside = both ? `. ${besideSaid(this.state, { run: name, event })}` : ''
    this.store.update((draft) => {
      if (draft.active !== name) turnTo(draft, name, both)
      draft.focus = { event, entity: entity === '' ? draft.focus.entity : entity }
      draft.announcement = announced(run, event) + beside
    })
  }

  /** Keeps the moment that panes show as the one that later ones are compared with, or keeps none. */
  togglePin(): void {
    const run = activeRun(this.state)
    if (run === undefined) return
    this.store.update((draft) => {
      draft.pinned = draft.pinned > 0 ? 0 : momentOf(run, draft.focus.event)
    })
  }

  clearFocus(): void {
    this.store.update((draft) => {
      draft.focus = INITIAL.focus
      draft.filter = ''
      draft.onlyEntity = false
    })
  }

  hover(event: number, run: RunName = this.state.active): void {
    const { hover } = this.state
    if (hover.event === event && hover.run === run) return
    this.store.update((draft) => {
      draft.hover = { run, event }
    })
  }

  show(name: RunName, answer: RunAnswer): void {
    const run = new RunView(answer.columns, answer)
    const { event } = this.state.focus
    this.store.update((draft) => {
      draft.runs[name] = run as never
      // What is known of the run that was there says nothing of this one.
      draft.marks = draft.marks.filter((mark) => mark.run !== name)
      delete draft.weights[name]
      draft.active = name
      forgetPlaces(draft)
      // Ids of another run mean other events.
      if (event > 0) draft.focus = INITIAL.focus
      draft.announcement = verdictOf(run)
    })
    prepareIdly(run)
    void weighFaults(this, name, run)
  }

  activate(name: RunName): void {
    const { runs, active, focus } = this.state
    if (runs[name] === undefined || active === name) return
    const other = counterpartOf(this.state, { run: active, event: focus.event })
    // Where both are seen, one goes from an event to what the other run has for it.
    const both = showsBoth(this.state)
    if (both && other > 0) this.focus(other, name)
    else this.store.update((draft) => turnTo(draft, name, both))
  }

  /** Keeps the run that is looked at as the one to compare with. */
  keepActive(): void {
    const { runs, active, marks, weights } = this.state
    this.store.update((draft) => {
      if (active === 'B') forgetPlaces(draft)
      Object.assign(draft, {
        runs: { A: runs[active] },
        active: 'A',
        marks: marks.filter(({ run }) => run === active).map((mark) => ({ ...mark, run: 'A' })),
        weights: weights[active] === undefined ? {} : { A: weights[active] },
      })
    })
  }

  openPane(pane: PaneId): void {
    this.store.update((draft) => {
      draft.pane = pane
    })
  }

  toggleSheet(sheet: 'help' | 'palette' | undefined): void {
    this.store.update((draft) => {
      draft.sheet = draft.sheet === sheet ? undefined : sheet
    })
  }

  say(text: string): void {
    this.store.update((draft) => {
      draft.announcement = text
      draft.said = { text }
    })
  }

  fail(problem: string | undefined): void {
    this.store.update((draft) => {
      draft.problem = problem
      if (problem !== undefined) draft.announcement = problem
    })
  }

  /** Does something that takes a while; tells what went wrong. */
  async during<Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const job = { what }
    this.jobs.push(job)
    this.store.update((draft) => {
      draft.busy = what
      draft.problem = undefined
    })
    try {
      return await work()
    } catch (error) {
      if (error instanceof StoppedError) this.say(`${what}: stopped.`)
      else this.fail(error instanceof Error ? error.message : String(error))
      return undefined
    } finally {
      this.jobs.splice(this.jobs.indexOf(job), 1)
      this.store.update((draft) => {
        draft.busy = this.jobs.at(-1)?.what
      })
    }
  }

  /** Ends what is going on; without a run there is nothing to stay with but the gallery. */
  stop(): void {
    if (this.state.busy === undefined) return
    this.engine.stop(new StoppedError())
    if (activeRun(this.state) === undefined) this.close()
  }

  private async runInto(name: RunName): Promise<void> {
    const { setup, opened } = this.state
    const system = openedSystem(this.state)
    if (setup === undefined || system === undefined) return
    const { scenario, seed } = setup
    const { bundle } = system
    const answer = await this.during('Running', () => this.engine.ask('run', { bundle, scenario, seed }))
    // Who went elsewhere meanwhile is not brought back.
    if (answer === undefined || this.state.opened !== opened) return
    this.show(name, answer)
    const { verdict, reason } = answer.summary ?? {}
    if (verdict === 'error') this.fail(reason)
  }

  /** Finds out what a system is made of. */
  private async learn(name: string): Promise<void> {
    const bundle = this.state.workspace?.systems.find((system) => system.name === name)?.bundle
    if (bundle === undefined) return
    try {
      const facts = await this.engine.ask('outline', { bundle, params: {} })
      this.store.update((draft) => {
        draft.facts[name] = facts as never
      })
    } catch (error) {
      // What was stopped is something else, which this waited behind.
      if (error instanceof StoppedError) await this.learn(name)
      else
        this.store.update((draft) => {
          draft.unloadable[name] = error instanceof Error ? error.message : String(error)
        })
    }
  }
}

/** Another run is looked at from now on. @param both whether both are seen: then they have one axis */
function turnTo(draft: Draft<ViewState>, name: RunName, both: boolean): void {
  const { viewport, range } = draft.timeline
  forgetPlaces(draft)
  if (both) Object.assign(draft.timeline, { viewport, range })
  draft.active = name
  draft.focus = both ? { ...draft.focus, event: 0 } : INITIAL.focus
}

/** Events and parts of the axis that were pointed at say nothing of another run. */
function forgetPlaces(draft: Draft<ViewState>): void {
  Object.assign(draft, { hover: INITIAL.hover, pinned: 0 })
  Object.assign(draft.timeline, { viewport: undefined, range: undefined })
}

/** Gets the states and indexes of a run ready while nothing else happens. */
function prepareIdly(run: RunView): void {
  requestIdleCallback((deadline) => {
    if (!run.prepare(() => deadline.timeRemaining() < 2)) prepareIdly(run)
  })
}

function verdictOf({ summary, violations }: RunView): string {
  if (summary === undefined) return 'The trace is open.'
  if (violations.length === 0) return `The run ended: ${summary.verdict}.`
  return `The run ended. ${violations.map(({ property }) => property).join(', ')} violated.`
}
