import type { FindCoordinatorResponse } from '../transaction/message.ts'
import type { ConsumerClient } from './client.ts'
import { ConsumerError } from './error.ts'
import type { ConsumerMetadata } from './metadata.ts'

const NONE = -1

/** Finds the coordinator of the group, and finds it again. Source: AbstractCoordinator, CoordinatorRequestManager. */
export class CoordinatorLookup {
  /** INVALID_GROUP_ID and its like, for the next poll to throw. */
  fatalError: ConsumerError | undefined = undefined
  /** When it was found last: its answers count from then on. */
  foundMillis = 0
  /** How many searches have failed. */
  failures = 0
  private readonly client: ConsumerClient
  private readonly metadata: ConsumerMetadata
  private readonly groupId: string
  private nodeId = NONE
  private isWanted = false
  private isAsking = false
  private attempts = 0
  private retryMillis = 0

  constructor(client: ConsumerClient, metadata: ConsumerMetadata, groupId: string) {
    this.client = client
    this.metadata = metadata
    this.groupId = groupId
  }

  /** The coordinator; undefined while it is looked for, which this asks for. */
  node(nowMillis: number): number | undefined {
    if (this.nodeId !== NONE) {
      if (this.client.isAvailable(this.nodeId, nowMillis)) {
        this.attempts = 0
        return this.nodeId
      }
      // Found, but the connection has failed: the others may not know yet that it is dead.
      this.nodeId = NONE
      this.retryMillis = nowMillis + this.client.retryBackoffMillis(this.attempts++)
    }
    this.isWanted = true
    this.maintain(nowMillis)
    return undefined
  }

  get isKnown(): boolean {
    return this.nodeId !== NONE
  }

  /** It has been found. */
  resume(nodeId: number, nowMillis: number): void {
    this.nodeId = nodeId
    this.foundMillis = nowMillis
  }

  markUnknown(): void {
    this.nodeId = NONE
  }

  /** Sends what is due. */
  maintain(nowMillis: number): void {
    if (!this.isWanted || this.isAsking || nowMillis < this.retryMillis) return
    const node = this.metadata.anyNode(nowMillis)
    if (node === undefined) {
      this.retryMillis = this.metadata.anyNodeMillis()
      return
    }
    this.isAsking = true
    const body = { keyType: 'GROUP', key: this.groupId } as const
    this.client.send(node, 'FindCoordinator', body, (response, atMillis) => this.answered(response, atMillis))
  }

  nextDeadlineMillis(): number {
    return this.isWanted && !this.isAsking ? this.retryMillis : Number.POSITIVE_INFINITY
  }

  private answered(response: FindCoordinatorResponse | undefined, nowMillis: number): void {
    this.isAsking = false
    if (response?.errorCode === 'NONE') {
      this.isWanted = false
      this.resume(response.nodeId, nowMillis)
      return
    }
    this.failures += 1
    this.retryMillis = nowMillis + this.client.retryBackoffMillis(this.attempts++)
    const errorCode = response?.errorCode ?? 'COORDINATOR_NOT_AVAILABLE'
    if (errorCode === 'COORDINATOR_NOT_AVAILABLE' || errorCode === 'COORDINATOR_LOAD_IN_PROGRESS') return
    this.isWanted = false
    this.fatalError = new ConsumerError(
      errorCode,
      `Looking for the coordinator of ${this.groupId}: ${errorCode}`,
    )
  }
}
