import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LAN_LATENCY, QUANTILES } from '../../../sim/cluster/latency.ts'
import { type LinkCondition, Network } from '../../../sim/cluster/network.ts'
import { Process } from '../../../sim/cluster/process.ts'
import type { Kernel, Scheduling } from '../../../sim/kernel/kernel.ts'
import { drive, kernelOf, recorder } from '../../fixtures/kernel.ts'

/** A network of processes, by name; instances of a service share its name up to the number. */
function networkOf(kernel: Kernel, ...names: readonly string[]) {
  const network = new Network(kernel)
  const processes = names.map((name) =>
    network.add(new Process(kernel, name, name.replace(/-\d+$/, ''), () => {})),
  )
  for (const process of processes) process.start()
  return { network, processes }
}

/** What a partition does: nothing passes until a moment. */
const cutUntil = (covers: LinkCondition['covers'], micros: number): LinkCondition => ({
  covers,
  apply: (link) => {
    link.cutUntilMicros = micros
  },
  undo: (link) => {
    link.cutUntilMicros = 0
  },
})

/** Sends numbered messages at moments and returns when each arrived, in the order of arrival. */
async function arrivals(
  moments: readonly number[],
  { seed = 1, scheduling = 'random' as Scheduling, prepare = (_network: Network) => {} } = {},
): Promise<{ n: number; at: number }[]> {
  const kernel = kernelOf({ seed, scheduling })
  const { network, processes } = networkOf(kernel, 'a-1', 'b-1')
  const [from, to] = processes as [Process, Process]
  const arrived: { n: number; at: number }[] = []
  const sink = { onEvent: (code: number) => void arrived.push({ n: code, at: kernel.nowMicros }) }
  prepare(network)
  moments.forEach((at, n) => {
    const entity = kernel.choices.entity(`order-${n}`)
    const sender = { onEvent: () => network.send(network.link(from, to), entity, sink, n, undefined, 0) }
    kernel.scheduleAt(at, entity, sender, 0, undefined, 0)
  })
  await drive(kernel)
  return arrived
}

describe('a link', () => {
  it('[C1] delivers in the order of sending, whatever the latencies and the order of simultaneous events', async () => {
    const moments = fc.array(fc.nat(3_000), { maxLength: 40 }).map((gaps) => {
      let at = 0
      return gaps.map((gap) => {
        at += 1 + gap
        return at
      })
    })
    const scheduling = fc.constantFrom<Scheduling>('fifo', 'random')
    await fc.assert(
      fc.asyncProperty(moments, fc.nat(), scheduling, async (sent, seed, order) => {
        const arrived = await arrivals(sent, { seed, scheduling: order })
        expect(arrived.map(({ n }) => n)).toEqual(sent.map((_, n) => n))
      }),
      { numRuns: 200, seed: 1 },
    )
  })
})
