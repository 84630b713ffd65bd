import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { thinned } from '../../ui/model/counters.ts'
import { placesOf } from '../../ui/model/danger.ts'
import { windowsOf } from '../../ui/model/inconsistency.ts'
import { initialRowsOf } from '../../ui/model/row-patches.ts'
import { RunView } from '../../ui/model/run-view.ts'
import { tokensAt } from '../../ui/model/saga.ts'
import { offsetAt } from '../../ui/model/staircase.ts'
import { DOUBLE_CHARGE, recorded } from './recordings.ts'

describe('what the panes show of a double charge', () => {
  let view: RunView
  let violation: number

  beforeAll(async () => {
    view = (await recorded(DOUBLE_CHARGE)).view
    violation = view.mainViolation?.event ?? 0
  })

  it('[V4] the state after any event is that of all changes up to it', () => {
    const { patches } = view.states
    const rows = new Map<string, unknown>()
    let applied = 0
    for (let event = 1; event <= view.recording.count; event++) {
      while (applied < patches.length && (patches[applied]?.event ?? 0) <= event) {
        const { table, key, after } = patches[applied] as (typeof patches)[number]
        if (after === undefined) rows.delete(`${table} ${key}`)
        else rows.set(`${table} ${key}`, after)
        applied++
      }
      if (event % 7 !== 0) continue
      for (const { name, rows: shown } of view.states.at(event))
        for (const { key, values, writtenBy } of shown) {
          const known = rows.get(`${name} ${key}`)
          // Rows that were there from the start are known from their first change on.
          if (known !== undefined) expect(values).toEqual(known)
          else expect(Object.values(writtenBy).every((id) => id === 0)).toBe(true)
        }
      const shown = view.states.at(event).reduce((sum, table) => sum + table.rows.length, 0)
      expect(shown).toBeGreaterThanOrEqual(rows.size)
    }
    expect(applied).toBeGreaterThan(20)
  })

  it('[V4] every value leads to the event that wrote it, and it did not stand so before', () => {
    const charges = view.states.at(violation).find(({ name }) => name === 'provider.charges')
    const own = charges?.rows.filter(({ values }) => values.orderId === 'order-2') ?? []
    expect(own).toHaveLength(2)
    expect(own[1]?.writtenBy.amount).toBe(violation)
    const orders = view.states.at(view.recording.count).find(({ name }) => name === 'orders-db.orders')
    const order = orders?.rows.find(({ values }) => values.orderId === 'order-2')
    const writer = order?.writtenBy.status ?? 0
    const before = view.states.at(writer - 1).find(({ name }) => name === 'orders-db.orders')
    expect(before?.rows.find(({ key }) => key === order?.key)?.values.status).toBe('PENDING')
    expect(order?.writtenBy.orderId).toBeLessThan(writer)
  })

  it('[V4] what has changed between two moments is what differs between their states', () => {
    const rowsAt = (event: number): Map<string, unknown> =>
      new Map(
        view.states
          .at(event)
          .flatMap(({ name, rows }) => rows.map(({ key, values }) => [`${name} ${key}`, values] as const)),
      )
    const { count } = view.recording
    for (let event = 1; event <= count; event += 23) {
      for (const other of [0, event - 1, Math.floor(count / 2), count]) {
        const [now, then] = [rowsAt(event), rowsAt(other)]
        const changes = view.states.changes(event, other)
        const changed = new Map(changes.map(({ table, key, was }) => [`${table} ${key}`, was]))
        for (const [row, was] of changed) expect(then.get(row)).toEqual(was)
        for (const row of new Set([...now.keys(), ...then.keys()]))
          if (!changed.has(row)) expect(now.get(row)).toEqual(then.get(row))
      }
    }
  })

  it('[V4] states that were made ready beforehand are those that are made when they are asked for', async () => {
    const { columns } = view.recording
    const facts = { scenario: undefined, summary: undefined, story: undefined, bands: [] }
    const ready = new RunView(columns, facts).states
    while (!ready.prepare(() => false)) {}
    const last = ready.at(columns.count)
    expect(last).toEqual(view.states.at(columns.count))
    expect(new RunView(columns, { ...facts, initial: initialRowsOf(view.recording) }).states.at(9)).toEqual(
      ready.at(9),
    )
  })

  it('[V13] the offsets step down where a record is delivered again, and nowhere else', () => {
    const steps = view.staircases.flatMap(({ partition, groups }) =>
      groups.map((group) => ({ partition, ...group })),
    )
    const falls = steps.filter(({ position }) =>
      position.some(({ offset }, at) => at > 0 && offset < (position[at - 1]?.offset ?? 0)),
    )
    expect(falls.map(({ group, partition }) => `${group} ${partition}`)).toEqual(['payment order-events/3'])
    expect(falls[0]?.redeliveries.map((id) => view.recording.kind(id))).toEqual(['deliver'])
  })

  it('[V13] committed offsets are never ahead of the log, nor positions behind what is committed', () => {
    for (const { end, groups } of view.staircases)
      for (const { committed, position } of groups)
        for (const { event, offset } of committed) {
          expect(offset).toBeLessThanOrEqual(offsetAt(end, event))
          expect(offsetAt(position, event)).toBeGreaterThanOrEqual(offset)
        }
  })

  it('[V13] nothing is delivered that is not below the high watermark, which is never ahead of the log', () => {
    let raised = 0
    for (const { end, highWatermark, groups } of view.staircases) {
      for (const { event, offset } of highWatermark) {
        raised++
        expect(offset).toBeLessThanOrEqual(offsetAt(end, event))
      }
      for (const { position } of groups)
        for (const { event, offset } of position)
          expect(offset).toBeLessThanOrEqual(offsetAt(highWatermark, event))
    }
    expect(raised).toBeGreaterThan(10)
  })

  it('[V14] the ledger of effects begins with the charge that was made twice', () => {
    const [first, second] = view.effects
    expect(first).toMatchObject({
      entity: 'order-2',
      operation: 'OrderCreated → payment',
      produced: 1,
      handled: 1,
    })
    expect(first?.effects).toEqual({ 'provider.charges': 2 })
    expect(first?.attempts.map(({ committed }) => committed)).toEqual([false, true])
    expect(second?.deviation).toBe(0)
  })

  it('[V15] the saga chart counts every change of status, and knows where each row is', () => {
    const orders = view.sagas.find(({ table }) => table === 'orders-db.orders')
    expect(orders?.statuses).toEqual(['PENDING', 'COMPLETED'])
    const completed = orders?.transitions.find(({ to }) => to === 'COMPLETED')
    expect(completed?.events).toHaveLength(3)
    const tokens = tokensAt(view.states.patches, 'orders-db.orders', violation)
    expect(tokens.get('PENDING')).toHaveLength(2)
    expect(tokens.get('COMPLETED')).toHaveLength(1)
  })

  it('[V58] the inconsistency window of an order is open from its first row on until its last, in whatever service', () => {
    const { recording, states, counters } = view
    const [chart] = counters
    expect(chart?.name).toBe('inconsistency window')
    const isWritten = (event: number, entity: string): boolean =>
      recording.kind(event) === 'commit' &&
      recording.entity(event) === entity &&
      (recording.data(event) as { table: string }[]).some(({ table }) => !/^(?:outbox|inbox)$/.test(table))
    const windows = windowsOf(recording, states.patches)
    expect(windows.map(({ entity }) => entity).sort()).toEqual(['order-1', 'order-2', 'order-3'])
    const open = new Map<number, number>()
    for (const { entity, first, last } of windows) {
      const written = [...recording.ofEntity(entity)].filter((event) => isWritten(event, entity))
      expect(first).toBe(written[0])
      // Order 2 was charged twice, of which only one service knows: nothing makes that good.
      expect(last).toBe(entity === 'order-2' ? 0 : written.at(-1))
      for (let event = first; event < (last || recording.count); event++)
        open.set(event, (open.get(event) ?? 0) + 1)
    }
    for (const { atMicros, value } of chart?.points.slice(0, -1) ?? [])
      expect(value).toBe(open.get(recording.lastUpTo(atMicros)) ?? 0)
    expect(chart?.points.at(-1)?.value).toBe(1)
    expect(chart?.says).toBe('never closed for order-2')
  })

  it('[V58] a run in which everything agrees says how long that took at most', async () => {
    const { view: calm } = await recorded('order-choreography/happy-path.yaml')
    const [chart] = calm.counters
    expect(chart?.points.at(-1)?.value).toBe(0)
    expect(chart?.says).toMatch(/^the longest [\d.]+ (?:ms|s), order-\d+$/)
  })

  it('[V16] an outbox that holds a row is counted, and is empty in the end', () => {
    const outbox = view.counters.find(({ name }) => name === 'outbox of orders')
    expect(Math.max(...(outbox?.points.map(({ value }) => value) ?? []))).toBeGreaterThan(0)
    expect(outbox?.points.at(-1)?.value).toBe(0)
  })

  it('[V16] a group is behind by what is in its partitions and what it has not committed', () => {
    const lag = view.counters.find(({ name }) => name === 'lag of payment')
    expect(Math.max(...(lag?.points.map(({ value }) => value) ?? []))).toBeGreaterThan(0)
    for (const { atMicros, value } of lag?.points.slice(0, -1) ?? []) {
      const event = view.recording.lastUpTo(atMicros)
      const behind = view.staircases.flatMap(({ end, groups }) =>
        groups
          .filter(({ group }) => group === 'payment')
          .map(({ committed }) => Math.max(0, offsetAt(end, event) - offsetAt(committed, event))),
      )
      // Several things may happen at one moment: the last of them counts.
      const last = lag?.points.findLast((point) => point.atMicros === atMicros)
      if (last?.value === value) expect(value).toBe(behind.reduce((sum, each) => sum + each, 0))
    }
  })

  it('[V16] of a line of many points the highest and the last are kept, and no more than can be seen', () => {
    const many = fc.array(fc.nat(1_000), { minLength: 401, maxLength: 5_000 })
    fc.assert(
      fc.property(many, (values) => {
        const points = values.map((value, atMicros) => ({ atMicros, value }))
        const kept = thinned(points)
        expect(kept.length).toBeLessThanOrEqual(402)
        expect(Math.max(...kept.map(({ value }) => value))).toBe(Math.max(...values))
        expect(kept.at(-1)).toEqual(points.at(-1))
        const times = kept.map(({ atMicros }) => atMicros)
        expect(times).toEqual([...new Set(times)].sort((left, right) => left - right))
      }),
      { numRuns: 30 },
    )
  })

  it('[V17] a danger map has a place for every passage of a step, the step of the fault among them', () => {
    const places = placesOf(view, 'order-2')
    expect(places.map(({ at }) => at)).toContain('after payment.OrderCreated provider.charge')
    expect(new Set(places.map(({ at, nth }) => `${at} ${nth}`)).size).toBe(places.length)
  })
})
