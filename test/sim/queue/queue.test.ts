import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, fifo, MINUTE, type QueueLab, quorum, SECOND, standard } from '../../fixtures/message-queue.ts'

/** SQS developer guide, "Amazon SQS visibility timeout", and the API reference of DeleteMessage and ChangeMessageVisibility. */
describe('the visibility time-out', () => {
  it('[QU1] hides a message that was received, from everybody, for 30 seconds', () => {
    const lab = standard()
    lab.send('a')
    expect(lab.receive('one')).toBe('a×1')
    expect(lab.pass(30 * SECOND - 1).receive('two')).toBeUndefined()
    expect(lab.queue.nextDeadlineMicros()).toBe(30 * SECOND)
    expect(lab.pass(1).receive('two')).toBe('a×2')
    expect(lab.said).toEqual(['a timed out'])
  })

  it('[QU1] is no more once the message was acknowledged', () => {
    const lab = standard()
    lab.send('a')
    expect(lab.acknowledge(lab.receipt())).toBe(true)
    expect(lab.queue.nextDeadlineMicros()).toBe(Number.POSITIVE_INFINITY)
    expect(lab.pass(MINUTE).drain()).toEqual([])
    expect(lab.queue.size).toBe(0)
  })

  it('[QU1] counts the messages in flight', () => {
    const lab = standard()
    lab.send('a', 'b', 'c')
    const receipt = lab.receipt()
    lab.receipt()
    expect([lab.queue.size, lab.queue.inFlight]).toEqual([3, 2])
    lab.acknowledge(receipt)
    expect([lab.queue.size, lab.queue.inFlight]).toEqual([2, 1])
    lab.pass(30 * SECOND).queue.advance(lab.nowMicros)
    expect([lab.queue.size, lab.queue.inFlight]).toEqual([2, 0])
  })

  it('[QU2] that has passed lets a receipt of a standard queue delete the message until it is received again', () => {
    const late = standard()
    late.send('a')
    const first = late.receipt()
    expect(late.pass(MINUTE).acknowledge(first)).toBe(true)
    expect(late.drain()).toEqual([])

    const stale = standard()
    stale.send('a')
    const old = stale.receipt()
    const recent = stale.pass(MINUTE).receipt()
    expect(recent).not.toBe(old)
    expect(stale.acknowledge(old)).toBe(false)
    expect(stale.acknowledge(recent)).toBe(true)
    expect(stale.acknowledge(recent)).toBe(false)
  })

  it('[QU2] that has passed makes a receipt of a FIFO queue useless: "The receipt handle has expired"', () => {
    const lab = fifo()
    lab.send('a')
    const receipt = lab.receipt()
    expect(lab.pass(30 * SECOND).acknowledge(receipt)).toBe(false)
    expect(lab.receive()).toBe('a×2')
  })

  it('[QU3] is changed by who has the message: to nothing, to less, to more', () => {
    const lab = standard()
    lab.send('a')
    expect(lab.release(lab.receipt())).toBe(true)
    expect(lab.said).toEqual(['a released'])
    expect(lab.release(lab.receipt(), 5 * SECOND)).toBe(true)
    expect(lab.pass(5 * SECOND - 1).receive()).toBeUndefined()
    const receipt = lab.pass(1).receipt()
    expect(lab.release(receipt, 10 * MINUTE)).toBe(true)
    expect(lab.pass(MINUTE).receive()).toBeUndefined()
    expect(lab.acknowledge(receipt)).toBe(true)
    expect(lab.pass(DAY).drain()).toEqual([])
  })

  it('[QU3] of a message that is not in flight cannot be changed (MessageNotInflight)', () => {
    const lab = standard()
    lab.send('a')
    const receipt = lab.receipt()
    lab.release(receipt)
    expect([lab.release(receipt), lab.release(99)]).toEqual([false, false])
    expect(lab.drain()).toEqual(['a×2'])
  })
})

/** RabbitMQ, "Consumer Acknowledgements and Publisher Confirms": ack, nack, reject, automatic requeueing. */
describe('a delivery of RabbitMQ', () => {
  it('[QU3] comes back at once, to its old place, unless it is rejected for good', () => {
    const lab = quorum()
    lab.send('a', 'b', 'c')
    const a = lab.receipt()
    lab.release(lab.receipt())
    lab.release(a)
    expect(lab.queue.reject(lab.receipt(), 0)).toBe(true)
    expect(lab.drain()).toEqual(['b×2', 'c×1'])
    expect(lab.said).toEqual(['b released', 'a released', 'a discarded: rejected'])
  })

  it('[QU1] stays with its consumer as long as that holds its connection', () => {
    const lab = quorum()
    lab.send('a')
    lab.receipt()
    expect(lab.queue.nextDeadlineMicros()).toBe(Number.POSITIVE_INFINITY)
    expect(lab.pass(365 * DAY).receive()).toBeUndefined()
  })

  it('[QU2] that has come back is settled: its tag is used up', () => {
    const lab = quorum()
    lab.send('a')
    const tag = lab.receipt()
    lab.release(tag)
    expect([lab.acknowledge(tag), lab.queue.reject(tag, 0)]).toEqual([false, false])
    expect(lab.queue.size).toBe(1)
  })
})

describe('the end of a consumer', () => {
  it('[QU10] gives back at once what it held, in RabbitMQ', () => {
    const lab = quorum()
    lab.send('a', 'b', 'c', 'd')
    const done = lab.receipt('one')
    lab.receipt('one')
    lab.receipt('two')
    lab.acknowledge(done)
    lab.queue.disconnect('one', lab.nowMicros)
    expect(lab.said).toEqual(['b connection lost'])
    expect(lab.drain()).toEqual(['b×2', 'd×1'])
  })

  it('[QU10] changes nothing before the time-out, in SQS', () => {
    const lab = standard()
    lab.send('a')
    lab.receipt('one')
    lab.queue.disconnect('one', lab.nowMicros)
    expect(lab.said).toEqual(['a abandoned'])
    expect(lab.pass(30 * SECOND - 1).receive()).toBeUndefined()
    expect(lab.pass(1).receive()).toBe('a×2')
  })
})

describe('a message that was delivered too often', () => {
  it.each([1, 2, 5])(
    '[QU4] is moved when an SQS queue whose maxReceiveCount is %i is received from once more',
    (maxDeliveries) => {
      const lab = standard({ maxDeliveries })
      lab.send('a')
      for (let time = 1; time <= maxDeliveries; time++) {
        expect(lab.receive()).toBe(`a×${time}`)
        lab.pass(30 * SECOND)
      }
      lab.queue.advance(lab.pass(DAY).nowMicros)
      expect(lab.said).not.toContain('a discarded: delivery_limit')
      expect(lab.queue.size).toBe(1)
      expect(lab.receive()).toBeUndefined()
      expect(lab.said.at(-1)).toBe('a discarded: delivery_limit')
      expect(lab.queue.size).toBe(0)
    },
  )

  it('[QU4] can still be deleted by its last receipt in a standard queue', () => {
    const lab = standard({ maxDeliveries: 1 })
    lab.send('a', 'b')
    const receipt = lab.receipt()
    expect(lab.pass(MINUTE).acknowledge(receipt)).toBe(true)
    expect(lab.drain()).toEqual(['b×1'])
    expect(lab.said).toEqual(['a timed out'])
  })

  // rabbit_fifo: a return makes the delivery count one more, and what is above the limit is discarded.
  it.each([0, 1, 20])(
    '[QU4] is discarded as it comes back in RabbitMQ with a delivery limit of %i',
    (limit) => {
      const lab = quorum({ maxDeliveries: limit + 1 })
      lab.send('a')
      for (let time = 0; time <= limit; time++) lab.release(lab.receipt())
      expect(lab.said.filter((what) => what === 'a released')).toHaveLength(limit + 1)
      expect(lab.said.at(-1)).toBe('a discarded: delivery_limit')
      expect(lab.queue.size).toBe(0)
    },
  )

  it('[QU4] lets the next of its group come forward', () => {
    const lab = fifo({ maxDeliveries: 1 })
    lab.send('g/a', 'g/b')
    lab.receipt()
    expect(lab.pass(30 * SECOND).drain()).toEqual(['g/b×1'])
  })
})

describe('retention', () => {
  it('[QU5] deletes what an SQS queue has kept for 4 days, which nobody notices by itself', () => {
    const lab = standard()
    lab.send('a')
    lab.pass(DAY).send('b')
    expect(lab.queue.nextDeadlineMicros()).toBe(Number.POSITIVE_INFINITY)
    expect(lab.pass(3 * DAY).drain()).toEqual(['b×1'])
    expect(lab.said).toEqual(['a discarded: expired'])
  })

  // "Setting-up dead-letter queue retention": a message that spent 1 day in the first queue has 3 of 4 days left there.
  it.each([
    ['standard', standard, 3 * DAY],
    ['FIFO', fifo, 4 * DAY],
  ] as const)('[QU5] in an SQS %s dead letter queue', (_kind, lab, left) => {
    const inTime = lab()
    inTime.pass(DAY).take('a', 0)
    expect(inTime.pass(left - 1).drain()).toEqual(['a×1'])
    const tooLate = lab()
    tooLate.pass(DAY).take('a', 0)
    expect(tooLate.pass(left).drain()).toEqual([])
  })

  it('[QU5] of RabbitMQ dead-letters what waits too long, when it does, but nothing in flight', () => {
    const lab = quorum({ retentionMicros: MINUTE })
    lab.send('a', 'b')
    const tag = lab.receipt()
    lab.pass(SECOND).send('c')
    expect(lab.queue.nextDeadlineMicros()).toBe(MINUTE)
    lab.pass(MINUTE - SECOND).queue.advance(lab.nowMicros)
    expect(lab.said).toEqual(['b discarded: expired'])
    expect(lab.queue.nextDeadlineMicros()).toBe(MINUTE + SECOND)
    expect(lab.acknowledge(tag)).toBe(true)
  })

  it('[QU5] of RabbitMQ counts on while a message is away', () => {
    const lab = quorum({ retentionMicros: MINUTE })
    lab.send('a')
    const tag = lab.receipt()
    lab.pass(MINUTE).release(tag)
    expect(lab.drain()).toEqual([])
    expect(lab.said).toEqual(['a released', 'a discarded: expired'])
  })

  it('[QU5] of RabbitMQ without dead letters is no moment of its own', () => {
    const lab = quorum({ retentionMicros: MINUTE, expired: 'deleted' })
    lab.send('a')
    expect(lab.queue.nextDeadlineMicros()).toBe(Number.POSITIVE_INFINITY)
    expect(lab.pass(MINUTE).drain()).toEqual([])
  })
})

describe('a delay queue', () => {
  it('[QU6] keeps every new message invisible for its delay, and none that comes back', () => {
    const lab = standard({ delayMicros: 5 * SECOND })
    lab.send('a')
    lab.pass(SECOND).send('b')
    expect(lab.queue.nextDeadlineMicros()).toBe(5 * SECOND)
    expect(lab.pass(4 * SECOND - 1).drain()).toEqual([])
    const receipt = lab.pass(1).receipt()
    expect(lab.drain()).toEqual([])
    lab.release(receipt)
    expect(lab.drain()).toEqual(['a×2'])
    expect(lab.pass(SECOND).drain()).toEqual(['b×1'])
    expect(lab.said).toEqual(['a released'])
  })

  it('[QU6] keeps the order of a group', () => {
    const lab = fifo({ delayMicros: SECOND })
    lab.send('g/a', 'g/b')
    expect(lab.pass(SECOND).drain()).toEqual(['g/a×1'])
  })
})

/** SQS developer guide, "FIFO delivery logic" and "Exactly-once processing". */
describe('a message group', () => {
  it('[QU7] is delivered in order, one message at a time', () => {
    const lab = fifo()
    lab.send('g/a', 'g/b', 'g/c')
    for (const text of ['a', 'b', 'c']) {
      const receipt = lab.queue.receive('c', 0)
      expect(receipt?.message.body).toBe(`g/${text}`)
      expect(lab.drain()).toEqual([])
      lab.acknowledge(receipt?.receipt ?? 0)
    }
    expect(lab.queue.size).toBe(0)
  })

  it('[QU7] waits for a message that comes back, however long that takes', () => {
    const lab = fifo()
    lab.send('g/a', 'g/b')
    lab.release(lab.receipt(), 5 * SECOND)
    expect(lab.pass(5 * SECOND - 1).drain()).toEqual([])
    expect(lab.pass(1).drain()).toEqual(['g/a×2'])
    expect(lab.pass(30 * SECOND).drain()).toEqual(['g/a×3'])
  })

  it('[QU7] does not hold up other groups', () => {
    const lab = fifo()
    lab.send('g/a', 'g/b', 'h/a', 'i/a')
    expect(lab.drain()).toEqual(['g/a×1', 'h/a×1', 'i/a×1'])
  })

  it('[QU7] keeps its order whatever happens to its messages', () => {
    const act = fc.record({ kind: fc.nat(4), of: fc.nat(3), after: fc.nat(40) })
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { maxLength: 12 }),
        fc.array(act, { maxLength: 60 }),
        (groups, acts) => {
          const lab = fifo({ visibilityTimeoutMicros: 30 })
          lab.send(...groups.map((group, index) => `${group}/${String(index).padStart(2, '0')}`))
          const firsts: string[] = []
          const held: number[] = []
          for (const { kind, of, after } of acts) {
            lab.pass(after)
            const receipt = held[of % Math.max(1, held.length)] ?? 0
            if (kind === 0) lab.acknowledge(receipt)
            else if (kind === 1) lab.release(receipt, of)
            else if (kind === 2) lab.queue.disconnect('c', lab.nowMicros)
            else {
              const next = lab.queue.receive('c', lab.nowMicros)
              if (next === undefined) continue
              held.push(next.receipt)
              if (next.deliveries === 1) firsts.push(next.message.body)
            }
          }
          for (const group of new Set(groups)) {
            const seen = firsts.filter((text) => text.startsWith(`${group}/`))
            expect(seen).toEqual([...seen].sort())
          }
        },
      ),
      { numRuns: 300, seed: 1 },
    )
  })
})

describe('a deduplication id', () => {
  it('[QU8] is accepted again, and not delivered, for 5 minutes, even after the message was deleted', () => {
    const lab = fifo()
    expect(lab.sendAs('g/a', 'x')).toBe(1)
    lab.acknowledge(lab.receipt())
    expect(lab.pass(5 * MINUTE - 1).sendAs('g/b', 'x')).toBeUndefined()
    expect(lab.drain()).toEqual([])
  })

  it('[QU8] means a new message from 5 minutes after the first on, however often it was sent meanwhile', () => {
    const lab = fifo()
    lab.sendAs('g/a', 'x')
    lab.pass(4 * MINUTE).sendAs('g/a', 'x')
    expect(lab.pass(MINUTE).sendAs('g/b', 'x')).toBe(2)
    expect(lab.pass(MINUTE).sendAs('g/c', 'x')).toBeUndefined()
  })

  it('[QU8] counts for the whole queue, and in FIFO queues only', () => {
    const lab = fifo()
    lab.sendAs('g/a', 'x')
    expect(lab.sendAs('h/a', 'x')).toBeUndefined()
    const other = standard()
    other.sendAs('g/a', 'x')
    expect(other.sendAs('g/a', 'x')).toBe(2)
  })

  it('[QU8] keeps no dead letter out', () => {
    const lab = fifo()
    lab.send('g/a')
    lab.take('g/a', 0)
    expect(lab.queue.size).toBe(2)
  })
})

describe('the order of messages that may be delivered', () => {
  const ranked = (lab: QueueLab): QueueLab => {
    for (const [text, rank] of Object.entries({ a: 3, b: 1, c: 2, d: 1 })) lab.ranks.set(text, rank)
    lab.send('a', 'b', 'c', 'd')
    return lab
  }

  it('[QU11] is that of their ranks in SQS, else that in which they came', () => {
    expect(ranked(standard()).drain()).toEqual(['b×1', 'd×1', 'c×1', 'a×1'])
    expect(ranked(fifo()).drain()).toEqual(['b×1', 'd×1', 'c×1', 'a×1'])
  })

  it('[QU11] is that in which they came in RabbitMQ', () => {
    expect(ranked(quorum()).drain()).toEqual(['a×1', 'b×1', 'c×1', 'd×1'])
  })
})

describe('what was acknowledged', () => {
  it('[QU20] comes again when a server forgets acknowledgements: the last ones, in their order', () => {
    const lab = standard()
    lab.send('a', 'b', 'c')
    for (let count = 0; count < 3; count++) lab.acknowledge(lab.receipt())
    expect(lab.queue.reappear(2, lab.nowMicros)).toBe(2)
    expect(lab.drain()).toEqual(['b×2', 'c×2'])
    expect(lab.queue.reappear(9, lab.nowMicros)).toBe(1)
    expect(lab.queue.size).toBe(3)
  })

  it('[QU20] is remembered up to 1000 messages', () => {
    const lab = standard()
    for (let count = 1; count <= 2_500; count++) {
      lab.send(`m${count}`)
      lab.acknowledge(lab.receipt())
    }
    expect([lab.queue.reappear(5_000, 0), lab.queue.reappear(5_000, 0)]).toEqual([1_000, 500])
    expect(lab.receive()).toBe('m1001×2')
  })
})
