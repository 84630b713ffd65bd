/** What the active controller remembers of a broker's heartbeats; lost in a failover. */
interface Heartbeats {
  fenced: boolean
  /** How far the broker has replayed the metadata; -1 if it has not said since it was registered, fenced or unfenced. */
  metadataOffset: number
  /** It may stop when all active brokers have heard what is below; -1 while it is not shutting down. */
  controlledShutdownOffset: number
}

interface Session {
  readonly brokerEpoch: number
  contactMillis: number
}

/** State of a broker as the controller answers it. Source: BrokerControlState. */
export type BrokerControlState = 'FENCED' | 'UNFENCED' | 'CONTROLLED_SHUTDOWN' | 'SHUTDOWN_NOW'

/** What a broker says of itself in a heartbeat. */
export interface HeartbeatWish {
  readonly wantFence: boolean
  readonly wantShutDown: boolean
  readonly currentMetadataOffset: number
}

/** Sessions and states of brokers by their heartbeats (rules C6, C8). Source: BrokerHeartbeatManager, BrokerHeartbeatTracker. */
export class BrokerHeartbeats {
  private readonly sessionTimeoutMillis: number
  private readonly brokers = new Map<number, Heartbeats>()
  private readonly sessions = new Map<number, Session>()

  constructor(sessionTimeoutMillis: number) {
    this.sessionTimeoutMillis = sessionTimeoutMillis
  }

  /** A broker was registered, fenced or unfenced. */
  register(brokerId: number, fenced: boolean): void {
    const broker = this.brokers.get(brokerId)
    if (broker === undefined)
      this.brokers.set(brokerId, { fenced, metadataOffset: -1, controlledShutdownOffset: -1 })
    else this.touch(brokerId, fenced, broker.fenced === fenced ? -1 : broker.metadataOffset)
  }

  /** Forgets a broker; its session goes with its broker epoch. */
  remove(brokerId: number): void {
    this.brokers.delete(brokerId)
  }

  /** It was heard of in a life. */
  contact(brokerId: number, brokerEpoch: number, nowMillis: number): void {
    const session = this.sessions.get(brokerId)
    if (session?.brokerEpoch === brokerEpoch) session.contactMillis = nowMillis
    else this.sessions.set(brokerId, { brokerEpoch, contactMillis: nowMillis })
  }

  /** Its heartbeats are routine, and not sent one by one: its session does not run out until it is heard of. */
  suspend(brokerId: number): void {
    const session = this.sessions.get(brokerId)
    if (session !== undefined) session.contactMillis = Number.POSITIVE_INFINITY
  }

  hasValidSession(brokerId: number, brokerEpoch: number, nowMillis: number): boolean {
    const session = this.sessions.get(brokerId)
    return session?.brokerEpoch === brokerEpoch && !this.isExpired(session, nowMillis)
  }

  /** Notes where a broker is. A broker that is fenced is no longer shutting down: it stops at its next heartbeat. */
  touch(brokerId: number, fenced: boolean, metadataOffset: number): void {
    const broker = this.stateOf(brokerId)
    broker.fenced = fenced
    broker.metadataOffset = metadataOffset
    if (fenced) broker.controlledShutdownOffset = -1
  }

  /** It is shutting down, and may stop when everybody knows what is below an offset; only the first is kept. */
  shutDownAfter(brokerId: number, offset: number): void {
    const broker = this.stateOf(brokerId)
    if (broker.controlledShutdownOffset < 0) broker.controlledShutdownOffset = offset
  }

  isShuttingDown(brokerId: number): boolean {
    return (this.brokers.get(brokerId)?.controlledShutdownOffset ?? -1) >= 0
  }

  /** How far every broker that is active has replayed the metadata; Infinity if none is. */
  lowestActiveOffset(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const { fenced, controlledShutdownOffset, metadataOffset } of this.brokers.values()) {
      if (!fenced && controlledShutdownOffset < 0 && metadataOffset < lowest) lowest = metadataOffset
    }
    return lowest
  }

  currentState(brokerId: number): BrokerControlState {
    const { fenced, controlledShutdownOffset } = this.stateOf(brokerId)
    if (controlledShutdownOffset >= 0) return 'CONTROLLED_SHUTDOWN'
    return fenced ? 'FENCED' : 'UNFENCED'
  }

  /**
   * The state that a heartbeat leads to (rules C6, C8).
   * @param registrationOffset a broker is unfenced when it has replayed its own registration
   * @param hasLeaderships whether it leads a partition
   */
  nextState(
    brokerId: number,
    { wantFence, wantShutDown, currentMetadataOffset }: HeartbeatWish,
    registrationOffset: number,
    hasLeaderships: () => boolean,
  ): BrokerControlState {
    switch (this.currentState(brokerId)) {
      case 'FENCED':
        if (wantShutDown) return 'SHUTDOWN_NOW'
        return !wantFence && currentMetadataOffset >= registrationOffset ? 'UNFENCED' : 'FENCED'
      case 'UNFENCED':
        if (wantFence) return wantShutDown ? 'SHUTDOWN_NOW' : 'FENCED'
        if (!wantShutDown) return 'UNFENCED'
        return hasLeaderships() ? 'CONTROLLED_SHUTDOWN' : 'SHUTDOWN_NOW'
      case 'CONTROLLED_SHUTDOWN': {
        if (hasLeaderships()) return 'CONTROLLED_SHUTDOWN'
        const { controlledShutdownOffset } = this.stateOf(brokerId)
        return controlledShutdownOffset <= this.lowestActiveOffset() ? 'SHUTDOWN_NOW' : 'CONTROLLED_SHUTDOWN'
      }
      default:
        return 'SHUTDOWN_NOW'
    }
  }

  /** A broker whose session is over, with its broker epoch; the session is forgotten. */
  takeExpired(nowMillis: number): { readonly brokerId: number; readonly brokerEpoch: number } | undefined {
    for (const [brokerId, session] of this.sessions) {
      if (!this.isExpired(session, nowMillis)) continue
      this.sessions.delete(brokerId)
      return { brokerId, brokerEpoch: session.brokerEpoch }
    }
    return undefined
  }

  /** When the first session will be over: at any time after this one. */
  firstExpiryMillis(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { contactMillis } of this.sessions.values()) {
      first = Math.min(first, contactMillis + this.sessionTimeoutMillis)
    }
    return first
  }

  private isExpired({ contactMillis }: Session, nowMillis: number): boolean {
    return contactMillis + this.sessionTimeoutMillis < nowMillis
  }

  private stateOf(brokerId: number): Heartbeats {
    const broker = this.brokers.get(brokerId)
    if (broker === undefined) throw new RangeError(`broker ${brokerId} is not registered`)
    return broker
  }
}
