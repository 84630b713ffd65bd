import type { ChoiceSite } from './choice.ts'
import { Choices, type Entity } from './choice.ts'
import { Digest } from './digest.ts'
import { SimError } from './error.ts'
import type { ArmedFault } from './fault.ts'
import type { Incarnation } from './incarnation.ts'
import { hashText } from './mix.ts'
import { type Actor, EventQueue, type Ticket } from './queue.ts'
import { rootKey } from './seed.ts'
import { operationName, type Phase, StepSite } from './step.ts'
import type { Tape } from './tape.ts'
import type { HandlerSite, Task } from './task.ts'
import type { Micros } from './time.ts'
import { Trace } from './trace.ts'

/** How events of the same microsecond are ordered. */
export type Scheduling = 'fifo' | 'random'

/** Bounds that end every run. */
export interface Budget {
  readonly maxEvents: number
  readonly maxMicros: Micros
  readonly maxTraceRecords: number
}

export interface KernelOptions {
  readonly seed: number
  readonly scheduling: Scheduling
  readonly budget: Budget
  /** Choices to repeat; what it does not say follows from the seed. */
  readonly tape?: Tape | undefined
  /** Keep every choice, for a replay file. */
  readonly recordTape?: boolean
  /** Keep a trace. */
  readonly recordTrace?: boolean
}

/** Why a run ended before it went quiet; standstill: events go on and on at one moment. */
export type Exhausted = 'events' | 'virtual time' | 'trace' | 'standstill'

const TIE_SPAN = 1 << 20
/** So many events at one moment lead nowhere. */
const STANDSTILL_EVENTS = 200_000

/**
 * Virtual time, order and chance: the loop that executes one event after another. It knows nothing about messages.
 * The host calls `advance` until it returns false and lets all microtasks finish after every true.
 */
export class Kernel implements Actor {
  nowMicros: Micros = 0
  events = 0
  /** Resumptions of service code: handlers started and operations settled. */
  resumes = 0
  /** Trace id of what is happening now. */
  cause = 0
  readonly digest = new Digest()
  readonly choices: Choices
  readonly trace: Trace | undefined
  /** Whose moments are events that the system has not caused. */
  private timedFaults = 0
  readonly faults: ArmedFault[] = []
  exhausted: Exhausted | undefined = undefined
  failure: SimError | undefined = undefined
  /** Before the run: what happens now is in no digest, trace or count, and messages take no time. */
  warming = false
  private readonly queue = new EventQueue()
  /** Events that happen in time but keep no run alive. */
  private readonly background = new EventQueue(64)
  private readonly budget: Budget
  private readonly tieSite: ChoiceSite | undefined
  private readonly stepsReached: StepSite[] = []
  /** The tasks that were resumed since the last check; only the first `touchedCount` entries count. */
  private readonly touched: Task[] = []
  private touchedCount = 0
  private drainNeeded = false
  private watchMicros: Micros = Number.POSITIVE_INFINITY
  private onWatch: (nextMicros: Micros) => void = () => {}
  /** The number of events at which to look whether it goes on, and the moment of the last look. */
  private lookAt = 0
  private lookedAtMicros: Micros = -1
  /** Events up to here need no look at watch and budget. */
  private limitMicros: Micros = 0
  /** From here on nobody is paused. */
  private pausedUntilMicros: Micros = Number.NEGATIVE_INFINITY

  constructor(options: KernelOptions) {
    this.budget = options.budget
    this.choices = new Choices(rootKey(options.seed), options.tape, options.recordTape === true)
    this.trace = options.recordTrace === true ? new Trace() : undefined
    this.tieSite =
      options.scheduling === 'random' ? this.choices.site('order of simultaneous events') : undefined
  }

  /** Schedules an event after a delay. @param entity keys the choice among simultaneous events */
  schedule(delayMicros: Micros, entity: Entity, target: Actor, code: number, subject: unknown): Ticket {
    return this.scheduleAt(this.nowMicros + delayMicros, entity, target, code, subject, this.cause)
  }

  /** Schedules an event at a moment that is not in the past, with the trace id of what caused it. */
  scheduleAt(
    atMicros: Micros,
    entity: Entity,
    target: Actor,
    code: number,
    subject: unknown,
    cause: number,
  ): Ticket {
    const tie =
      this.tieSite === undefined || this.warming ? 0 : this.choices.choose(this.tieSite, entity, TIE_SPAN)
    return this.queue.push(atMicros, tie, target, code, subject, cause)
  }

  /**
   * Schedules an event that happens if the run goes on beyond its moment, and that keeps no run alive: housekeeping, such
   * as retention, of which nobody waits for the end. Events of its moment come first.
   * @returns a ticket for `cancelBackground`
   */
  scheduleBackground(atMicros: Micros, target: Actor, code: number, subject: unknown): Ticket {
    this.limitMicros = Math.min(this.limitMicros, atMicros)
    return this.background.push(atMicros, 0, target, code, subject, this.cause)
  }

  /** Takes back a background event that has not been executed. */
  cancelBackground(ticket: Ticket): void {
    this.background.cancel(ticket)
  }

  /**
   * Calls back before the first event after a moment, instead of what it was last asked for. A watch is no event: it is
   * in no digest, changes nothing and keeps no run alive.
   * @param callback hears the moment of that event: until then nothing changes
   */
  watch(atMicros: Micros, callback: (nextMicros: Micros) => void): void {
    this.watchMicros = atMicros
    this.onWatch = callback
    this.limitMicros = Math.min(this.limitMicros, atMicros)
  }

  /** Takes back an event that has not been executed. */
  cancel(ticket: Ticket): void {
    this.queue.cancel(ticket)
  }

  /**
   * Lets some time pass before the run begins, so that servers have found each other when it does. Must be called at time
   * 0; events that lie at 0 or later wait for the run.
   */
  warmUp(spanMicros: Micros, begin: () => void): void {
    this.warming = true
    this.nowMicros = -spanMicros
    begin()
    for (;;) {
      const { background } = this
      const queue = background.nextMicros() < this.queue.nextMicros() ? background : this.queue
      if (queue.nextMicros() >= 0) break
      queue.pop()
      this.nowMicros = queue.atMicros
      ;(queue.target as Actor).onEvent(queue.code, queue.subject)
    }
    this.nowMicros = 0
    this.warming = false
  }

  /**
   * Executes events until one has resumed service code, whose microtasks must then finish.
   * @returns true when the host must drain and call again, false when the run is over
   */
  advance(): boolean {
    this.checkStuck()
    this.drainNeeded = false
    const { digest } = this
    while (this.failure === undefined && this.exhausted === undefined) {
      if (this.events >= this.lookAt && !this.goesOn()) return false
      let { queue } = this
      const next = queue.nextMicros()
      if (next > this.limitMicros) {
        if (next === Number.POSITIVE_INFINITY) return false
        if (this.background.nextMicros() < next) queue = this.background
        if (!this.passLimit(queue.nextMicros())) return false
      }
      if (next < this.pausedUntilMicros && this.isHeld(queue)) continue
      queue.pop()
      this.nowMicros = queue.atMicros
      this.cause = queue.cause
      this.events++
      digest.integer(queue.atMicros)
      digest.word(queue.code)
      ;(queue.target as Actor).onEvent(queue.code, queue.subject)
      if (this.drainNeeded) return true
    }
    return false
  }

  /** Notes that the code of this task is about to run. */
  resumed(task: Task): void {
    this.resumes++
    this.drainNeeded = true
    if (this.touchedCount === 0 || this.touched[this.touchedCount - 1] !== task)
      this.touched[this.touchedCount++] = task
  }

  /** The handlers whose code may be running now: mostly one, several where one event resumed several. */
  running(): readonly string[] {
    const names = this.touched.slice(0, this.touchedCount).map(({ handler }) => handler.fullName)
    return [...new Set(names)]
  }

  /** Ends the run with an error; the first one counts. */
  fail(error: SimError): void {
    this.failure ??= error
  }

  /**
   * Lets a life stand still until a moment: what happens to it waits until then, in its order. Pauses do not add up: the one
   * that ends last counts.
   */
  pause(incarnation: Incarnation, untilMicros: Micros): void {
    incarnation.pausedUntilMicros = Math.max(incarnation.pausedUntilMicros, untilMicros)
    this.pausedUntilMicros = Math.max(this.pausedUntilMicros, untilMicros)
  }

  /** Does something when a paused life goes on, behind what waits for that already; never if it ends before. */
  whenResumed(incarnation: Incarnation, act: () => void): void {
    const target: Actor = {
      livesIn: () => incarnation,
      onEvent: () => {
        if (incarnation.alive) act()
      },
    }
    // It is put off as everything is that happens to a paused life.
    this.queue.push(this.nowMicros, 0, target, 0, undefined, this.cause)
  }

  /** Ends the life of a process. */
  end(incarnation: Incarnation): void {
    incarnation.alive = false
    incarnation.abandon()
    incarnation.pausedUntilMicros = Number.NEGATIVE_INFINITY
    this.queue.cancelTimersOf(incarnation)
  }

  /** An integer in [0, bound) chosen by the tape or by a hash of seed, site, entity and occurrence. */
  choose(site: ChoiceSite, entity: Entity, bound: number): number {
    return this.choices.choose(site, entity, bound)
  }

  /** Appends a trace record if a trace is kept; returns its id or 0. */
  record(kind: string, lane: string, entity: Entity | undefined, cause: number, data?: unknown): number {
    const { trace } = this
    if (trace === undefined || this.warming) return 0
    if (trace.length >= this.budget.maxTraceRecords) this.exhausted ??= 'trace'
    return trace.append(this.nowMicros, kind, lane, entity, cause, this.digest.low, data)
  }

  /** Appends the record of a step's before or after point, with how much has been set in motion so far. */
  recordStep(phase: Phase, site: StepSite, task: Task, cause: number, data: unknown): number {
    const { incarnation, entity } = task
    return this.record(phase, incarnation.process, entity, cause, {
      step: site.name,
      life: incarnation.number,
      effects: this.queue.sequence + this.background.sequence + incarnation.claims - this.timedFaults,
      data,
    })
  }

  /** Arms a fault: it strikes at its moment, or at its step. Must happen before the run starts. */
  arm(fault: ArmedFault, entity: Entity): void {
    this.faults.push(fault)
    if (fault.trigger.kind !== 'time') return
    this.scheduleAt(fault.trigger.atMicros, entity, this, 0, fault, 0)
    this.timedFaults++
  }

  /** A fault whose moment has come. */
  onEvent(_code: number, subject: unknown): void {
    const fault = subject as ArmedFault
    if (fault.enabled) this.strike(fault, undefined)
  }

  /** Creates the site of a step when a handler first reaches it, with the faults that are aimed there. */
  openStep(handler: HandlerSite, operation: number): StepSite {
    const site = new StepSite(handler.service, handler.name, operationName(operation))
    site.before = this.aimedAt(site, 'before')
    site.after = this.aimedAt(site, 'after')
    handler.steps.push(site)
    handler.operations.push(operation)
    this.stepsReached.push(site)
    return site
  }

  private aimedAt(site: StepSite, phase: Phase): ArmedFault[] | undefined {
    if (this.faults.length === 0) return undefined
    const faults = this.faults.filter((fault) => fault.aimsAt(site, phase))
    return faults.length > 0 ? faults : undefined
  }

  /** Lets the faults aimed at a point strike if this passage is theirs. */
  passPoint(faults: readonly ArmedFault[], task: Task): void {
    for (const fault of faults) if (fault.reaches(task.entity)) this.strike(fault, task)
  }

  /** The names of all steps that some handler reached. */
  stepNames(): string[] {
    return this.stepsReached.map((site) => site.name)
  }

  /** How often each of them was reached, in the same order. */
  stepPasses(): number[] {
    return this.stepsReached.map((site) => site.passes)
  }

  private strike(fault: ArmedFault, task: Task | undefined): void {
    fault.struckAtMicros = this.nowMicros
    this.digest.word(hashText(fault.id, 1))
    const cause = this.record(
      'fault',
      task?.incarnation.process ?? 'faults',
      task?.entity,
      task?.cause ?? 0,
      { fault: fault.id },
    )
    fault.strike({ incarnation: task?.incarnation, entity: task?.entity, cause })
  }

  /** Whether the first event has to wait because who executes it is paused; puts it off. */
  private isHeld(queue: EventQueue): boolean {
    const untilMicros = queue.firstLife()?.pausedUntilMicros ?? Number.NEGATIVE_INFINITY
    if (queue.nextMicros() >= untilMicros) return false
    queue.postponeFirst(untilMicros)
    return true
  }

  /** Whether an event may be executed at a moment after the limit; moves the limit. */
  private passLimit(nextMicros: Micros): boolean {
    while (nextMicros > this.watchMicros) {
      this.watchMicros = Number.POSITIVE_INFINITY
      this.onWatch(nextMicros)
    }
    const { maxMicros } = this.budget
    if (nextMicros > maxMicros) return this.exhaust('virtual time')
    this.limitMicros = Math.min(maxMicros, this.watchMicros, this.background.nextMicros())
    return this.failure === undefined
  }

  /** Looks now and then whether events and virtual time are left, and whether time passes at all. */
  private goesOn(): boolean {
    const { maxEvents } = this.budget
    if (this.events >= maxEvents) return this.exhaust('events')
    if (this.events > 0 && this.nowMicros === this.lookedAtMicros) return this.exhaust('standstill')
    this.lookedAtMicros = this.nowMicros
    this.lookAt = Math.min(maxEvents, this.events + STANDSTILL_EVENTS)
    return true
  }

  private exhaust(what: Exhausted): false {
    this.exhausted ??= what
    return false
  }

  private checkStuck(): void {
    for (let index = 0; index < this.touchedCount; index++) {
      const task = this.touched[index] as Task
      if (task.incarnation.stuck) this.fail(foreignAwait(task.incarnation))
    }
    this.touchedCount = 0
  }
}

/** Whoever ended last need not be who waits. */
function foreignAwait({ process, unfinished }: Incarnation): SimError {
  const names = [...new Set(unfinished.map(({ handler }) => handler.name))]
  return new SimError(
    'foreign-await',
    `handler ${names.join(' or ')} of ${process} awaits a promise that is not the simulator's, so it would wait for ever: ` +
      'await only what ctx offers (ctx.sleep instead of a timer, ctx.call instead of fetch)',
  )
}
