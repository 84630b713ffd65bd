import type { ChoiceSite, Entity } from '../kernel/choice.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Actor } from '../kernel/queue.ts'
import type { Micros } from '../kernel/time.ts'
import { LAN_LATENCY, type LatencyTable, QUANTILES } from './latency.ts'
import type { Process } from './process.ts'

/**
 * One direction between two processes. TCP-like: ordered and lossless while it stands; a partition holds what is
 * sent until it heals, a slow link adds a delay.
 */
export class Link {
  readonly from: Process
  readonly to: Process
  readonly site: ChoiceSite
  latency: LatencyTable
  /** Added to every message while a fault makes the link slow. */
  addedMicros: Micros = 0
  /** Nothing arrives before this moment while the link is cut; 0 when it is whole. */
  cutUntilMicros: Micros = 0
  private lastArrivalMicros: Micros = -1

  constructor(from: Process, to: Process, site: ChoiceSite, latency: LatencyTable) {
    this.from = from
    this.to = to
    this.site = site
    this.latency = latency
  }

  /** When a message sent now arrives: after the one sent earlier, whatever the order of simultaneous events. */
  arrivalMicros(kernel: Kernel, entity: Entity): Micros {
    const latency = this.latency[kernel.choose(this.site, entity, QUANTILES)] as number
    let arrival = kernel.nowMicros + latency + this.addedMicros
    if (this.cutUntilMicros > kernel.nowMicros) arrival = Math.max(arrival, this.cutUntilMicros + latency)
    if (arrival <= this.lastArrivalMicros) arrival = this.lastArrivalMicros + 1
    this.lastArrivalMicros = arrival
    return arrival
  }
}

/** Every process of the cluster and the links between them. */
export class Network {
  readonly kernel: Kernel
  readonly processes = new Map<string, Process>()
  private readonly allLinks: Link[] = []
  private readonly latencies = new Map<Process, LatencyTable>()
  private readonly conditions: LinkCondition[] = []

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Adds a process. @param latency of its links, both ways; default: inside the data centre */
  add(process: Process, latency?: LatencyTable): Process {
    process.index = this.processes.size
    this.processes.set(process.name, process)
    if (latency !== undefined) this.latencies.set(process, latency)
    return process
  }

  /** The link between two processes; made when first used. */
  link(from: Process, to: Process): Link {
    const known = from.links[to.index]
    if (known !== undefined) return known
    const site = this.kernel.choices.site(`latency ${from.name}→${to.name}`)
    const link = new Link(from, to, site, this.latencies.get(to) ?? this.latencies.get(from) ?? LAN_LATENCY)
    for (const condition of this.conditions) if (condition.covers(from, to)) condition.apply(link)
    this.allLinks.push(link)
    from.links[to.index] = link
    return link
  }

  /** Sends a message: an event for `target` when it arrives. */
  send(link: Link, entity: Entity, target: Actor, code: number, subject: unknown, cause: number): void {
    this.kernel.scheduleAt(link.arrivalMicros(this.kernel, entity), entity, target, code, subject, cause)
  }

  /** The processes that a name means: one process, or all instances of a service. */
  named(name: string): Process[] {
    return [...this.processes.values()].filter((process) => process.name === name || process.role === name)
  }

  /** Puts a condition on all links that it covers, those not yet used included, until `lift`. */
  impose(condition: LinkCondition): void {
    this.conditions.push(condition)
    for (const link of this.existing(condition)) condition.apply(link)
  }

  /** Ends a condition. */
  lift(condition: LinkCondition): void {
    const index = this.conditions.indexOf(condition)
    if (index < 0) return
    this.conditions.splice(index, 1)
    for (const link of this.existing(condition)) {
      condition.undo(link)
      for (const other of this.conditions) if (other.covers(link.from, link.to)) other.apply(link)
    }
  }

  private *existing(condition: LinkCondition): IterableIterator<Link> {
    for (const link of this.allLinks) if (condition.covers(link.from, link.to)) yield link
  }
}

/** What a fault does to links while it lasts. */
export interface LinkCondition {
  covers(from: Process, to: Process): boolean
  apply(link: Link): void
  undo(link: Link): void
}
