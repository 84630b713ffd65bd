import type { Entity } from './choice.ts'
import type { Incarnation } from './incarnation.ts'
import type { Kernel } from './kernel.ts'
import type { Phase, StepSite } from './step.ts'
import type { Micros } from './time.ts'

const ignore = (): void => {}

/** The handler that a task runs, with its steps; one per handler and run. */
export class HandlerSite {
  readonly service: string
  readonly name: string
  /** The few steps that it has reached, and the number of each one's operation. */
  readonly steps: StepSite[] = []
  readonly operations: number[] = []

  constructor(service: string, name: string) {
    this.service = service
    this.name = name
  }

  /** As errors name it: `payment.OrderCreated`. */
  get fullName(): string {
    return `${this.service}.${this.name}`
  }
}

/** Async code that a task runs. */
export interface Runnable {
  run(): Promise<unknown>
  /** Called in the microtask in which the code ends, with its error if it threw; never after its process died. */
  ended(error: unknown): void
}

/**
 * One run of a handler: ordinary async code whose awaited operations the kernel settles. A task knows which order it
 * works for and what caused its last resumption, so that whatever it does next carries both.
 */
export class Task {
  readonly kernel: Kernel
  readonly incarnation: Incarnation
  readonly handler: HandlerSite
  readonly entity: Entity
  /** Trace id of the record that last started or resumed it. */
  cause: number
  /** The last operation that it has begun. */
  private last: Operation<unknown> | undefined = undefined
  /** Those that others were begun beside. */
  private earlier: Operation<unknown>[] | undefined = undefined

  constructor(kernel: Kernel, incarnation: Incarnation, handler: HandlerSite, entity: Entity, cause: number) {
    this.kernel = kernel
    this.incarnation = incarnation
    this.handler = handler
    this.entity = entity
    this.cause = cause
  }

  /** Runs code to its first await and keeps count of it until it ends. */
  start(code: Runnable): void {
    const { incarnation, kernel } = this
    incarnation.started(code, this)
    kernel.resumed(this)
    let running: Promise<unknown>
    try {
      running = code.run()
    } catch (error) {
      this.end(code, thrown(error))
      return
    }
    Promise.resolve(running).then(
      () => this.end(code, undefined),
      (error) => this.end(code, thrown(error)),
    )
  }

  private end(code: Runnable, error: unknown): void {
    const { incarnation } = this
    if (!incarnation.alive) return
    incarnation.finished(code)
    code.ended(error)
  }

  /** The step that an operation of this handler is. */
  step(operation: number): StepSite {
    const { operations, steps } = this.handler
    for (let at = 0; at < operations.length; at++)
      if (operations[at] === operation) return steps[at] as StepSite
    return this.kernel.openStep(this.handler, operation)
  }

  /**
   * Begins an operation: passes the *before* point of its step.
   * @param continuation takes the result instead of a promise, for the runtime's own operations
   * @returns undefined when the task's process is dead (possibly killed just now): the caller then returns
   * `Operation.never()` and does nothing
   */
  begin<T>(operation: number, data?: unknown, continuation?: Continuation<T>): Operation<T> | undefined {
    const { incarnation, kernel } = this
    if (!incarnation.alive) return undefined
    const site = this.step(operation)
    site.passes++
    if (kernel.trace !== undefined) this.cause = kernel.recordStep('before', site, this, this.cause, data)
    if (site.before !== undefined) {
      kernel.passPoint(site.before, this)
      if (!incarnation.alive) return undefined
    }
    incarnation.outstanding++
    const begun = new Operation<T>(this, site, continuation)
    if (this.last?.settled === false) this.keep(this.last)
    this.last = begun as Operation<unknown>
    return begun
  }

  private keep(operation: Operation<unknown>): void {
    const { earlier } = this
    if (earlier === undefined) {
      this.earlier = [operation]
      return
    }
    this.earlier = earlier.filter(isUnsettled)
    this.earlier.push(operation)
  }

  /** The operations that it has begun and that have not been settled, first begun first. */
  get unsettled(): readonly Operation<unknown>[] {
    return [...(this.earlier ?? []), ...(this.last === undefined ? [] : [this.last])].filter(isUnsettled)
  }

  /**
   * Passes a point of a step that nobody awaits.
   * @param cause trace id of the record that led to it
   * @returns whether the task's process lives on
   */
  pass(operation: number, phase: Phase, cause: number): boolean {
    const { kernel, incarnation } = this
    const site = this.step(operation)
    if (kernel.trace !== undefined) this.cause = kernel.recordStep(phase, site, this, cause, undefined)
    const faults = site[phase]
    if (faults !== undefined) kernel.passPoint(faults, this)
    return incarnation.alive
  }
}

const isUnsettled = ({ settled }: Operation<unknown>): boolean => !settled

/** What code threw, as something that can be told from no error. */
function thrown(error: unknown): unknown {
  return error ?? new Error(`a handler threw ${error}`)
}

/** What goes on when an operation is done, in the event that completes it. */
export interface Continuation<T> {
  completed(value: T): void
  failed(error: Error): void
}

type Settle = (value: unknown) => void
/** Stands where nobody awaits. */
const NO_PROMISE = Promise.resolve(undefined) as Promise<unknown>
let capturedResolve: Settle = ignore
let capturedReject: Settle = ignore
const capture = (resolve: Settle, reject: Settle): void => {
  capturedResolve = resolve
  capturedReject = reject
}

/** A promise with the functions that settle it. */
export class Deferred {
  readonly promise: Promise<unknown> = new Promise(capture)
  readonly resolve: Settle = capturedResolve
  readonly reject: Settle = capturedReject
}

/** An awaited simulator operation. Settled at most once, by the kernel, never after its process died. */
export class Operation<T> {
  readonly task: Task
  readonly site: StepSite
  readonly promise: Promise<T>
  readonly sinceMicros: Micros
  settled = false
  /** It waits for work that need never come, as who reads a log does: nobody is stuck for that. */
  isIdle = false
  private readonly resolve: Settle
  private readonly reject: Settle
  private readonly continuation: Continuation<T> | undefined

  constructor(task: Task, site: StepSite, continuation: Continuation<T> | undefined) {
    this.task = task
    this.site = site
    this.sinceMicros = task.kernel.nowMicros
    this.continuation = continuation
    if (continuation === undefined) {
      this.promise = new Promise(
        capture as (resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
      )
      this.resolve = capturedResolve
      this.reject = capturedReject
    } else {
      this.promise = NO_PROMISE as Promise<T>
      this.resolve = ignore
      this.reject = ignore
    }
  }

  /** What an operation of a dead process returns: a new promise each time, because a shared one would collect its awaiters for ever. */
  static never<T>(): Promise<T> {
    return new Promise<T>(ignore)
  }

  /**
   * Delivers the result; the *after* point of the step lies between its arrival and the handler's resumption, which waits
   * while the process is paused.
   * @param hash of the value, for the digest
   * @param cause trace id of the record that produced the result
   */
  complete(value: T, hash: number, cause: number): void {
    if (!this.arrive(hash, cause, value)) return
    const { kernel, incarnation } = this.task
    if (kernel.nowMicros < incarnation.pausedUntilMicros)
      kernel.whenResumed(incarnation, () => this.succeed(value))
    else this.succeed(value)
  }

  /** Delivers a failure that service code may catch. */
  fail(error: Error, hash: number, cause: number): void {
    if (!this.arrive(hash, cause, error)) return
    const { kernel, incarnation } = this.task
    if (kernel.nowMicros < incarnation.pausedUntilMicros)
      kernel.whenResumed(incarnation, () => this.giveUp(error))
    else this.giveUp(error)
  }

  private succeed(value: T): void {
    this.resume()
    if (this.continuation === undefined) this.resolve(value)
    else this.continuation.completed(value)
  }

  private giveUp(error: Error): void {
    this.resume()
    if (this.continuation !== undefined) {
      this.continuation.failed(error)
      return
    }
    this.promise.catch(ignore)
    this.reject(error)
  }

  private resume(): void {
    const { kernel, incarnation } = this.task
    incarnation.outstanding--
    kernel.resumed(this.task)
  }

  private arrive(hash: number, cause: number, data: unknown): boolean {
    if (this.settled) return false
    this.settled = true
    const { task, site } = this
    const { kernel, incarnation } = task
    if (!incarnation.alive) return false
    kernel.digest.word(hash)
    if (kernel.trace !== undefined) {
      const record = kernel.recordStep('after', site, task, cause, data)
      kernel.trace.addParent(task.cause)
      task.cause = record
    }
    if (site.after !== undefined) {
      kernel.passPoint(site.after, task)
      if (!incarnation.alive) return false
    }
    return true
  }
}
