import type { BrokerContext } from './context.ts'

/** Source: BrokerState. */
export type BrokerState = 'NOT_RUNNING' | 'STARTING' | 'RECOVERY' | 'RUNNING' | 'PENDING_CONTROLLED_SHUTDOWN'

/** How long after the controller could not be reached it is tried again, at first; then twice as long each time. */
const RETRY_BACKOFF_MS = 100

/** Registers a broker and tells the controller that it is alive (rules C6, C8). Source: BrokerLifecycleManager. */
export class Lifecycle {
  state: BrokerState = 'NOT_RUNNING'
  private readonly context: BrokerContext
  private readonly incarnationId: string
  private readonly previousBrokerEpoch: number
  private readonly registered: (nowMillis: number) => void
  private readonly mayStop: (nowMillis: number) => void
  private dueMillis = Number.POSITIVE_INFINITY
  private isAsking = false
  /** The controller has answered the last heartbeat, and does not fence the broker. */
  private isUnfenced = false
  private failures = 0
  /** Something has changed since the controller was asked. */
  private isStale = false

  /**
   * @param previousBrokerEpoch of the last life if that was shut down in order, else -1
   * @param registered the broker has its broker epoch
   * @param mayStop the controller has agreed to a shutdown
   */
  constructor(
    context: BrokerContext,
    previousBrokerEpoch: number,
    registered: (nowMillis: number) => void,
    mayStop: (nowMillis: number) => void,
  ) {
    this.context = context
    this.incarnationId = context.host.newIncarnationId()
    this.previousBrokerEpoch = previousBrokerEpoch
    this.registered = registered
    this.mayStop = mayStop
  }

  /** When the broker is to be heard of next; Infinity while it waits for an answer. */
  get heartbeatDeadlineMillis(): number {
    return this.isAsking ? Number.POSITIVE_INFINITY : this.dueMillis
  }

  /** Whether nothing is new: the next heartbeat will be answered as the last one was. */
  get isRoutine(): boolean {
    return this.state === 'RUNNING' && this.isUnfenced && !this.isAsking
  }

  start(): void {
    this.state = 'STARTING'
    this.register()
  }

  /** Is registered and unfenced, and was heard of just now. */
  resume(): void {
    const { context } = this
    this.state = 'RUNNING'
    this.isUnfenced = true
    this.dueMillis = context.nowMillis + context.config['broker.heartbeat.interval.ms']
    this.isUnfenced = true
  }

  /** The broker has heard of the metadata that it was registered with, and serves. */
  caughtUp(): void {
    if (this.state !== 'STARTING') return
    this.state = 'RECOVERY'
    this.soon()
  }

  beginShutdown(): void {
    this.state = 'PENDING_CONTROLLED_SHUTDOWN'
    this.soon()
  }

  /** Sends what is due. */
  heartbeat(nowMillis: number): void {
    this.context.nowMillis = nowMillis
    if (this.heartbeatDeadlineMillis > nowMillis) return
    if (this.context.brokerEpoch < 0) this.register()
    else this.beat()
  }

  /** All heartbeats up to and including this moment were sent and answered; the next is the first one after it. */
  skipHeartbeats(nowMillis: number): void {
    const intervalMs = this.context.config['broker.heartbeat.interval.ms']
    if (this.dueMillis <= nowMillis)
      this.dueMillis += (Math.floor((nowMillis - this.dueMillis) / intervalMs) + 1) * intervalMs
  }

  private soon(): void {
    this.isStale = this.isAsking
    if (!this.isAsking && this.context.brokerEpoch >= 0) this.beat()
  }

  /** The controller refused, or did not answer. */
  private retry(): void {
    const { context } = this
    this.isUnfenced = false
    const backoffMs = RETRY_BACKOFF_MS * 2 ** this.failures
    this.dueMillis = context.nowMillis + Math.min(backoffMs, context.config['broker.session.timeout.ms'])
    this.failures += 1
  }

  private register(): void {
    const { context, incarnationId, previousBrokerEpoch } = this
    this.isAsking = true
    const body = { brokerId: context.id, incarnationId, previousBrokerEpoch }
    context.host.controller.send({ api: 'BrokerRegistration', body }, (response, nowMillis) => {
      context.nowMillis = nowMillis
      this.isAsking = false
      if (response?.errorCode !== 'NONE') {
        this.retry()
        return
      }
      this.failures = 0
      context.brokerEpoch = response.brokerEpoch
      this.registered(nowMillis)
      if (!this.isAsking) this.beat()
    })
  }

  private beat(): void {
    const { context, state } = this
    this.isAsking = true
    this.isStale = false
    const body = {
      brokerId: context.id,
      brokerEpoch: context.brokerEpoch,
      currentMetadataOffset: context.metadata.offset,
      wantFence: state === 'STARTING',
      wantShutDown: state === 'PENDING_CONTROLLED_SHUTDOWN',
    }
    context.host.controller.send({ api: 'BrokerHeartbeat', body }, (response, nowMillis) => {
      context.nowMillis = nowMillis
      this.isAsking = false
      if (response?.errorCode !== 'NONE') this.retry()
      else {
        this.failures = 0
        this.isUnfenced = !response.isFenced
        this.dueMillis = nowMillis + context.config['broker.heartbeat.interval.ms']
        if (this.state === 'RECOVERY' && !response.isFenced) this.state = 'RUNNING'
        if (this.state === 'PENDING_CONTROLLED_SHUTDOWN' && response.shouldShutDown) {
          this.mayStop(nowMillis)
          return
        }
      }
      if (this.isStale) this.soon()
    })
  }
}
