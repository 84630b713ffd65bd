import type { Entity } from '../kernel/choice.ts'
import { Incarnation } from '../kernel/incarnation.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Micros } from '../kernel/time.ts'
import type { Link, Network } from './network.ts'
import { processName } from './process-name.ts'

const RESTART = 0
const NO_LINKS: (Link | undefined)[] = []

/** Something that a process holds and that others notice when it dies: a connection, a group membership. */
export interface ProcessResource {
  /** Its place in the process's list; kept by the process. */
  resourceIndex: number
  /** @param cause trace id of the crash */
  processEnded(cause: number): void
  /** The process stands still: whoever takes its silence for consent is to be told. */
  processPaused?(): void
}

/**
 * A process of the simulated cluster: a service instance, a broker, a database server. It lives in incarnations; what
 * it holds (connections, group memberships, open transactions) hears of the end of one once.
 */
export class Process {
  readonly kernel: Kernel
  readonly name: string
  /** The service or server that it is an instance of: `payment`, `broker`. */
  readonly role: string
  readonly entity: Entity
  incarnation: Incarnation
  /** Trace id of the record that started the present life. */
  startCause = 0
  private readonly boot: ((process: Process) => void) | undefined
  /** How far its clock is ahead of the time; negative where it is behind. */
  skewMicros: Micros = 0
  /** Nobody wants it any more: what would have been its next life does not begin. */
  isRetired = false
  /** Links to other processes by their index. */
  links: (Link | undefined)[] = NO_LINKS
  index = -1
  /** Set once it is added to one. */
  network: Network | undefined = undefined
  private resources: ProcessResource[] = []

  /** @param boot called at each start, with nothing left of earlier lives; undefined for a server that cannot crash */
  constructor(kernel: Kernel, name: string, role: string, boot: ((process: Process) => void) | undefined) {
    this.kernel = kernel
    this.name = processName(name)
    this.role = role
    this.boot = boot
    this.entity = kernel.choices.entity(`process ${name}`)
    this.incarnation = new Incarnation(name, 1)
  }

  /** Whether a crash of it is simulated: service instances, relays and brokers have lives, other servers do not yet. */
  get mortal(): boolean {
    return this.boot !== undefined
  }

  /** What its clock says. */
  get clockMicros(): Micros {
    return this.kernel.nowMicros + this.skewMicros
  }

  /** Whether it lives; it may be paused. */
  get alive(): boolean {
    return this.incarnation.alive
  }

  /** Whether it stands still. */
  get isPaused(): boolean {
    return this.kernel.nowMicros < this.incarnation.pausedUntilMicros
  }

  /** Whether it lives and is not paused. */
  get isResponsive(): boolean {
    return this.alive && !this.isPaused
  }

  /** Ties a resource to the present life: it hears when that ends. */
  attach(resource: ProcessResource): void {
    this.incarnation.claims++
    resource.resourceIndex = this.resources.length
    this.resources.push(resource)
  }

  /** Unties a resource that ended by itself. */
  detach(resource: ProcessResource): void {
    const { resources } = this
    const index = resource.resourceIndex
    if (resources[index] !== resource) return
    const last = resources.pop() as ProcessResource
    if (last === resource) return
    resources[index] = last
    last.resourceIndex = index
  }

  /** Starts the first life. */
  start(): void {
    this.boot?.(this)
  }

  /**
   * Ends the present life at once: memory, promises and open transactions are gone.
   * @param restartAfter delay until the next life; undefined: it stays down until `restart`
   */
  crash(cause: number, restartAfter?: Micros): void {
    this.end('crash', cause, restartAfter)
  }

  /** Ends the present life in order: whoever lives in it has put everything away. */
  stop(cause: number, restartAfter?: Micros): void {
    this.end('stop', cause, restartAfter)
  }

  /**
   * Stands still for a while, as in a long garbage collection: it keeps its memory and its connections, executes nothing, and
   * sends nothing; timers and arrivals wait until it goes on, in their order.
   */
  pause(cause: number, forMicros: Micros): void {
    if (!this.alive) return
    const { kernel, incarnation } = this
    const wasPaused = this.isPaused
    kernel.cause = kernel.record('pause', this.name, undefined, cause, { forMicros })
    kernel.pause(incarnation, kernel.nowMicros + forMicros)
    if (wasPaused) return
    kernel.whenResumed(incarnation, () => this.resumed())
    this.linksChanged()
    for (const resource of [...this.resources]) resource.processPaused?.()
  }

  /** Does something now, or when it goes on if it is paused; never if this life ends before. */
  whenResponsive(act: () => void): void {
    if (this.isPaused) this.kernel.whenResumed(this.incarnation, act)
    else act()
  }

  private linksChanged(): void {
    for (const link of this.links) link?.tell()
    for (const link of this.network?.linksTo(this) ?? []) link.tell()
  }

  private resumed(): void {
    const { kernel } = this
    kernel.cause = kernel.record('resume', this.name, undefined, kernel.cause)
    this.linksChanged()
  }

  private end(how: 'crash' | 'stop', cause: number, restartAfter: Micros | undefined): void {
    if (!this.alive) return
    const { kernel } = this
    kernel.end(this.incarnation)
    const record = kernel.record(how, this.name, undefined, cause, { life: this.incarnation.number })
    const { resources } = this
    this.resources = []
    for (const resource of resources) resource.processEnded(record)
    if (restartAfter !== undefined) {
      kernel.scheduleAt(kernel.nowMicros + restartAfter, this.entity, this, RESTART, undefined, record)
    }
  }

  /** Starts a new life if it is down. */
  restart(cause: number): void {
    if (this.alive) return
    this.incarnation = new Incarnation(this.name, this.incarnation.number + 1)
    this.startCause = this.kernel.record('restart', this.name, undefined, cause, {
      life: this.incarnation.number,
    })
    this.kernel.digest.word(this.incarnation.number)
    this.boot?.(this)
  }

  onEvent(_code: number, _subject: unknown): void {
    if (!this.isRetired) this.restart(this.kernel.cause)
  }
}
