import type { TopicPartition } from '../assignor/subscription.ts'
import type { ConsumerHooks } from './hooks.ts'

/** Goes on after a callback. @param error what it threw, undefined if nothing */
export type AfterCallback = (error: unknown, nowMillis: number) => void

interface Call {
  readonly name: 'onPartitionsAssigned' | 'onPartitionsRevoked' | 'onPartitionsLost'
  readonly partitions: readonly TopicPartition[]
  readonly after: AfterCallback
}

/** The callbacks of rebalances, one after the other, in the application's thread (rule G12). */
export class RebalanceCallbacks {
  /** When the one that runs began; undefined when none does. */
  startedMillis: number | undefined = undefined
  /** Whether somebody listens. */
  readonly isHeard: boolean
  private readonly hooks: ConsumerHooks
  private readonly ended: (nowMillis: number) => void
  private readonly calls: Call[] = []

  /** @param ended hears after every callback */
  constructor(hooks: ConsumerHooks, ended: (nowMillis: number) => void) {
    this.isHeard = hooks.hasRebalanceListener ?? true
    this.hooks = hooks
    this.ended = ended
  }

  /** Whether the application is in a callback, or will be as soon as it polls. */
  get isBusy(): boolean {
    return this.startedMillis !== undefined || this.calls.length > 0
  }

  /** Calls back the next time that the application is in poll; goes on at once if nobody listens. */
  invoke(
    name: Call['name'],
    partitions: readonly TopicPartition[],
    nowMillis: number,
    after: AfterCallback,
  ): void {
    if (this.isHeard) this.calls.push({ name, partitions, after })
    else after(undefined, nowMillis)
  }

  /** The application is in poll: starts the callback that is due. */
  pump(nowMillis: number): void {
    if (this.startedMillis !== undefined) return
    const call = this.calls.shift()
    if (call === undefined) return
    this.startedMillis = nowMillis
    let isOver = false
    this.hooks[call.name](call.partitions, (atMillis, error) => {
      if (isOver) return
      isOver = true
      this.startedMillis = undefined
      call.after(error, atMillis)
      this.ended(atMillis)
    })
  }
}
