import { describe, expect, it } from 'vitest'
import { ReplicaPlacer, type UsableBroker } from '../../../../sim/kafka/controller/placement.ts'
import { mockRandom } from '../../../fixtures/controller.ts'

/** Facts of Kafka's StripedReplicaPlacerTest, with the random numbers that it has. */
const broker = (brokerId: number, rack?: string): UsableBroker => ({ brokerId, rack, fenced: false })
const fenced = (brokerId: number, rack?: string): UsableBroker => ({ brokerId, rack, fenced: true })
const placer = (...brokers: readonly UsableBroker[]) => new ReplicaPlacer(brokers, mockRandom())

describe('replicas', () => {
  it.each([
    {
      what: 'avoid a fenced broker',
      brokers: [broker(3), fenced(1), broker(0), broker(4), broker(2)],
      placed: [
        [3, 4, 0, 2],
        [4, 0, 2, 3],
        [0, 2, 3, 4],
        [2, 3, 4, 0],
        [0, 4, 3, 2],
      ],
    },
    { what: 'have one broker', brokers: [broker(0), fenced(1)], placed: [[0], [0], [0]] },
    {
      what: 'need the fenced broker',
      brokers: [broker(3), fenced(1), broker(2)],
      placed: [
        [3, 2, 1],
        [2, 3, 1],
        [3, 2, 1],
        [2, 3, 1],
      ],
    },
    {
      what: 'are spread over racks',
      brokers: [
        broker(11, '1'),
        broker(10, '1'),
        broker(30, '3'),
        broker(31, '3'),
        broker(21, '2'),
        fenced(20, '2'),
      ],
      placed: [
        [11, 21, 31, 10],
        [21, 30, 10, 20],
        [31, 11, 21, 30],
      ],
    },
    {
      what: 'are led outside of racks that are fenced',
      brokers: [
        broker(11, '1'),
        broker(10, '1'),
        fenced(30, '3'),
        fenced(31, '3'),
        fenced(20, '2'),
        fenced(21, '2'),
        broker(41, '4'),
        fenced(40, '4'),
      ],
      placed: [
        [41, 11, 21, 30],
        [10, 20, 31, 41],
        [41, 21, 30, 11],
      ],
    },
    {
      what: 'go round',
      brokers: [broker(0), broker(3), broker(2), broker(1)],
      placed: [
        [2, 3, 0],
        [3, 0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [1, 0, 2],
      ],
    },
  ])('[KC12] $what', ({ brokers, placed }) => {
    const place = placer(...brokers)
    const factor = placed[0]?.length ?? 0
    expect(placed.map(() => place.place(factor))).toEqual(placed)
  })

  it('[KC12] are spread evenly', () => {
    const place = placer(broker(0), broker(1), broker(2), broker(3))
    const counts: Record<string, number> = {}
    for (let partition = 0; partition < 200; partition++) {
      const pair = place.place(2).join()
      counts[pair] = (counts[pair] ?? 0) + 1
    }
    expect(counts).toEqual({
      '0,1': 14,
      '0,2': 22,
      '0,3': 14,
      '1,0': 17,
      '1,2': 17,
      '1,3': 16,
      '2,0': 13,
      '2,1': 17,
      '2,3': 20,
      '3,0': 20,
      '3,1': 19,
      '3,2': 11,
    })
  })

  it.each([
    { brokers: [fenced(11, '1'), fenced(10, '1')], factor: 1, problem: 'all brokers are fenced' },
    { brokers: [broker(11, '1'), broker(10, '1')], factor: 3, problem: 'too few brokers are registered' },
    { brokers: [broker(11, '1'), broker(10, '1')], factor: 0, problem: 'replication factor not positive' },
    { brokers: [broker(11, '1'), broker(10, '1')], factor: -1, problem: 'replication factor not positive' },
  ])('[KC12] $problem', ({ brokers, factor, problem }) => {
    const place = placer(...brokers)
    expect(place.problem(factor)).toBe(problem)
    expect(() => place.place(factor)).toThrow(problem)
  })
})
