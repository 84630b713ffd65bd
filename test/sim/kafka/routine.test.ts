import { describe, expect, it } from 'vitest'
import { Network } from '../../../sim/cluster/network.ts'
import { Process } from '../../../sim/cluster/process.ts'
import { Routine } from '../../../sim/kafka/routine.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'

/** A routine between two processes that notes what it tells, with the milliseconds. */
function pair() {
  const kernel = kernelOf()
  const network = new Network(kernel)
  const [from, to, other] = ['from', 'to', 'other'].map((name) =>
    network.add(new Process(kernel, name, name, () => {})),
  ) as [Process, Process, Process]
  const told: string[] = []
  const tell = (what: string) => () => void told.push(`${kernel.nowMicros / 1_000} ${what}`)
  const parties = { suspend: tell('suspend'), resume: tell('resume'), interrupted: tell('interrupted') }
  const routine = new Routine(network, from, to, parties)
  const at = (millis: number, act: () => void): void =>
    void kernel.scheduleAt(millis * 1_000, other.entity, { onEvent: act }, 0, undefined, 0)
  const impose = (cuts: boolean, a: Process, b: Process): void =>
    network.impose({ covers: (x, y) => x === a && y === b, cuts, addedMicros: cuts ? 0 : 1_000 })
  return { kernel, from, to, other, told, routine, at, impose }
}

describe('routine heartbeats', () => {
  it('[B8] are left out from when they begin until they end, whatever else happens', async () => {
    const { kernel, told, routine, at, impose, from, to, other } = pair()
    at(10, () => routine.begin())
    at(20, () => routine.begin())
    at(30, () => impose(false, from, to))
    at(40, () => impose(true, from, other))
    at(50, () => expect([routine.isRunning, routine.isPossible]).toEqual([true, true]))
    at(60, () => routine.end())
    at(70, () => routine.end())
    at(80, () => expect(routine.isRunning).toBe(false))
    await drive(kernel)
    expect(told).toEqual(['10 suspend', '60 resume'])
  })

  it.each(['there', 'back'])('[B8] end when the way %s is cut', async (way) => {
    const { kernel, told, routine, at, impose, from, to } = pair()
    at(10, () => routine.begin())
    at(20, () => (way === 'there' ? impose(true, from, to) : impose(true, to, from)))
    at(30, () => expect([routine.isRunning, routine.isPossible]).toEqual([false, false]))
    await drive(kernel)
    expect(told).toEqual(['10 suspend', '20 resume', '20 interrupted'])
  })

  it.each(['from', 'to'] as const)('[B8] [C10] end when the process %s stands still', async (end) => {
    const world = pair()
    const { kernel, told, routine, at } = world
    at(10, () => routine.begin())
    at(20, () => world[end].pause(0, 30_000))
    at(30, () => expect([routine.isRunning, routine.isPossible]).toEqual([false, false]))
    at(60, () => expect([routine.isRunning, routine.isPossible]).toEqual([false, true]))
    await drive(kernel)
    expect(told).toEqual(['10 suspend', '20 resume', '20 interrupted'])
  })

  it.each(['from', 'to'] as const)('[B8] are not possible while the process %s is down', async (end) => {
    const world = pair()
    const { kernel, routine, at } = world
    const seen: boolean[] = []
    at(10, () => seen.push(routine.isPossible))
    at(20, () => world[end].crash(0, 20_000))
    at(30, () => seen.push(routine.isPossible))
    at(50, () => seen.push(routine.isPossible))
    await drive(kernel)
    expect(seen).toEqual([true, false, true])
  })

  it('[B8] that have ended hear of links no more', async () => {
    const { kernel, told, routine, at, impose, from, to } = pair()
    at(10, () => routine.begin())
    at(20, () => routine.end())
    at(30, () => impose(true, from, to))
    await drive(kernel)
    expect(told).toEqual(['10 suspend', '20 resume'])
  })
})
