import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CONSUMER_SWITCHES } from '../../sim/kafka/consumer/config.ts'
import { LOG_BROKER_DEFAULTS, LOG_DEFAULTS, LOG_SWITCHES } from '../../sim/kafka/log/config.ts'
import { REPLICATION_SWITCHES } from '../../sim/kafka/replication/config.ts'
import { TRANSACTION_DEFAULTS, TRANSACTION_SWITCHES } from '../../sim/kafka/transaction/config.ts'
import { KNOWN_BUGS } from '../fixtures/known-bugs.ts'

const DEFAULTS: Readonly<Record<string, object>> = {
  log: LOG_SWITCHES,
  replication: REPLICATION_SWITCHES,
  transaction: TRANSACTION_SWITCHES,
  client: CONSUMER_SWITCHES,
  coordinator: TRANSACTION_DEFAULTS,
  broker: LOG_BROKER_DEFAULTS,
  // 1 is the default of a topic, and the mistake of who leaves it so.
  topic: { ...LOG_DEFAULTS, 'min.insync.replicas': 2 },
}

const settings = KNOWN_BUGS.flatMap(({ row, recipe }) =>
  Object.entries(recipe).flatMap(([machine, values]) =>
    Object.entries(values).map(([name, value]) => ({ row, machine, name, value })),
  ),
)

describe('the table of known bugs', () => {
  it('[KJ14] has each row once, in order', () => {
    const rows = KNOWN_BUGS.map(({ row }) => row)
    expect(new Set(rows).size).toBe(rows.length)
    const keys = rows.map((row) => [Number.parseInt(row.slice(1), 10), row.replace(/^B\d+/, '')] as const)
    expect(keys).toEqual([...keys].sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)))
  })

  it.each(settings.filter(({ machine }) => machine in DEFAULTS))(
    '[KJ14] $row: $machine has $name, and is right without it',
    ({ machine, name, value }) => {
      expect(DEFAULTS[machine]).toHaveProperty([name])
      expect(DEFAULTS[machine]).not.toHaveProperty([name], value)
    },
  )

  it('[KJ14] has every switch of the machines that is there to bring a bug back', () => {
    const used = new Set(settings.map(({ name }) => name))
    const switches = [LOG_SWITCHES, REPLICATION_SWITCHES, TRANSACTION_SWITCHES, CONSUMER_SWITCHES].flatMap(
      (each) => Object.keys(each),
    )
    // Without a loss of the page cache a machine is better than the real thing.
    expect(switches.filter((name) => !used.has(name))).toEqual(['pageCacheLossOnMachineCrash'])
  })

  it.each(KNOWN_BUGS)(
    '[KJ14] $row is shown by a test, or says what is missing',
    ({ ticket, row, shownBy, missing }) => {
      expect([shownBy, missing].filter((text) => text !== undefined)).toHaveLength(1)
      if (shownBy === undefined) return
      const text = readFileSync(new URL(`../../${shownBy}`, import.meta.url), 'utf8')
      expect(text.includes(ticket) || text.includes(`${row}:`)).toBe(true)
    },
  )

  it.each(KNOWN_BUGS)('[KJ14] $row is noticed by an oracle', ({ oracles }) => {
    expect(oracles.length).toBeGreaterThan(0)
  })
})
