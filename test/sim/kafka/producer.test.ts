import { describe, expect, it } from 'vitest'
import { partitionOf } from '../../../sim/kafka/murmur2.ts'
import { appended, type Courier, courier, LetterSent, recordsOf } from '../../fixtures/courier.ts'

/** A sender that publishes straight to the topic, some events at once. */
const publishes =
  (copies: number, heard: string[] = []): NonNullable<Courier['send']> =>
  () =>
  async (letter, ctx) => {
    const numbers = Array.from({ length: copies }, (_, index) => letter.number * 100 + index)
    await Promise.all(numbers.map((number) => ctx.publish(LetterSent, { ...letter, number })))
    heard.push(letter.letterId)
  }

describe('a producer', () => {
  it('[B17] is answered once the record is in the log of the partition of its key', async () => {
    const result = await courier({ send: publishes(1) }, { workload: { orders: 12, every: '1ms' } })
    const appends = recordsOf(result, 'append')
    expect(appends).toHaveLength(12)
    for (const { lane, entity, data } of appends) {
      const { key, value } = data as { key: string; value: { aggregateId: string; correlationId: string } }
      expect(lane).toBe(`letters/${partitionOf(key, 3)}`)
      expect([value.aggregateId, value.correlationId]).toEqual([key, entity])
    }
    const answers = recordsOf(result, 'after').filter(
      ({ data }) => (data as { step: string }).step === 'sender.post publish LetterSent',
    )
    expect(answers).toHaveLength(12)
    for (const { id, entity } of answers) {
      const append = appends.find((record) => record.entity === entity)
      expect(result.trace?.causesOf(id)).toContain(append?.id)
    }
  })

  it('[B17] keeps the order of the records that it sends at once', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const result = await courier({ send: publishes(20), seed }, { workload: { orders: 2, every: '1s' } })
      const numbers = (letter: number): number[] =>
        appended(result)
          .map(({ event }) => (event.data as { number: number }).number)
          .filter((number) => Math.floor(number / 100) === letter)
      for (const letter of [1, 2]) expect(numbers(letter)).toEqual([...numbers(letter)].sort((a, b) => a - b))
    }
  })

  it('[B17] that dies before it is answered may have written its record', async () => {
    const heard: string[] = []
    const result = await courier(
      { send: publishes(1, heard) },
      {
        workload: { orders: 1 },
        faults: [
          { slow: ['sender', 'broker'], by: '2s', at: '0ms', for: '1m' },
          { crash: 'sender', at: '1s' },
        ],
      },
    )
    expect(heard).toEqual([])
    expect(appended(result)).toHaveLength(1)
    expect(appended(result)[0]?.millis).toBeGreaterThan(2_000)
  })

  it('[B17] waits while it is cut off from the leader, and loses nothing', async () => {
    const heard: string[] = []
    const result = await courier(
      { send: publishes(1, heard) },
      { workload: { orders: 1 }, faults: [{ partition: ['sender', 'broker'], at: '0ms', for: '8s' }] },
    )
    expect(heard).toEqual(['letter-1'])
    expect(appended(result).map(({ millis }) => Math.floor(millis / 1000))).toEqual([8])
  })
})
