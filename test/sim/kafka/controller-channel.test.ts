import { describe, expect, it } from 'vitest'
import { Network } from '../../../sim/cluster/network.ts'
import { Process } from '../../../sim/cluster/process.ts'
import type { ControllerRequest } from '../../../sim/kafka/broker/host.ts'
import { type ActiveController, ActiveControllerChannel } from '../../../sim/kafka/controller-channel.ts'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'

const RETRY_MS = 9_000

/** A broker that asks a controller, which answers when it lives. */
class Quorum {
  readonly kernel = kernelOf()
  readonly network = new Network(this.kernel)
  readonly broker = this.network.add(new Process(this.kernel, 'broker-1', 'broker', () => {}))
  readonly served: string[] = []
  readonly answered: string[] = []
  answers = true
  settled = 0
  private readonly controller: ActiveController = {
    process: this.network.add(new Process(this.kernel, 'controller', 'controller', () => {})),
    serve: (message, _from, respond) => {
      this.served.push(`${message.api} ${(message as unknown as ControllerRequest).body}`)
      if (this.answers) respond({ errorCode: 'NONE' })
    },
    pressed: () => {},
    whenDone: (next) => next(),
    entityOf: () => undefined,
  }
  readonly channel = new ActiveControllerChannel(
    this.network,
    this.broker,
    this.controller,
    RETRY_MS,
    () => void this.settled++,
  )

  get process(): Process {
    return this.controller.process
  }

  ask(name: string): void {
    const request = { api: 'DeleteTopics', body: name } as unknown as ControllerRequest<'DeleteTopics'>
    this.channel.send(request, (response, nowMillis) =>
      this.answered.push(
        `${name} ${response === undefined ? 'nothing' : 'answer'} in second ${Math.floor((nowMillis - EPOCH_MILLIS) / 1_000)}`,
      ),
    )
  }

  at(millis: number, act: () => void): void {
    const { entity } = this.broker
    this.kernel.scheduleAt(millis * 1_000, entity, { onEvent: act }, 0, undefined, 0)
  }
}

describe('[B22] the way of a broker to the active controller', () => {
  it('[B22] gives each request its answer', async () => {
    const quorum = new Quorum()
    quorum.at(1_000, () => quorum.ask('a'))
    quorum.at(2_000, () => quorum.ask('b'))
    await drive(quorum.kernel)
    expect(quorum.answered).toEqual(['a answer in second 1', 'b answer in second 2'])
    expect(quorum.settled).toBe(2)
  })

  it('[B22] asks the next controller what the last one has not answered, in order, and once', async () => {
    const quorum = new Quorum()
    quorum.answers = false
    quorum.at(1_000, () => quorum.ask('a'))
    quorum.at(2_000, () => quorum.process.crash(0))
    quorum.at(3_000, () => quorum.ask('b'))
    quorum.at(5_000, () => {
      quorum.answers = true
      quorum.process.restart(0)
      quorum.channel.controllerChanged()
    })
    quorum.at(6_000, () => quorum.channel.controllerChanged())
    await drive(quorum.kernel)
    expect(quorum.served).toEqual(['DeleteTopics a', 'DeleteTopics a', 'DeleteTopics b'])
    expect(quorum.answered).toEqual(['a answer in second 5', 'b answer in second 5'])
  })

  it('[B22] gives up what no controller answers in its time, which nobody waits for', async () => {
    const quorum = new Quorum()
    quorum.at(1_000, () => {
      quorum.process.crash(0)
      quorum.ask('a')
    })
    quorum.at(5_000, () => quorum.ask('b'))
    quorum.at(12_000, () => {})
    await drive(quorum.kernel)
    expect(quorum.answered).toEqual(['a nothing in second 10'])
    expect(quorum.kernel.nowMicros).toBe(12_000_000)
  })

  it('[B22] does not ask again what was given up for another reason', async () => {
    const quorum = new Quorum()
    quorum.answers = false
    quorum.at(1_000, () => quorum.ask('a'))
    await drive(quorum.kernel)
    // The connection breaks after 30 s.
    expect(quorum.answered).toEqual([])
    quorum.at(40_000, () => quorum.channel.controllerChanged())
    await drive(quorum.kernel)
    expect(quorum.answered).toEqual(['a nothing in second 31'])
    expect(quorum.served).toEqual(['DeleteTopics a'])
  })

  it('[B22] takes a request that is made because another has failed', async () => {
    const quorum = new Quorum()
    quorum.answers = false
    quorum.at(1_000, () => {
      const request = { api: 'DeleteTopics', body: 'a' } as unknown as ControllerRequest<'DeleteTopics'>
      quorum.channel.send(request, () => quorum.ask('b'))
    })
    quorum.at(30_000, () => {
      quorum.answers = true
    })
    quorum.at(40_000, () => {})
    await drive(quorum.kernel)
    expect(quorum.answered).toEqual(['b answer in second 31'])
  })

  it('[B22] ends with the life of its broker', async () => {
    const quorum = new Quorum()
    quorum.at(1_000, () => {
      quorum.process.crash(0)
      quorum.ask('a')
    })
    quorum.at(2_000, () => quorum.broker.crash(0))
    quorum.at(20_000, () => {})
    await drive(quorum.kernel)
    expect(quorum.answered).toEqual([])
  })
})
