import { describe, expect, it } from 'vitest'
import { Process } from '../../../sim/cluster/process.ts'
import { Alarm } from '../../../sim/kafka/alarm.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'

const NEVER = Number.POSITIVE_INFINITY

/** An alarm that notes when it rings, and things that are done at moments. */
function clock() {
  const kernel = kernelOf()
  const process = new Process(kernel, 'broker-1', 'broker', () => {})
  const rung: number[] = []
  const alarm = new Alarm(process, () => void rung.push(kernel.nowMicros))
  const at = (micros: number, act: () => void): void =>
    void kernel.scheduleAt(micros, process.entity, { onEvent: act }, 0, undefined, 0)
  return { kernel, process, alarm, rung, at }
}

describe('an alarm', () => {
  it('[B23] rings once, at the next moment that it was set for, and not before now', async () => {
    const { kernel, alarm, rung, at } = clock()
    alarm.set(100.2, false)
    at(200, () => alarm.set(50, false))
    await drive(kernel)
    expect(rung).toEqual([101, 200])
  })

  it('[B23] that is set for an earlier moment rings then, and only then', async () => {
    const { kernel, alarm, rung } = clock()
    alarm.set(100, false)
    alarm.set(60, false)
    await drive(kernel)
    expect(rung).toEqual([60])
  })

  it('[B23] that is set for a later moment rings at the old one: to wait costs nothing', async () => {
    const { kernel, alarm, rung } = clock()
    alarm.set(100, false)
    alarm.set(300, false)
    await drive(kernel)
    expect(rung).toEqual([100])
  })

  it.each<[string, (alarm: Alarm) => void]>([
    ['cleared', (alarm) => alarm.clear()],
    ['set for never', (alarm) => alarm.set(NEVER, false)],
  ])('[B23] that is %s does not ring until it is set again', async (_how, stop) => {
    for (const background of [false, true]) {
      const { kernel, alarm, rung, at } = clock()
      alarm.set(100, background)
      stop(alarm)
      stop(alarm)
      at(200, () => alarm.set(250, false))
      await drive(kernel)
      expect(rung).toEqual([250])
    }
  })

  it('[B23] in the background keeps no run alive, but rings in one that goes on', async () => {
    const quiet = clock()
    quiet.alarm.set(100, true)
    await drive(quiet.kernel)
    expect(quiet.rung).toEqual([])
    const busy = clock()
    busy.alarm.set(100, true)
    busy.at(150, () => {})
    await drive(busy.kernel)
    expect(busy.rung).toEqual([100])
  })

  it('[B23] comes to the front, or goes to the back, when it is set again', async () => {
    const awaited = clock()
    awaited.alarm.set(100, true)
    awaited.alarm.set(200, false)
    await drive(awaited.kernel)
    expect(awaited.rung).toEqual([200])
    const forgotten = clock()
    forgotten.alarm.set(100, false)
    forgotten.alarm.set(200, true)
    await drive(forgotten.kernel)
    expect(forgotten.rung).toEqual([])
  })

  it('[B23] may be set by what it rings for', async () => {
    const { kernel, process } = clock()
    const rung: number[] = []
    const alarm = new Alarm(process, () => {
      rung.push(kernel.nowMicros)
      if (rung.length < 3) alarm.set(kernel.nowMicros + 10, false)
    })
    alarm.set(5, false)
    await drive(kernel)
    expect(rung).toEqual([5, 15, 25])
  })

  it('[B23] [C10] is heard by a process that is paused when that goes on, unless it is cleared', async () => {
    const { kernel, process, alarm, rung, at } = clock()
    const other = new Alarm(process, () => void rung.push(-1))
    alarm.set(100, false)
    other.set(110, false)
    at(50, () => process.pause(0, 400))
    at(200, () => other.clear())
    await drive(kernel)
    expect(rung).toEqual([450])
  })
})
