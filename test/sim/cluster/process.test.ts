import { describe, expect, it } from 'vitest'
import { Network } from '../../../sim/cluster/network.ts'
import { Process, type ProcessResource } from '../../../sim/cluster/process.ts'
import type { Kernel } from '../../../sim/kernel/kernel.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'

/** A process that notes its starts, and does things at moments. */
class Subject {
  readonly kernel: Kernel = kernelOf({ recordTrace: true })
  readonly network = new Network(this.kernel)
  readonly starts: string[] = []
  readonly process: Process

  constructor(boot: (process: Process) => void = () => {}) {
    this.process = this.network.add(
      new Process(this.kernel, 'payment-1', 'payment', (process) => {
        this.starts.push(`${this.kernel.nowMicros} life ${process.incarnation.number}`)
        boot(process)
      }),
    )
    this.process.start()
  }

  at(micros: number, act: () => void): void {
    this.kernel.scheduleAt(micros, this.process.entity, { onEvent: act }, 0, undefined, 0)
  }
}

/** A resource that notes when it hears of the end of its process. */
function resource(name: string, heard: string[]): ProcessResource {
  return { resourceIndex: -1, processEnded: (cause) => void heard.push(`${name} ${cause}`) }
}

const recordsOf = (kernel: Kernel) =>
  [...(kernel.trace?.records() ?? [])].map(({ atMicros, kind, data }) => [atMicros, kind, data])

describe('a process', () => {
  it('[C7] lives in lives: a crash ends one, a restart begins the next, with nothing left of the last', async () => {
    const subject = new Subject()
    const { process } = subject
    const first = process.incarnation
    subject.at(100, () => process.crash(0, 50))
    subject.at(120, () => expect(process.alive).toBe(false))
    subject.at(300, () => process.crash(0))
    subject.at(900, () => process.restart(0))
    await drive(subject.kernel)
    expect(subject.starts).toEqual(['0 life 1', '150 life 2', '900 life 3'])
    expect(first.alive).toBe(false)
    expect(process.alive).toBe(true)
    expect(recordsOf(subject.kernel)).toEqual([
      [100, 'crash', { life: 1 }],
      [150, 'restart', { life: 2 }],
      [300, 'crash', { life: 2 }],
      [900, 'restart', { life: 3 }],
    ])
  })

  it('[C7] does not die twice, and does not start while it lives', async () => {
    const subject = new Subject()
    const { process } = subject
    subject.at(50, () => process.restart(0))
    subject.at(100, () => process.crash(0, 500))
    subject.at(200, () => process.crash(0, 10))
    await drive(subject.kernel)
    expect(subject.starts).toEqual(['0 life 1', '600 life 2'])
  })

  it('[D8] has its lives in the digest, though one that does nothing is no event', async () => {
    const digests = new Set<string>()
    for (const lives of [1, 2, 3]) {
      const subject = new Subject()
      subject.at(100, () => {
        for (let life = 1; life < lives; life++) {
          subject.process.crash(0)
          subject.process.restart(0)
        }
      })
      await drive(subject.kernel)
      expect(subject.kernel.events).toBe(1)
      digests.add(subject.kernel.digest.hex())
    }
    expect(digests.size).toBe(3)
  })

  it('[C7] knows what caused its present life', async () => {
    const subject = new Subject()
    const causes: number[] = []
    const { process, kernel } = subject
    subject.at(100, () => process.crash(0, 50))
    subject.at(200, () => causes.push(process.startCause))
    await drive(kernel)
    const restart = kernel.trace?.at(causes[0] as number)
    expect(restart?.kind).toBe('restart')
    expect(kernel.trace?.at(restart?.parents[0] as number).kind).toBe('crash')
  })
})

describe('a resource of a process', () => {
  it('[C8] hears of the end of its life once, with the record of the crash, unless it ended before', async () => {
    const heard: string[] = []
    const subject = new Subject()
    const { process } = subject
    const resources = ['a', 'b', 'c', 'd'].map((name) => resource(name, heard))
    for (const each of resources) process.attach(each)
    const [a, , c] = resources as [ProcessResource, ProcessResource, ProcessResource, ProcessResource]
    process.detach(a)
    process.detach(c)
    process.detach(c)
    subject.at(100, () => process.crash(0, 50))
    subject.at(200, () => process.crash(0, 50))
    await drive(subject.kernel)
    expect(heard.sort()).toEqual(['b 1', 'd 1'])
    expect(subject.kernel.trace?.at(1).kind).toBe('crash')
  })

  it('[C8] that was attached to a dead life cannot be detached from the next one', async () => {
    const heard: string[] = []
    const subject = new Subject()
    const { process } = subject
    const old = resource('old', heard)
    const young = resource('young', heard)
    process.attach(old)
    subject.at(100, () => process.crash(0, 50))
    subject.at(200, () => {
      process.attach(young)
      process.detach(old)
    })
    subject.at(300, () => process.crash(0))
    await drive(subject.kernel)
    expect(heard.map((text) => text.split(' ')[0])).toEqual(['old', 'young'])
  })
})

describe('a crash', () => {
  it('[C9] loses nothing that was sent before it', async () => {
    const subject = new Subject()
    const { network, kernel, process } = subject
    const other = network.add(new Process(kernel, 'broker-1', 'broker', () => {}))
    const arrived: number[] = []
    const send = (n: number): void =>
      network.send(
        network.link(process, other),
        process.entity,
        { onEvent: (code) => void arrived.push(code) },
        n,
        undefined,
        0,
      )
    for (const n of [1, 2, 3]) subject.at(n * 10, () => send(n))
    subject.at(31, () => process.crash(0))
    await drive(kernel)
    expect(kernel.nowMicros).toBeGreaterThan(100)
    expect(arrived).toEqual([1, 2, 3])
  })
})
