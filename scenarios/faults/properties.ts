import { type Property, type Read, sometimes } from 'faultline'
import { acknowledged } from './letters.ts'
import type { readerService } from './reader.ts'

type Reader = ReturnType<typeof readerService>

/** Longer than anything takes while nothing goes wrong. */
const LONG_MILLIS = 1_000

/** What faults can do to letters and their readers: each kind brings one of these about. */
export function effects({ tables: { begun, taken } }: Reader): Property[] {
  const byLetter = { per: 'letterId', reads: [begun, taken] } as const
  const lives = (read: Read, letterId: string): string[] =>
    read(begun)
      .where({ letterId })
      .map(({ life }) => life)
  return [
    sometimes('a letter is begun again in another life', {
      ...byLetter,
      says: 'A reader had begun with a letter; after it died the letter was begun again.',
      holds: (read, letterId) => new Set(lives(read, letterId)).size > 1,
    }),
    sometimes('a letter is taken twice in one life', {
      ...byLetter,
      says: 'A reader that lives on took a letter that it had taken before.',
      holds: (read, letterId) => {
        const times = read(taken).where({ letterId })
        return times.some(({ life }, index) => times.findIndex((other) => other.life === life) < index)
      },
    }),
    sometimes('an old letter comes again after ten later ones', {
      ...byLetter,
      says: 'Readers went back a long way.',
      holds: (read, letterId) => {
        const places = read(taken)
          .where({ letterId })
          .map(({ place }) => place)
        const tenth = `letter-${Number(letterId.slice('letter-'.length)) + 10}`
        const [later] = read(taken).where({ letterId: tenth })
        return later !== undefined && later.place < Math.max(...places)
      },
    }),
    sometimes('a letter is handed over', {
      ...byLetter,
      says: 'Two readers took letters to one address, and neither died on the way: each letter was begun once.',
      holds: (read, letterId) => {
        const [own] = read(taken).where({ letterId })
        if (own === undefined) return false
        const lettersOfAddress = read(taken).where({ address: own.address })
        return (
          new Set(lettersOfAddress.map(({ life }) => life)).size > 1 &&
          lettersOfAddress.every((other) => lives(read, other.letterId).length === 1)
        )
      },
    }),
    sometimes('a third instance takes a letter', {
      ...byLetter,
      says: 'More instances read than the service began with.',
      holds: (read) =>
        new Set(
          read(taken)
            .all()
            .map(({ life }) => life),
        ).size > 2,
    }),
    sometimes('another version takes a letter', {
      ...byLetter,
      says: 'The version that was deployed reads letters.',
      holds: (read, letterId) => read(taken).where({ letterId, version: 'v2' }).length > 0,
    }),
    sometimes('a reader stands still over a letter', {
      ...byLetter,
      says: 'By the clock more than a second went by between beginning and end of a letter, in one life.',
      holds: (read, letterId) =>
        read(taken)
          .where({ letterId })
          .some(({ tookMillis }) => tookMillis > LONG_MILLIS),
    }),
    sometimes('a letter is long on its way', {
      ...byLetter,
      says: 'A letter was more than a second old when it was first begun.',
      holds: (read, letterId) => (read(begun).where({ letterId })[0]?.ageMillis ?? 0) > LONG_MILLIS,
    }),
    ...disorder(taken),
  ]
}

/** What faults can do to the order of letters, and to letters as such. */
function disorder(taken: Reader['tables']['taken']): Property[] {
  /** Addresses of later letters that were taken before this one. */
  const overtaking = (read: Read, letterId: string): string[] => {
    const [own] = read(taken).where({ letterId })
    if (own === undefined) return []
    return read(taken)
      .all()
      .filter(({ number, place }) => number > own.number && place < own.place)
      .map(({ address }) => address)
  }
  const byLetter = { per: 'letterId', reads: [taken] } as const
  return [
    sometimes('a letter is overtaken by four others', {
      ...byLetter,
      says: 'Four later letters were taken first: the broker that has this one is slow.',
      holds: (read, letterId) => overtaking(read, letterId).length >= 4,
    }),
    sometimes('a letter is overtaken by one to the same address', {
      ...byLetter,
      says: 'A letter was taken before an earlier one to the same address.',
      holds: (read, letterId) => {
        const [own] = read(taken).where({ letterId })
        return own !== undefined && overtaking(read, letterId).includes(own.address)
      },
    }),
    sometimes('an acknowledged letter is passed over', {
      says: 'A later letter to the address was taken, but not this one, though it was acknowledged.',
      per: 'address',
      reads: [acknowledged, taken],
      holds: (read, address) => {
        const numbers = read(taken)
          .where({ address })
          .map(({ number }) => number)
        const latest = Math.max(...numbers)
        return read(acknowledged)
          .where({ address })
          .some(({ number }) => number < latest && !numbers.includes(number))
      },
    }),
  ]
}
