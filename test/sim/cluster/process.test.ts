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

/** Two processes, and what arrives at each. */
function pair() {
  const kernel = kernelOf({ recordTrace: true })
  const network = new Network(kernel)
  const [a, b] = ['a', 'b'].map((name) => network.add(new Process(kernel, name, 'pair', () => {}))) as [
    Process,
    Process,
  ]
  a.start()
  b.start()
  const seen: string[] = []
  const send = (from: Process, to: Process, what: string): void => {
    const life = to.incarnation
    const target = {
      livesIn: () => life,
      onEvent: () => void seen.push(`${Math.floor(kernel.nowMicros / 1_000)} ${to.name}: ${what}`),
    }
    network.send(network.link(from, to), from.entity, target, 0, undefined, kernel.cause)
  }
  const at = (millis: number, act: () => void): void =>
    void kernel.scheduleAt(millis * 1_000, a.entity, { onEvent: act }, 0, undefined, 0)
  return { kernel, network, a, b, seen, send, at }
}

describe('a process that is paused', () => {
  it('[C10] hears and says nothing until it goes on, and then in order', async () => {
    const { kernel, a, b, seen, send, at } = pair()
    at(100, () => a.pause(0, 400_000))
    for (const millis of [150, 200, 250]) at(millis, () => send(b, a, `of ${millis}`))
    at(160, () => send(a, b, 'of 160'))
    at(550, () => send(b, a, 'of 550'))
    await drive(kernel)
    expect(seen.map((text) => text.replace(/^(5\d\d) b/, '5xx b').replace(/^55\d/, '55x'))).toEqual([
      '500 a: of 150',
      '500 a: of 200',
      '500 a: of 250',
      '5xx b: of 160',
      '55x a: of 550',
    ])
    expect(a.incarnation.number).toBe(1)
    const lives = [...(kernel.trace?.records() ?? [])].map(({ kind, atMicros }) => `${kind} ${atMicros}`)
    expect(lives).toEqual(['pause 100000', 'resume 500000'])
  })

  it('[C10] is told of by its links, both ways, when it pauses and when it goes on', async () => {
    const { kernel, network, a, b, at } = pair()
    const told: string[] = []
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const link = network.link(from, to)
      link.observe({
        linkChanged: () => told.push(`${kernel.nowMicros / 1_000} ${from.name} ${link.isOpen}`),
      })
    }
    at(100, () => a.pause(0, 400_000))
    at(200, () => a.pause(0, 400_000))
    at(300, () => a.pause(0, 1_000))
    await drive(kernel)
    expect(told).toEqual(['100 a false', '100 b false', '600 a true', '600 b true'])
  })

  it('[C10] tells what it holds, once', async () => {
    const { kernel, a, at } = pair()
    const told: string[] = []
    a.attach({
      resourceIndex: -1,
      processEnded: () => void told.push('ended'),
      processPaused: () => void told.push(`paused ${a.isPaused}`),
    })
    at(100, () => a.pause(0, 400_000))
    at(200, () => a.pause(0, 400_000))
    await drive(kernel)
    expect(told).toEqual(['paused true'])
  })

  it('[C10] does what it is asked when it goes on, unless it has died: the next life is not paused', async () => {
    const { kernel, a, b, seen, send, at } = pair()
    const done: string[] = []
    const ask = (what: string): void =>
      a.whenResponsive(() => done.push(`${kernel.nowMicros / 1_000} ${what}`))
    at(50, () => ask('at once'))
    at(100, () => a.pause(0, 400_000))
    at(150, () => ask('later'))
    at(600, () => a.pause(0, 400_000))
    at(650, () => ask('never'))
    at(700, () => a.crash(0, 50_000))
    at(800, () => {
      ask('by the next life')
      send(a, b, 'of 800')
      send(b, a, 'of 800')
    })
    await drive(kernel)
    expect(done).toEqual(['50 at once', '500 later', '800 by the next life'])
    expect(seen.map((text) => text.replace(/^80\d/, '80x')).sort()).toEqual([
      '80x a: of 800',
      '80x b: of 800',
    ])
  })

  it('[C10] holds what a partition lets go until it goes on', async () => {
    const { kernel, network, a, b, seen, send, at } = pair()
    const condition = { covers: () => true, cuts: true, addedMicros: 0 }
    at(100, () => network.impose(condition))
    at(150, () => send(a, b, 'of 150'))
    at(200, () => a.pause(0, 400_000))
    at(300, () => network.lift(condition))
    await drive(kernel)
    expect(seen.map((text) => text.slice(0, 2))).toEqual(['60'])
  })

  it('[C10] is not one that is down', async () => {
    const { kernel, a, at } = pair()
    at(100, () => a.crash(0))
    at(200, () => a.pause(0, 400_000))
    at(300, () => a.restart(0))
    at(400, () => expect([a.isPaused, a.isResponsive]).toEqual([false, true]))
    await drive(kernel)
    expect([...(kernel.trace?.records() ?? [])].map(({ kind }) => kind)).toEqual(['crash', 'restart'])
  })
})
