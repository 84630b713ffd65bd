import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLink, encodeLink, type Shared } from '../../ui/model/share-link.ts'

const shared: Shared = {
  system: 'order-choreography',
  file: 'scenarios/order-choreography/crash-between-charge-and-commit.yaml',
  seed: 1,
  params: undefined,
  faults: undefined,
  settings: undefined,
  digest: '161f023a10c01f84',
  bundle: '0123456789abcdef',
  event: 329,
  pane: 'state',
  filter: 'order:2',
  marks: [],
}

describe('a link', () => {
  it('[V11] gives back what it was made of', async () => {
    const any = fc.record({
      system: fc.string(),
      file: fc.string(),
      seed: fc.nat(),
      params: fc.option(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), {
        nil: undefined,
      }),
      faults: fc.option(fc.array(fc.record({ at: fc.string(), crash: fc.string() })), { nil: undefined }),
      settings: fc.option(
        fc.constantFrom(
          { workload: { orders: 1 } },
          { workload: { every: '1ms' as const, only: [9, 10] }, cluster: { latency: 'constant' as const } },
          { cluster: { kafka: { acks: '1' as const } }, budget: { events: 5 } },
        ),
        { nil: undefined },
      ),
      digest: fc.string(),
      bundle: fc.string(),
      event: fc.nat(),
      pane: fc.string(),
      filter: fc.string({ unit: 'grapheme' }),
      marks: fc.array(fc.tuple(fc.integer({ min: 1 }), fc.string({ unit: 'grapheme' }))),
    })
    await fc.assert(
      fc.asyncProperty(any, async (value) => {
        const link = await encodeLink(value)
        expect(link).toMatch(/^run=[\w-]+$/)
        expect(JSON.stringify(await decodeLink(`#${link}`))).toBe(JSON.stringify(value))
      }),
    )
  })

  it('[V11] has room for a hundred faults', async () => {
    const faults = Array.from({ length: 100 }, (_, at) => ({
      crash: ['payment', 'orders', 'inventory', 'shipping'][at % 4],
      at: `${at * 137}ms`,
      restart: `${100 + ((at * 7919) % 900)}ms`,
    }))
    expect((await encodeLink({ ...shared, faults })).length).toBeLessThan(2_000)
  })

  it.each([
    ['cut off', 'run=abc'],
    ['of other letters', 'run=%%%'],
    ['empty', 'run='],
  ])('[V11] that is %s is refused with a sentence', async (_how, fragment) => {
    await expect(decodeLink(fragment)).rejects.toThrow('This link is damaged')
  })

  it.each([
    ['a fault that is no list', { faults: 5 }],
    ['params that are a text', { params: 'x' }],
    ['params that are a list', { params: [] }],
    ['settings that are a list', { settings: [] }],
    ['settings of a part that there is not', { settings: { params: {} } }],
    ['a part that is no map', { settings: { workload: 3 } }],
  ])('[V11] with %s is refused with a sentence', async (_what, changed) => {
    const link = await encodeLink({ ...shared, ...changed } as unknown as Shared)
    await expect(decodeLink(link)).rejects.toThrow('This link is damaged')
  })

  it('[V11] of something else is none', async () => {
    expect(await decodeLink('#story')).toBeUndefined()
    expect(await decodeLink('')).toBeUndefined()
  })
})
