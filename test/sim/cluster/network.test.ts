import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INTERNET_LATENCY, latencyTable } from '../../../sim/cluster/latency.ts'
import { type LinkCondition, Network } from '../../../sim/cluster/network.ts'
import { Process } from '../../../sim/cluster/process.ts'
import type { Kernel, Scheduling } from '../../../sim/kernel/kernel.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'

/** A network of processes, by name; instances of a service share its name up to the number. */
function networkOf(kernel: Kernel, ...names: readonly string[]): Network {
  const network = new Network(kernel)
  for (const name of names) {
    network.add(new Process(kernel, name, name.replace(/-\d+$/, ''), () => {})).start()
  }
  return network
}

/** Nothing passes. */
const cut = (covers: LinkCondition['covers']): LinkCondition => ({ covers, cuts: true, addedMicros: 0 })

/** Messages take longer. */
const slowed = (covers: LinkCondition['covers'], addedMicros: number): LinkCondition => ({
  covers,
  cuts: false,
  addedMicros,
})

const everywhere = (): boolean => true
const fromA1 = (from: Process): boolean => from.name === 'a-1'

interface Sent {
  readonly at: number
  readonly from?: string
  readonly to?: string
}

interface Options {
  readonly seed?: number
  readonly scheduling?: Scheduling
  /** What happens at some moments. */
  readonly events?: readonly (readonly [atMicros: number, act: (network: Network) => void])[]
}

/** Sends messages, from a-1 to b-1 unless said otherwise, and returns when each arrived, in the order of arrival. */
async function arrivals(
  messages: readonly Sent[],
  options: Options = {},
): Promise<{ n: number; at: number }[]> {
  const kernel = kernelOf({ seed: options.seed ?? 1, scheduling: options.scheduling ?? 'random' })
  const network = networkOf(kernel, 'a-1', 'a-2', 'b-1')
  const arrived: { n: number; at: number }[] = []
  const sink = { onEvent: (n: number) => void arrived.push({ n, at: kernel.nowMicros }) }
  const process = (name: string): Process => network.processes.get(name) as Process
  for (const [at, act] of options.events ?? []) {
    kernel.scheduleAt(at, kernel.choices.entity('test'), { onEvent: () => act(network) }, 0, undefined, 0)
  }
  messages.forEach(({ at, from = 'a-1', to = 'b-1' }, n) => {
    const entity = kernel.choices.entity(`order-${n}`)
    const send = (): void =>
      network.send(network.link(process(from), process(to)), entity, sink, n, undefined, 0)
    kernel.scheduleAt(at, entity, { onEvent: send }, 0, undefined, 0)
  })
  await drive(kernel)
  return arrived
}

/** The moment at which each message arrived, by its number. */
const moments = (arrived: readonly { n: number; at: number }[]): number[] =>
  [...arrived].sort((left, right) => left.n - right.n).map(({ at }) => at)

describe('a link', () => {
  it('[C1] delivers in the order of sending, whatever the latencies and the order of simultaneous events', async () => {
    const messages = fc.array(fc.nat(3_000), { maxLength: 40 }).map((gaps) => {
      let at = 0
      return gaps.map((gap) => {
        at += 1 + gap
        return { at }
      })
    })
    const scheduling = fc.constantFrom<Scheduling>('fifo', 'random')
    await fc.assert(
      fc.asyncProperty(messages, fc.nat(), scheduling, async (sent, seed, order) => {
        const arrived = await arrivals(sent, { seed, scheduling: order })
        expect(arrived.map(({ n }) => n)).toEqual(sent.map((_, n) => n))
      }),
      { numRuns: 200, seed: 1 },
    )
  })

  it('[C1] keeps the order when it stops being slow and when it is no longer cut', async () => {
    const slow = slowed(everywhere, 50_000)
    const partition = cut(everywhere)
    const sent = [1, 5, 20, 31, 33, 41, 55, 61, 70].map((millis) => ({ at: millis * 1000 }))
    const arrived = await arrivals(sent, {
      events: [
        [4_000, (network) => network.impose(slow)],
        [30_000, (network) => network.lift(slow)],
        [40_000, (network) => network.impose(partition)],
        [60_000, (network) => network.lift(partition)],
      ],
    })
    expect(arrived.map(({ n }) => n)).toEqual(sent.map((_, n) => n))
    expect(moments(arrived)[3]).toBeGreaterThan(70_000)
  })

  it('[C1] does not order the messages of other links: they overtake each other', async () => {
    const sent = Array.from({ length: 50 }, (_, n) => ({ at: 1 + n * 10, from: n % 2 === 0 ? 'a-1' : 'a-2' }))
    const order = (await arrivals(sent)).map(({ n }) => n)
    expect(order).not.toEqual(sent.map((_, n) => n))
    for (const parity of [0, 1]) {
      const ofLink = order.filter((n) => n % 2 === parity)
      expect(ofLink).toEqual([...ofLink].sort((left, right) => left - right))
    }
  })

  it('[C2] takes its latency from the far end, else from the near end, else from the data centre', () => {
    const kernel = kernelOf()
    const network = networkOf(kernel, 'a-1')
    const tableOf = (micros: number) =>
      latencyTable([
        [0, micros],
        [1024, micros],
      ])
    const [near, far, server] = [tableOf(1), tableOf(2), tableOf(3)]
    const add = (name: string, latency: typeof near): Process =>
      network.add(new Process(kernel, name, name, () => {}), latency)
    const [client, provider, database] = [add('n', near), add('f', far), add('d', server)]
    const plain = network.processes.get('a-1') as Process
    expect(network.link(plain, database).latency).toBe(server)
    expect(network.link(database, plain).latency).toBe(server)
    expect(network.link(client, provider).latency).toBe(far)
    expect(network.link(provider, client).latency).toBe(near)
    expect(network.link(plain, plain).latency).not.toBe(INTERNET_LATENCY)
    expect(network.link(plain, database)).toBe(network.link(plain, database))
  })
})

describe('a partition', () => {
  const sent = [1, 8, 12, 19, 25].map((millis) => ({ at: millis * 1000 }))

  it('[C3] holds what is sent while it lasts and delivers it afterwards, in order, and loses nothing', async () => {
    const partition = cut(everywhere)
    const arrived = await arrivals(sent, {
      events: [
        [7_000, (network) => network.impose(partition)],
        [20_000, (network) => network.lift(partition)],
      ],
    })
    expect(arrived.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4])
    const [before, ...held] = moments(arrived) as [number, ...number[]]
    expect(before).toBeLessThan(7_000)
    for (const at of held) expect(at).toBeGreaterThan(20_000)
  })

  it('[C3] covers one direction and one pair, if it is meant so', async () => {
    const partition = cut(fromA1)
    const others = [
      { at: 8_000, from: 'b-1', to: 'a-1' },
      { at: 8_000, from: 'a-2' },
    ]
    const arrived = moments(
      await arrivals([{ at: 8_000 }, ...others], {
        events: [
          [7_000, (network) => network.impose(partition)],
          [20_000, (network) => network.lift(partition)],
        ],
      }),
    )
    expect(arrived[0]).toBeGreaterThan(20_000)
    expect(Math.max(...arrived.slice(1))).toBeLessThan(14_000)
  })

  it('[C3] covers links that are used for the first time while it lasts', async () => {
    const partition = cut(fromA1)
    const arrived = await arrivals([{ at: 15_000, to: 'a-2' }], {
      events: [
        [7_000, (network) => network.impose(partition)],
        [20_000, (network) => network.lift(partition)],
      ],
    })
    expect(moments(arrived)[0]).toBeGreaterThan(20_000)
  })

  it('[C3] ends for a link that others cover as well when the last of them ends, whatever was sent when', async () => {
    const [first, second, third] = [cut(everywhere), cut(fromA1), cut(everywhere)]
    const times = [1, 8, 12, 18, 22, 28, 41].map((millis) => ({ at: millis * 1000 }))
    const arrived = await arrivals(times, {
      events: [
        [7_000, (network) => network.impose(first)],
        [10_000, (network) => network.impose(second)],
        [20_000, (network) => network.lift(first)],
        [25_000, (network) => network.impose(third)],
        [27_000, (network) => network.lift(third)],
        [40_000, (network) => network.lift(second)],
      ],
    })
    expect(arrived.map(({ n }) => n)).toEqual(times.map((_, n) => n))
    const [before, ...held] = moments(arrived) as [number, ...number[]]
    expect(before).toBeLessThan(7_000)
    for (const at of held) expect(at).toBeGreaterThan(40_000)
    for (const at of held) expect(at).toBeLessThan(46_000)
  })

  it('[C3] that never ends holds for ever, and keeps no run alive', async () => {
    const arrived = await arrivals([{ at: 8_000 }], {
      events: [[7_000, (network) => network.impose(cut(everywhere))]],
    })
    expect(arrived).toEqual([])
  })

  it('[C3] lets go what it held as slowly as the link is by then', async () => {
    const partition = cut(everywhere)
    const [held] = moments(
      await arrivals([{ at: 8_000 }], {
        events: [
          [7_000, (network) => network.impose(partition)],
          [15_000, (network) => network.impose(slowed(everywhere, 100_000))],
          [20_000, (network) => network.lift(partition)],
        ],
      }),
    )
    expect(held).toBeGreaterThan(120_000)
  })
})

describe('conditions that overlap', () => {
  it('[C4] add up to the worst of them, and each ends by itself', async () => {
    const long = slowed(everywhere, 100_000)
    const short = slowed(fromA1, 500_000)
    const [first, second, third, fourth] = moments(
      await arrivals(
        [1, 600, 1200, 2000].map((millis) => ({ at: millis * 1000 })),
        {
          events: [
            [500_000, (network) => network.impose(long)],
            [550_000, (network) => network.impose(short)],
            [1_150_000, (network) => network.lift(short)],
            [1_900_000, (network) => network.lift(long)],
            [1_900_001, (network) => network.lift(long)],
          ],
        },
      ),
    ) as [number, number, number, number]
    expect(first).toBeLessThan(10_000)
    expect(second).toBeGreaterThan(1_100_000)
    expect(third).toBeGreaterThan(1_300_000)
    expect(third).toBeLessThan(1_310_000)
    expect(fourth).toBeLessThan(2_010_000)
  })
})

describe('conditions that cover the same link', () => {
  it.each([
    [10_000, 300_000],
    [300_000, 10_000],
  ])('[C4] of %i and %i more microseconds make it as slow as the slower one', async (first, second) => {
    const [at] = moments(
      await arrivals([{ at: 5_000 }], {
        events: [
          [1_000, (network) => network.impose(slowed(everywhere, first))],
          [2_000, (network) => network.impose(slowed(fromA1, second))],
        ],
      }),
    )
    expect(at).toBeGreaterThan(305_000)
  })
})

describe('names', () => {
  it('[C5] mean one process, or all instances of a service in the order in which they were added', () => {
    const network = networkOf(kernelOf(), 'a-1', 'b-1', 'a-2')
    expect(network.named('a').map(({ name }) => name)).toEqual(['a-1', 'a-2'])
    expect(network.named('a-2').map(({ name }) => name)).toEqual(['a-2'])
    expect(network.named('c')).toEqual([])
  })
})
