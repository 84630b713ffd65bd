import type { TopicPartition } from '../assignor/subscription.ts'
import type { ConsumerHooks } from './hooks.ts'

/** Goes on after a callback. @param error what it threw, undefined if nothing */
export type AfterCallback = (error: unknown, nowMillis: number) => void

interface Call {
  readonly name: 'onPartitionsAssigned' | 'onPartitionsRevoked' | 'onPartitionsLost'
  readonly partitions: readonly TopicPartition[]
  readonly after: AfterCallback
}

/** Whoever calls back hears of the end of every callback. */
export interface CallbackOwner {
  callbackEnded(nowMillis: number): void
}

// Nobody writes to it.
const NO_CALLS: Call[] = []

/** The callbacks of rebalances, one after the other, in the application's thread (rule G12). */
export class RebalanceCallbacks {
  /** When the one that runs began; undefined when none does. */
  startedMillis: number | undefined = undefined
  /** Whether somebody listens. */
  readonly isHeard: boolean
  private readonly hooks: ConsumerHooks
  private readonly owner: CallbackOwner
  private calls = NO_CALLS

  constructor(hooks: ConsumerHooks, owner: CallbackOwner) {
    this.isHeard = hooks.hasRebalanceListener ?? true
    this.hooks = hooks
    this.owner = owner
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
    if (!this.isHeard) after(undefined, nowMillis)
    else if (this.calls.length === 0) this.calls = [{ name, partitions, after }]
    else this.calls.push({ name, partitions, after })
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
      this.owner.callbackEnded(atMillis)
    })
  }
}
