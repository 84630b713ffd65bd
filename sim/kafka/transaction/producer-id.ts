import type { ErrorCode } from '../error-code.ts'

const RETRY_BACKOFF_MILLIS = 50
/** Share of a block in per cent that is given out before the next one is asked for. */
const PREFETCH_PERCENT = 90

/** Answer of the controller to AllocateProducerIds; in Kafka a block has 1000 ids. */
export interface AllocateProducerIdsResponse {
  readonly errorCode: ErrorCode
  readonly producerIdStart: number
  readonly producerIdLen: number
}

/** Asks the controller for a block of producer ids; what comes back goes to `answer`, on a time-out to `timeOut`. */
export type AllocateProducerIds = () => void

/**
 * Gives out producer ids from blocks that the controller allocates, so that no two brokers give out the same. A caller
 * never waits: while there is no id it is told to retry. Source: RPCProducerIdManager of Kafka 4.x.
 */
export class ProducerIdManager {
  private readonly request: AllocateProducerIds
  private start = 0
  private end = 0
  private next = 0
  private prefetched: { readonly start: number; readonly length: number } | undefined = undefined
  private inFlight = false
  private backoffUntilMillis = Number.NEGATIVE_INFINITY

  constructor(request: AllocateProducerIds) {
    this.request = request
  }

  /** A producer id, or COORDINATOR_LOAD_IN_PROGRESS while the next block is on its way. */
  generate(nowMillis: number): number | 'COORDINATOR_LOAD_IN_PROGRESS' {
    if (this.next === this.end) {
      if (this.prefetched === undefined) {
        this.requestBlock(nowMillis)
        return 'COORDINATOR_LOAD_IN_PROGRESS'
      }
      const { start, length } = this.prefetched
      this.prefetched = undefined
      this.inFlight = false
      this.start = start
      this.next = start
      this.end = start + length
      if (length === 0) return this.generate(nowMillis)
    }
    const id = this.next++
    if (id === this.start + Math.floor(((this.end - this.start) * PREFETCH_PERCENT) / 100))
      this.requestBlock(nowMillis)
    return id
  }

  /** The controller's answer; undefined when there was none to be had (another version, a refused connection). */
  answer(response: AllocateProducerIdsResponse | undefined, nowMillis: number): void {
    if (response === undefined || response.errorCode !== 'NONE' || !this.isSane(response)) {
      this.backoffUntilMillis = nowMillis + RETRY_BACKOFF_MILLIS
      this.inFlight = false
      return
    }
    this.backoffUntilMillis = Number.NEGATIVE_INFINITY
    this.prefetched = { start: response.producerIdStart, length: response.producerIdLen }
  }

  /** The request timed out: the next caller may ask again at once. */
  timeOut(): void {
    this.backoffUntilMillis = Number.NEGATIVE_INFINITY
    this.inFlight = false
  }

  private requestBlock(nowMillis: number): void {
    if (nowMillis < this.backoffUntilMillis || this.prefetched !== undefined || this.inFlight) return
    this.inFlight = true
    this.request()
  }

  private isSane({ producerIdStart, producerIdLen }: AllocateProducerIdsResponse): boolean {
    return (
      producerIdStart >= this.end &&
      producerIdLen >= 0 &&
      producerIdStart <= Number.MAX_SAFE_INTEGER - producerIdLen
    )
  }
}
