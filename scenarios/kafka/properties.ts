import { always, eventually, type Property, type Read } from 'faultline'
import type { archiveService, readerService } from './reader.ts'
import { acknowledged } from './writer.ts'

/** The readers whose tables the properties read. */
export interface Parts {
  readonly reader: ReturnType<typeof readerService>
  readonly archive: ReturnType<typeof archiveService>
  readonly patienceMillis: number
}

/** What Kafka promises to who writes and reads so. */
export function promises(parts: Parts): Property[] {
  return [
    nothingIsLost(parts),
    nothingIsTakenTwice(parts),
    orderIsKept(parts),
    readersAgree(parts),
    nobodyWaitsForLong(parts),
  ]
}

function nothingIsLost({ reader, archive }: Parts): Property {
  const missing = (read: Read, letterId: string): string[] =>
    [reader, archive]
      .filter(({ tables }) => read(tables.taken).where({ letterId }).length === 0)
      .map(({ name }) => name)
  return eventually('no acknowledged letter is lost', {
    says: 'Every reader takes every letter that was acknowledged.',
    within: '2m',
    reads: [acknowledged, reader.tables.taken, archive.tables.taken],
    per: 'letterId',
    keys: (read) =>
      read(acknowledged)
        .all()
        .map(({ letterId }) => letterId),
    holds: (read, letterId) => missing(read, letterId).length === 0,
    explain: (read, letterId) =>
      `${letterId} was acknowledged and never taken by ${missing(read, letterId).join(' and ')}`,
  })
}

function nothingIsTakenTwice({ reader, archive }: Parts): Property {
  const times = (read: Read, letterId: string): number[] =>
    [reader, archive].map(({ tables }) => read(tables.taken).where({ letterId }).length)
  return always('nothing is taken twice', {
    says: 'No reader takes a letter twice. A stamper that is made to read a letter again stamps it again: an inbox of the reader takes that for another one.',
    reads: [reader.tables.taken, archive.tables.taken],
    per: 'letterId',
    holds: (read, letterId) => times(read, letterId).every((count) => count <= 1),
    explain: (read, letterId) => `${letterId} was taken ${Math.max(...times(read, letterId))} times`,
  })
}

function orderIsKept(parts: Parts): Property {
  const { reader, archive } = parts
  const disorder = (read: Read, address: string): string | undefined => {
    for (const one of [reader, archive]) {
      const numbers = firstTaken(read, one, address)
      const late = numbers.findIndex((number, index) => number < (numbers[index - 1] ?? 0))
      if (late >= 0)
        return `${one.name} took letter ${numbers[late]} to ${address} after letter ${numbers[late - 1]}`
    }
    return undefined
  }
  return always('letters to one address keep their order', {
    says: 'Letters to one address are taken in the order in which they were written. Kafka promises that of one writer: several keep no order among them.',
    reads: [reader.tables.taken, archive.tables.taken],
    per: 'address',
    holds: (read, address) => disorder(read, address) === undefined,
    explain: (read, address) => disorder(read, address) ?? '',
  })
}

function readersAgree({ reader, archive }: Parts): Property {
  const told = (read: Read, address: string): string[] =>
    [reader, archive].map((one) => firstTaken(read, one, address).join(', '))
  return eventually('the readers agree', {
    says: 'Both readers took the same letters to an address, in the same order.',
    within: '2m',
    reads: [reader.tables.taken, archive.tables.taken],
    per: 'address',
    keys: (read) => [
      ...new Set(
        [reader, archive].flatMap(({ tables }) =>
          read(tables.taken)
            .all()
            .map(({ address }) => address),
        ),
      ),
    ],
    holds: (read, address) => new Set(told(read, address)).size === 1,
    explain: (read, address) => {
      const [first, second] = told(read, address)
      return `to ${address}, reader took letters ${first} and archive ${second}`
    },
  })
}

function nobodyWaitsForLong({ reader, patienceMillis }: Parts): Property {
  const oldest = (read: Read, letterId: string): number =>
    Math.max(
      ...read(reader.tables.taken)
        .where({ letterId })
        .map(({ ageMillis }) => ageMillis),
    )
  return always('nobody waits for long', {
    says: 'The reader takes every letter in time, if it is said how long that is.',
    reads: [reader.tables.taken],
    per: 'letterId',
    holds: (read, letterId) => patienceMillis === 0 || oldest(read, letterId) <= patienceMillis,
    explain: (read, letterId) => `${letterId} was ${oldest(read, letterId)} ms old when the reader took it`,
  })
}

/** The numbers of the letters to an address in the order in which a reader took them, each where it came first. */
function firstTaken(read: Read, { tables }: Parts['reader'] | Parts['archive'], address: string): number[] {
  const rows = [...read(tables.taken).where({ address })].sort((left, right) => left.place - right.place)
  return [...new Set(rows.map(({ number }) => number))]
}
