import type { Link, LinkObserver, Network } from '../cluster/network.ts'
import type { Process } from '../cluster/process.ts'

/** What is told when heartbeats are left out, and when they are sent again. */
export interface RoutineParties {
  /** The receiver takes the sender for alive until `resume`. */
  suspend(): void
  /** The sender goes on; the receiver heard of it last when the last heartbeat would have come. */
  resume(): void
}

/**
 * Heartbeats between two processes that only say that all is well: as long as both live, neither is paused and the ways
 * between them are open they are not sent, because each would be answered as the one before was.
 */
export class Routine implements LinkObserver {
  readonly to: Process
  private readonly parties: RoutineParties
  private readonly links: readonly [Link, Link]
  private readonly interrupted: () => void
  private isSuspended = false

  /** @param interrupted called when it has ended because nothing gets through any more */
  constructor(
    network: Network,
    from: Process,
    to: Process,
    parties: RoutineParties,
    interrupted: () => void,
  ) {
    this.to = to
    this.parties = parties
    this.links = [network.link(from, to), network.link(to, from)]
    this.interrupted = interrupted
  }

  /** Whether heartbeats get through. */
  get isPossible(): boolean {
    return this.links.every(({ isOpen }) => isOpen)
  }

  get isRunning(): boolean {
    return this.isSuspended
  }

  /** Leaves heartbeats out from now on. */
  begin(): void {
    if (this.isSuspended) return
    this.isSuspended = true
    for (const link of this.links) link.observe(this)
    this.parties.suspend()
  }

  /** Heartbeats are sent again. */
  end(): void {
    if (!this.isSuspended) return
    this.isSuspended = false
    for (const link of this.links) link.forget(this)
    this.parties.resume()
  }

  linkChanged(): void {
    if (this.isPossible) return
    this.end()
    this.interrupted()
  }
}
