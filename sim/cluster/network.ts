import type { ChoiceSite, Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { appended } from '../kernel/list.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import { LAN_LATENCY, type LatencyShape, type LatencyTable, QUANTILES, shapedLatency } from './latency.ts'
import type { Process } from './process.ts'
import { latencySiteName } from './process-name.ts'

/** A message that waits for a partition to heal. */
interface HeldMessage {
  readonly latencyMicros: Micros
  readonly entity: Entity
  readonly target: Actor
  readonly code: number
  readonly subject: unknown
  readonly cause: number
}

/** Somebody who is told when a link is cut, and when it is whole again, or a process at its end pauses and goes on. */
export interface LinkObserver {
  linkChanged(): void
}

const NO_OBSERVERS: readonly LinkObserver[] = []

/**
 * One direction between two processes. TCP-like: ordered and lossless while it stands; a partition holds what is
 * sent until it heals, a slow link adds a delay.
 */
export class Link {
  readonly from: Process
  readonly to: Process
  latency: LatencyTable
  /** Whether a partition covers it: what is sent now is held. */
  cut = false
  private observers: readonly LinkObserver[] = NO_OBSERVERS
  /** Added to every message while a fault makes the link slow. */
  private addedMicros: Micros = 0
  private held: HeldMessage[] | undefined = undefined
  private lastArrivalMicros: Micros = -1
  /** Named when the first message takes time. */
  private site: ChoiceSite | undefined = undefined

  constructor(from: Process, to: Process, latency: LatencyTable) {
    this.from = from
    this.to = to
    this.latency = latency
  }

  /**
   * When a message sent now arrives: after the one sent earlier, whatever the order of simultaneous events.
   * The link must not be cut.
   */
  arrivalMicros(kernel: Kernel, entity: Entity): Micros {
    return this.arrivalAfter(this.departureMicros(kernel) + this.drawLatency(kernel, entity))
  }

  /** Tells somebody of cuts from now on. */
  observe(observer: LinkObserver): void {
    this.observers = appended(this.observers, observer)
  }

  /** Tells somebody no more. */
  forget(observer: LinkObserver): void {
    this.observers = this.observers.filter((other) => other !== observer)
  }

  /** Keeps a message until the link is whole again. */
  hold(kernel: Kernel, entity: Entity, target: Actor, code: number, subject: unknown, cause: number): void {
    const latencyMicros = this.drawLatency(kernel, entity)
    this.held ??= []
    this.held.push({ latencyMicros, entity, target, code, subject, cause })
  }

  /** Sets its condition; a link that becomes whole lets go what it held, in order. */
  become(cut: boolean, addedMicros: Micros, kernel: Kernel): void {
    const changed = cut !== this.cut
    this.cut = cut
    this.addedMicros = addedMicros
    if (changed) this.tell()
    const { held } = this
    if (cut || held === undefined) return
    this.held = undefined
    for (const { latencyMicros, entity, target, code, subject, cause } of held) {
      const arrival = this.arrivalAfter(this.departureMicros(kernel) + latencyMicros)
      kernel.scheduleAt(arrival, entity, target, code, subject, cause)
    }
  }

  /** Tells whoever looks at it that it may carry something now, or nothing. */
  tell(): void {
    // Others may have lost interest when it is their turn.
    for (const observer of this.observers) if (this.observers.includes(observer)) observer.linkChanged()
  }

  /** Whether what is sent now arrives, and is taken there. */
  get isOpen(): boolean {
    return !this.cut && this.from.isResponsive && this.to.isResponsive
  }

  private drawLatency(kernel: Kernel, entity: Entity): Micros {
    this.site ??= kernel.choices.site(latencySiteName(this.from.name, this.to.name))
    return this.latency[kernel.choose(this.site, entity, QUANTILES)] as number
  }

  /** What a paused process sends leaves when it goes on. */
  private departureMicros(kernel: Kernel): Micros {
    return Math.max(kernel.nowMicros, this.from.incarnation.pausedUntilMicros)
  }

  private arrivalAfter(undelayedMicros: Micros): Micros {
    const arrival = Math.max(undelayedMicros + this.addedMicros, this.lastArrivalMicros + 1)
    this.lastArrivalMicros = arrival
    return arrival
  }
}

/** Every process of the cluster and the links between them. */
export class Network {
  readonly kernel: Kernel
  /** The shape of all latencies. */
  readonly shape: LatencyShape
  readonly processes = new Map<string, Process>()
  private readonly allLinks: Link[] = []
  private readonly latencies = new Map<Process, LatencyTable>()
  private readonly conditions: LinkCondition[] = []

  constructor(kernel: Kernel, shape: LatencyShape = 'usual') {
    this.kernel = kernel
    this.shape = shape
  }

  /** Adds a process. @param latency of its links, both ways; default: inside the data centre */
  add(process: Process, latency?: LatencyTable): Process {
    process.index = this.processes.size
    process.network = this
    this.processes.set(process.name, process)
    if (latency !== undefined) this.latencies.set(process, latency)
    return process
  }

  /** The link between two processes; made when first used. */
  link(from: Process, to: Process): Link {
    const known = from.links[to.index]
    if (known !== undefined) return known
    const latency = this.latencies.get(to) ?? this.latencies.get(from) ?? LAN_LATENCY
    const link = new Link(from, to, shapedLatency(latency, this.shape))
    this.refresh(link)
    this.allLinks.push(link)
    // With room for all that there are, mostly: a list that grows to a far index grows by half of it and more.
    if (from.links.length === 0) from.links = new Array(this.processes.size)
    from.links[to.index] = link
    return link
  }

  /** The links to a process, as far as they are used. */
  linksTo(process: Process): Link[] {
    return this.allLinks.filter(({ to }) => to === process)
  }

  /** Sends a message: an event for `target` when it arrives. */
  send(link: Link, entity: Entity, target: Actor, code: number, subject: unknown, cause: number): void {
    const { kernel } = this
    if (kernel.warming) kernel.scheduleAt(kernel.nowMicros, entity, target, code, subject, cause)
    else if (link.cut) link.hold(kernel, entity, target, code, subject, cause)
    else kernel.scheduleAt(link.arrivalMicros(kernel, entity), entity, target, code, subject, cause)
  }

  /** The processes that a name means: one process, or all instances of a service. */
  named(name: string): Process[] {
    return [...this.processes.values()].filter((process) => process.name === name || process.role === name)
  }

  /** Puts a condition on all links that it covers, those not yet used included, until `lift`. */
  impose(condition: LinkCondition): void {
    this.conditions.push(condition)
    for (const link of this.allLinks) if (condition.covers(link.from, link.to)) this.refresh(link)
  }

  /** Ends a condition. */
  lift(condition: LinkCondition): void {
    const index = this.conditions.indexOf(condition)
    if (index < 0) return
    this.conditions.splice(index, 1)
    for (const link of this.allLinks) if (condition.covers(link.from, link.to)) this.refresh(link)
  }

  /** A link is whole when no condition that covers it cuts it, and as slow as the slowest of them. */
  private refresh(link: Link): void {
    let cut = false
    let addedMicros = 0
    for (const condition of this.conditions) {
      if (!condition.covers(link.from, link.to)) continue
      cut ||= condition.cuts
      addedMicros = Math.max(addedMicros, condition.addedMicros)
    }
    link.become(cut, addedMicros, this.kernel)
  }
}

/** What a fault does to links while it lasts. */
export interface LinkCondition {
  covers(from: Process, to: Process): boolean
  /** Nothing passes. */
  readonly cuts: boolean
  /** How much longer a message takes. */
  readonly addedMicros: Micros
}
