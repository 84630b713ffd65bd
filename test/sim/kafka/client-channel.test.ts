import { describe, expect, it } from 'vitest'
import { Network } from '../../../sim/cluster/network.ts'
import { Process } from '../../../sim/cluster/process.ts'
import { ClientChannel, type Node } from '../../../sim/kafka/client-channel.ts'
import type { ApiName, ApiRequest } from '../../../sim/kafka/protocol/api.ts'
import { EPOCH_MILLIS } from '../../../sim/kernel/time.ts'
import { drive, kernelOf } from '../../fixtures/kernel.ts'

/** A client of two brokers, which answer everything but Fetch at once. */
class Wires {
  readonly kernel = kernelOf()
  readonly network = new Network(this.kernel)
  readonly client = this.network.add(new Process(this.kernel, 'client', 'client', () => {}))
  readonly served: string[] = []
  readonly answered: string[] = []
  settledCount = 0
  readonly pressed: number[] = []
  private readonly nodes = new Map<number, Node>([1, 2].map((id) => [id, this.node(id)]))
  /** How new the metadata were that the brokers had which told of them. */
  readonly offsets: number[] = []
  readonly channel = new ClientChannel(this.network, this.client, this.nodes, {
    heardMetadata: (metadataOffset) => this.offsets.push(metadataOffset),
    settle: () => {
      this.settledCount += 1
    },
  })

  send(nodeId: number, api: ApiName): void {
    const request = { api, apiVersion: 0, clientId: 'client', body: {}, timeoutMillis: 30_000 }
    this.channel.send(nodeId, request as unknown as ApiRequest, (response, nowMillis) => {
      const what = response === undefined ? 'broken' : 'answered'
      this.answered.push(`${api} ${what} in s ${Math.floor((nowMillis - EPOCH_MILLIS) / 1_000)}`)
    })
  }

  process(nodeId: number): Process {
    return (this.nodes.get(nodeId) as Node).process
  }

  at(seconds: number, act: () => void): void {
    const { entity } = this.client
    this.kernel.scheduleAt(seconds * 1_000_000, entity, { onEvent: act }, 0, undefined, 0)
  }

  private node(id: number): Node {
    return {
      process: this.network.add(new Process(this.kernel, `broker-${id}`, 'broker', () => {})),
      serve: ({ api }, _from, respond) => {
        this.served.push(`${id} ${api}`)
        if (api !== 'Fetch') respond({})
      },
      pressed: (respond) => {
        this.pressed.push(id)
        respond({})
      },
      whenDone: (next) => next(),
      entityOf: () => undefined,
      metadataOffset: 40 + id,
    }
  }
}

describe('the way of a client to brokers', () => {
  it('[B25] gives each request its answer, and then lets the client settle', async () => {
    const wires = new Wires()
    wires.at(1, () => wires.send(1, 'Metadata'))
    wires.at(2, () => wires.send(2, 'ListOffsets'))
    await drive(wires.kernel)
    expect(wires.served).toEqual(['1 Metadata', '2 ListOffsets'])
    expect(wires.answered).toEqual(['Metadata answered in s 1', 'ListOffsets answered in s 2'])
    expect(wires.settledCount).toBe(2)
    expect(wires.offsets).toEqual([41])
  })

  it.each<ApiName>([
    'JoinGroup',
    'SyncGroup',
    'Heartbeat',
    'LeaveGroup',
    'ConsumerGroupHeartbeat',
    'OffsetCommit',
    'OffsetFetch',
  ])('[B25] does not let %s, of members to their coordinator, wait behind a long poll', async (api) => {
    const wires = new Wires()
    wires.at(1, () => wires.send(1, 'Fetch'))
    wires.at(2, () => wires.send(1, api))
    await drive(wires.kernel)
    expect(wires.answered[0]).toBe(`${api} answered in s 2`)
    expect(wires.pressed).toEqual([])
    expect(wires.channel.coordinatorId).toBe(1)
  })

  it.each<ApiName>(['Metadata', 'ListOffsets', 'AddPartitionsToTxn', 'EndTxn', 'TxnOffsetCommit'])(
    '[B25] has %s wait behind a long poll, which is pressed',
    async (api) => {
      const wires = new Wires()
      wires.at(1, () => wires.send(1, 'Fetch'))
      wires.at(2, () => wires.send(1, api))
      await drive(wires.kernel)
      expect(wires.answered).toEqual(['Fetch answered in s 2', `${api} answered in s 2`])
      expect(wires.pressed).toEqual([1])
      expect(wires.channel.coordinatorId).toBe(-1)
    },
  )

  it('[B25] has a broker press the long poll that the client no longer wants', async () => {
    const wires = new Wires()
    wires.at(1, () => wires.send(1, 'Fetch'))
    wires.at(2, () => wires.channel.pressFetch(2))
    wires.at(3, () => wires.channel.pressFetch(1))
    await drive(wires.kernel)
    expect(wires.pressed).toEqual([1])
    expect(wires.answered).toEqual(['Fetch answered in s 3'])
  })

  it('[B25] breaks with its broker, and is opened again when it is needed', async () => {
    const wires = new Wires()
    wires.at(1, () => wires.send(1, 'Fetch'))
    wires.at(2, () => wires.process(1).crash(0, 1_000_000))
    wires.at(4, () => wires.send(1, 'Metadata'))
    await drive(wires.kernel)
    expect(wires.answered).toEqual(['Fetch broken in s 2', 'Metadata answered in s 4'])
  })
})
