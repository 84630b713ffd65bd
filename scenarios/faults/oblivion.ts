import { type Property, sometimes } from 'faultline'
import type { archiveService } from './archive.ts'
import type { readerService } from './reader.ts'

/** So many letters are never told of at once. */
const LONG = 12

/** What faults can do to what is kept of letters: in stores, logs and tables. */
export function oblivion(
  { tables: { begun, taken } }: ReturnType<typeof readerService>,
  { tables: { told } }: ReturnType<typeof archiveService>,
): Property[] {
  return [
    sometimes('an address is new for a second time', {
      says: 'The store had forgotten that readers know an address.',
      per: 'address',
      reads: [begun],
      holds: (read, address) => read(begun).where({ address, isNew: true }).length > 1,
    }),
    sometimes('the archive is not told of a letter', {
      says: 'The archive is told of a letter, and was never told of one that was taken long before.',
      per: 'letterId',
      reads: [taken, told],
      holds: (read, letterId) => {
        const [own] = read(taken).where({ letterId })
        if (own === undefined || read(told).where({ letterId }).length === 0) return false
        return read(taken)
          .all()
          .some(
            (one) =>
              one.place + LONG < own.place && read(told).where({ letterId: one.letterId }).length === 0,
          )
      },
    }),
    sometimes('a letter that was put away is taken', {
      says: 'A letter that could not be read was delivered again, and read.',
      per: 'letterId',
      reads: [taken],
      holds: (read, letterId) => read(taken).where({ letterId, wasPutAway: true }).length > 0,
    }),
    sometimes('a letter was changed by hand', {
      says: 'What is written of a letter no reader has written.',
      per: 'letterId',
      reads: [taken],
      holds: (read, letterId) => read(taken).where({ letterId, version: 'by hand' }).length > 0,
    }),
  ]
}
