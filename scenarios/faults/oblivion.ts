import { type Property, sometimes } from 'faultline'
import type { archiveService } from './archive.ts'
import type { readerService } from './reader.ts'

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
      says: 'The archive was told of a letter that was taken later, and not of this one.',
      per: 'letterId',
      reads: [taken, told],
      holds: (read, letterId) => {
        const [own] = read(taken).where({ letterId })
        const latest = Math.max(
          ...read(told)
            .all()
            .map(({ number }) => number),
        )
        return own !== undefined && own.number + 3 < latest && read(told).where({ letterId }).length === 0
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
