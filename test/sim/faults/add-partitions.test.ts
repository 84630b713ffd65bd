import { describe, expect, it } from 'vitest'
import { courier, recordsOf } from '../../fixtures/courier.ts'

describe('an operator who adds partitions', () => {
  const load = { workload: { orders: 60, every: '200ms' }, budget: { time: '20m' } }
  const faults = [{ addPartitions: 'letters', partitions: 7, at: '4s' }]
  const cluster = { kafka: { 'metadata.max.age.ms': 1_000 } }

  it('[F20] has later records of a key go elsewhere, and all are read', async () => {
    const result = await courier({ sameAddress: 1_000 }, { ...load, cluster, faults })
    expect(result.verdict).toBe('pass')
    const places = new Set(recordsOf(result, 'append').map(({ lane }) => lane))
    expect(places.size).toBe(2)
  })

  it('[F20] breaks the order of a key while its old partition is behind', async () => {
    const orderOf = async (mayAdd: boolean) => {
      const result = await courier(
        {
          sameAddress: 1_000,
          receivers: 2,
          consumer: { concurrency: 3 },
          receive: () => async (letter, ctx) => {
            await ctx.sleep('500ms')
            await ctx.transaction((tx) =>
              tx.deliveries.insert({
                deliveryId: letter.letterId,
                letterId: letter.letterId,
                number: letter.number,
              }),
            )
          },
        },
        { ...load, cluster, faults: mayAdd ? faults : [] },
      )
      expect(result.verdict).toBe('pass')
      const numbers = recordsOf(result, 'commit')
        .filter(({ lane }) => lane === 'receiver-db')
        .map(({ entity }) => Number(entity?.split('-')[1]))
      return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number))
    }
    expect(await orderOf(false)).toBe(true)
    expect(await orderOf(true)).toBe(false)
  })

  // A campaign ended with an error here: a broker that shuts down takes no replicas, and the others are too few.
  it('[F20] who is refused while a broker shuts down tries again until it is back', async () => {
    const shutDown = [1, 2, 3].map((id) => ({ shutDown: `broker-${id}`, at: '3990ms', restart: '5s' }))
    const result = await courier(
      { sameAddress: 1_000 },
      { ...load, cluster, faults: [...shutDown, ...faults] },
    )
    expect(result).toMatchObject({ verdict: 'pass', reason: undefined })
    expect(new Set(recordsOf(result, 'append').map(({ lane }) => lane)).size).toBe(2)
  })

  it('[F20] is refused for a topic that does not exist, and for fewer partitions', async () => {
    const refused = async (addPartitions: string, partitions: number) =>
      (await courier({}, { faults: [{ addPartitions, partitions, at: '1s' }] })).reason
    expect(await refused('parcels', 5)).toBe(
      'topic parcels cannot get 5 partitions: UNKNOWN_TOPIC_OR_PARTITION',
    )
    expect(await refused('letters', 2)).toBe('topic letters cannot get 2 partitions: INVALID_PARTITIONS')
  })
})
