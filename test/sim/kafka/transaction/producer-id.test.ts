import { describe, expect, it } from 'vitest'
import { ProducerIdManager } from '../../../../sim/kafka/transaction/producer-id.ts'

// Facts of ProducerIdManagerTest of Kafka 4.3.

const LOADING = 'COORDINATOR_LOAD_IN_PROGRESS'
const block = (producerIdStart: number, producerIdLen: number) =>
  ({ errorCode: 'NONE', producerIdStart, producerIdLen }) as const

function bench(): { readonly manager: ProducerIdManager; requests: () => number } {
  let requests = 0
  const manager = new ProducerIdManager(() => requests++)
  return { manager, requests: () => requests }
}

describe('producer ids', () => {
  it.each([1, 2, 10, 100])('[KT12] come one after another from blocks of %i, each once', (length) => {
    const { manager, requests } = bench()
    const ids: number[] = []
    let allocated = 0
    for (let call = 0; ids.length < 3 * length; call++) {
      const id = manager.generate(call)
      if (id === LOADING) manager.answer(block(allocated++ * length, length), call)
      else ids.push(id)
    }
    expect(ids).toEqual(Array.from({ length: 3 * length }, (_, index) => index))
    expect(requests()).toBeGreaterThanOrEqual(3)
  })

  it('[KT12] are asked for when nine tenths of a block are given out, once', () => {
    const { manager, requests } = bench()
    expect(manager.generate(0)).toBe(LOADING)
    manager.answer(block(0, 10), 0)
    for (let id = 0; id < 9; id++) expect(manager.generate(0)).toBe(id)
    expect(requests()).toBe(1)
    expect(manager.generate(0)).toBe(9)
    expect(requests()).toBe(2)
    expect(manager.generate(0)).toBe(LOADING)
    expect(requests()).toBe(2)
    manager.answer(block(50, 10), 0)
    expect(manager.generate(0)).toBe(50)
  })

  it.each([
    'UNKNOWN_SERVER_ERROR',
    'INVALID_REQUEST',
    'STALE_BROKER_EPOCH',
    'BROKER_ID_NOT_REGISTERED',
  ] as const)('[KT12] are asked for again 50 ms after %s', (errorCode) => {
    const { manager, requests } = bench()
    expect(manager.generate(0)).toBe(LOADING)
    manager.answer({ errorCode, producerIdStart: 0, producerIdLen: 0 }, 10)
    expect([manager.generate(59), requests()]).toEqual([LOADING, 1])
    expect([manager.generate(60), requests()]).toEqual([LOADING, 2])
    manager.answer(block(0, 1), 60)
    expect(manager.generate(60)).toBe(0)
  })

  it('[KT12] are asked for again 50 ms after no answer, at once after a time-out', () => {
    const { manager, requests } = bench()
    manager.generate(0)
    manager.answer(undefined, 0)
    expect([manager.generate(49), requests()]).toEqual([LOADING, 1])
    expect([manager.generate(50), requests()]).toEqual([LOADING, 2])
    manager.timeOut()
    expect([manager.generate(50), requests()]).toEqual([LOADING, 3])
  })

  it.each([block(-1, 10), block(0, -1), block(Number.MAX_SAFE_INTEGER - 1, 10)])(
    '[KT12] are not taken from a block that cannot be: $producerIdStart, $producerIdLen',
    (invalid) => {
      const { manager } = bench()
      manager.generate(0)
      manager.answer(invalid, 0)
      expect(manager.generate(0)).toBe(LOADING)
    },
  )

  it('[KT12] are not taken from a block that overlaps the one in use', () => {
    const { manager } = bench()
    manager.generate(0)
    manager.answer(block(100, 100), 0)
    expect(manager.generate(0)).toBe(100)
    manager.answer(block(199, 100), 0)
    for (let id = 101; id < 200; id++) expect(manager.generate(0)).toBe(id)
    expect(manager.generate(0)).toBe(LOADING)
    manager.answer(block(200, 100), 0)
    expect(manager.generate(0)).toBe(200)
  })
})
