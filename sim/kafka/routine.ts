import type { Link, LinkObserver, Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'

/** What is told when heartbeats are left out, and when they are sent again. */
export interface RoutineParties {
  /** The receiver takes the sender for alive until `resume`. */
  suspend(): void
  /** The sender goes on; the receiver heard of it last when the last heartbeat would have come. */
  resume(): void
  /** They have ended because nothing gets through any more. */
  interrupted(): void
}

/**
 * Heartbeats between two processes that only say that all is well: as long as both live, neither is paused and the ways
 * between them are open they are not sent, because each would be answered as the one before was.
 */
export class Routine implements LinkObserver {
  readonly to: Process
  private readonly parties: RoutineParties
  private readonly there: Link
  private readonly back: Link
  private isSuspended = false

  constructor(network: Network, from: Process, to: Process, parties: RoutineParties) {
    this.to = to
    this.parties = parties
    this.there = network.link(from, to)
    this.back = network.link(to, from)
  }

  /** Whether heartbeats get through. */
  get isPossible(): boolean {
    return this.there.isOpen && this.back.isOpen
  }

  get isRunning(): boolean {
    return this.isSuspended
  }

  /** Leaves heartbeats out from now on. */
  begin(): void {
    if (this.isSuspended) return
    this.isSuspended = true
    this.there.observe(this)
    this.back.observe(this)
    this.parties.suspend()
  }

  /** Heartbeats are sent again. */
  end(): void {
    if (!this.isSuspended) return
    this.isSuspended = false
    this.there.forget(this)
    this.back.forget(this)
    this.parties.resume()
  }

  linkChanged(): void {
    if (this.isPossible) return
    this.end()
    this.parties.interrupted()
  }
}
