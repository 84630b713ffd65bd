import { describe, expect, it } from 'vitest'
import { MetadataLog } from '../../../../sim/kafka/controller/record.ts'

describe('the metadata log', () => {
  it('[KC10] gives the batches that hold an offset, and what follows', () => {
    const log = new MetadataLog()
    const record = (topic: string) => ({ type: 'RemoveTopic' as const, topic })
    log.append([record('a'), record('b')])
    log.append([record('c')])
    log.append([record('d'), record('e')])
    const from = (offset: number) => log.since(offset).map(({ baseOffset }) => baseOffset)
    expect([0, 1, 2, 3, 4, 5].map(from)).toEqual([[0, 2, 3], [0, 2, 3], [2, 3], [3], [3], []])
    expect(log.nextOffset).toBe(5)
  })
})
