import { beforeAll, describe, expect, it } from 'vitest'
import { messagesOf } from '../../ui/model/messages.ts'
import { Recording } from '../../ui/model/recording.ts'
import { RunView } from '../../ui/model/run-view.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

/** A recording that counts how often what a record says is read. */
class CountedRecording extends Recording {
  read = 0

  override parsed(id: number): unknown {
    this.read++
    return super.parsed(id)
  }
}

describe('the index of messages', () => {
  let view: RunView

  beforeAll(async () => {
    view = (await recorded(DOUBLE_CHARGE)).view
  })

  const NOTHING = { scenario: undefined, summary: undefined, story: undefined, bands: [] }

  it('[V45] gives effects, offsets and what came again without a record being read', () => {
    const counting = new CountedRecording(view.recording.columns, NOTHING)
    const messages = messagesOf(counting)
    expect(counting.read).toBeGreaterThan(50)
    const other = new RunView(view.recording.columns, { ...NOTHING, messages })
    // The canary: what nobody has an index for is read.
    const plain = new CountedRecording(view.recording.columns, NOTHING)
    Object.assign(other, { recording: plain })
    expect(other.effects).toEqual(view.effects)
    expect(other.staircases).toEqual(view.staircases)
    expect(other.duplicates).toEqual(view.duplicates)
    expect(plain.read).toBe(0)
    plain.data(1)
    expect(plain.read).toBe(1)
  })

  it('[V45] is of every append, delivery, request and committed offset, in order', () => {
    const { recording } = view
    const messages = messagesOf(recording)
    const kinds = ['append', 'deliver', 'request', 'watermark', 'rebalance']
    const ids = Array.from({ length: recording.count }, (_, at) => at + 1)
    const single = ids.filter((id) => kinds.includes(recording.kind(id)))
    const offsets = ids.flatMap((id) => {
      const { errorCode, offsets: all = [] } = recording.fields(id) as {
        errorCode?: string
        offsets?: unknown[]
      }
      return recording.kind(id) === 'offset-commit' && errorCode === 'NONE' ? all.map(() => id) : []
    })
    expect([...messages.event]).toEqual([...single, ...offsets].sort((left, right) => left - right))
    expect(single.length).toBeGreaterThan(30)
    expect(offsets.length).toBeGreaterThan(10)
  })
})
