import { Process } from '../cluster/process.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import { ServiceInstance } from './instance.ts'
import type { ServiceRuntime } from './runtime.ts'
import { FIRST_VERSION } from './version.ts'

/** How long an instance may take to end what it has begun before it is killed, as an orchestrator of containers grants. */
const GRACE_MICROS: Micros = 30_000_000
/** How long an instance of another version takes to start. */
const START_MICROS: Micros = 2_000_000

/** The instances of a service: how many there are, which version each of them runs, and how they come and go. */
export class Fleet {
  readonly processes: Process[] = []
  private readonly runtime: ServiceRuntime
  private readonly lives = new Map<Process, ServiceInstance>()
  /** What an instance runs from its next start on, once there was a deployment: the first version before. */
  private versions: Map<Process, string> | undefined = undefined
  private version = FIRST_VERSION

  constructor(runtime: ServiceRuntime) {
    this.runtime = runtime
  }

  /** The instance that a process runs in its present life, or ran in its last one. */
  instance(process: Process): ServiceInstance {
    return this.lives.get(process) as ServiceInstance
  }

  /** The instances that a load balancer may choose from: those that are up and take requests. */
  open(): readonly Process[] {
    return this.processes.filter((process) => process.alive && this.lives.get(process)?.desk.isOpen === true)
  }

  /** Adds instances, or shuts down the last ones for good. */
  scale(count: number, cause: number): void {
    while (this.processes.length < count) this.add(cause)
    for (const process of this.processes.splice(count)) {
      process.isRetired = true
      this.shutDown(process, cause, undefined)
    }
  }

  /**
   * Shuts an instance down in order: it takes nothing new, ends and commits what it has begun, leaves its groups, and
   * stops. One that takes longer than 30 s is killed.
   * @param restartMicros how long it stays down; undefined: for ever
   */
  shutDown(process: Process, cause: number, restartMicros: Micros | undefined, stopped = nothing): void {
    if (!process.alive || !this.instance(process).desk.isOpen) {
      stopped()
      return
    }
    const { kernel } = this.runtime
    const { incarnation } = process
    const record = kernel.record('drain', process.name, undefined, cause, undefined)
    const kill: Actor = {
      onEvent: () => end(() => process.crash(kernel.cause, restartMicros)),
      diesWith: (life) => life === incarnation,
    }
    const end = (how: () => void): void => {
      if (process.incarnation === incarnation && process.alive) how()
    }
    // However it ends: one that crashes on the way is gone as well.
    if (stopped !== nothing) process.attach({ resourceIndex: -1, processEnded: stopped })
    kernel.scheduleAt(kernel.nowMicros + GRACE_MICROS, process.entity, kill, 0, undefined, record)
    process.whenResponsive(() => {
      kernel.cause = record
      this.instance(process).drain(() => end(() => process.stop(kernel.cause, restartMicros)))
    })
  }

  /**
   * Puts another version in the place of the present one, an instance after another: each is shut down in order and
   * started with the new version before the next one is. Both run side by side meanwhile.
   * @returns when that will be done at the latest
   */
  deploy(version: string, cause: number): Micros {
    this.version = version
    this.versions ??= new Map()
    const { kernel } = this.runtime
    const waiting = [...this.processes]
    const next = (by: number): void => {
      const process = waiting.shift()
      if (process === undefined) return
      this.versions?.set(process, version)
      const started: Actor = { onEvent: () => next(kernel.cause) }
      this.shutDown(process, by, START_MICROS, () =>
        kernel.scheduleAt(
          kernel.nowMicros + 2 * START_MICROS,
          process.entity,
          started,
          0,
          undefined,
          kernel.cause,
        ),
      )
    }
    next(cause)
    return kernel.nowMicros + this.processes.length * (GRACE_MICROS + 2 * START_MICROS)
  }

  /** Adds an instance that runs the version of the last deployment. */
  add(cause: number): void {
    const { runtime } = this
    const { kernel, network, name } = runtime
    const number = this.processes.length + 1
    const known = network.processes.get(`${name}-${number}`)
    const process =
      known ?? network.add(new Process(kernel, `${name}-${number}`, name, (self) => this.boot(self)))
    process.isRetired = false
    this.processes.push(process)
    this.versions?.set(process, this.version)
    if (known !== undefined) known.restart(cause)
    else {
      process.startCause = cause
      process.start()
    }
  }

  private boot(process: Process): void {
    const { runtime } = this
    const { kernel } = runtime
    const cause = process.startCause || kernel.cause
    kernel.cause = cause
    const version = this.versions?.get(process) ?? FIRST_VERSION
    if (version !== FIRST_VERSION) kernel.record('version', process.name, undefined, cause, { version })
    const life = new ServiceInstance(runtime, process, runtime.instantiate(version))
    this.lives.set(process, life)
    const { consumer } = life
    if (consumer === undefined) return
    kernel.cause = cause
    if (runtime.established) consumer.start()
    else runtime.firstConsumers.push(consumer)
  }
}

const nothing = (): void => {}
