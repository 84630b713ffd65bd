import { describe, expect, it } from 'vitest'
import type { RunView } from '../../ui/model/run-view.ts'
import { offsetAt } from '../../ui/model/staircase.ts'
import type { TransactionState } from '../../ui/model/transactions.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

interface Delivered {
  readonly state: TransactionState | undefined
  /** What became of it in the end. */
  readonly inTheEnd: TransactionState | undefined
  /** Whether it lay below the last stable offset. */
  readonly isStable: boolean
}

/** What had become, when it was delivered, of each record that a transaction wrote. */
function deliveredOf(view: RunView): Delivered[] {
  return view.staircases.flatMap(({ partition, end, highWatermark, groups }) => {
    const transactions = view.transactions.get(partition)
    if (transactions === undefined) return []
    const producers = new Map(
      end.map(({ event, offset }) => [offset - 1, view.recording.fields(event).producerId as number]),
    )
    return groups.flatMap(({ deliveries }) =>
      deliveries.map(({ event, offset }) => ({
        state: transactions.stateAt(event, producers.get(offset) ?? -1, offset),
        inTheEnd: transactions.stateAt(view.recording.count, producers.get(offset) ?? -1, offset),
        isStable: offset < transactions.lastStableOffset(event, offsetAt(highWatermark, event)),
      })),
    )
  })
}

/** How far, at the end, the last stable offset is behind the high watermark, in the partition where it is most. */
function heldBack({ staircases, transactions, recording: { count } }: RunView): number {
  const gaps = staircases.map(({ partition, highWatermark }) => {
    const high = offsetAt(highWatermark, count)
    return high - (transactions.get(partition)?.lastStableOffset(count, high) ?? high)
  })
  return Math.max(...gaps)
}

describe('transactions in the logs of partitions', () => {
  it('[V60] are committed wherever somebody reads who reads what is committed', async () => {
    const { view } = await recorded('kafka/aborted-read-right.yaml')
    const delivered = deliveredOf(view)
    expect(delivered.length).toBeGreaterThan(20)
    expect(new Set(delivered.map(({ state }) => state))).toEqual(new Set(['committed']))
    expect(delivered.every(({ isStable }) => isStable)).toBe(true)
  })

  it('[V60] canary: they are open where somebody reads who reads everything, and some come to be aborted', async () => {
    const delivered = deliveredOf((await recorded('kafka/aborted-read.yaml')).view)
    expect(delivered.map(({ state }) => state)).toContain('open')
    expect(delivered.map(({ inTheEnd }) => inTheEnd)).toContain('aborted')
    expect(delivered.some(({ isStable }) => !isStable)).toBe(true)
  })

  it('[V60] hold the last stable offset back as long as one hangs, and no longer', async () => {
    expect(heldBack((await recorded('kafka/hanging-transaction.yaml')).view)).toBeGreaterThan(0)
    expect(heldBack((await recorded('kafka/hanging-transaction-right.yaml')).view)).toBe(0)
  })

  it('[V60] are none where nobody writes in one', async () => {
    expect((await recorded(DOUBLE_CHARGE)).view.transactions.size).toBe(0)
  })
})
