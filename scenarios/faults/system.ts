import { count, defineSystem, keyValueStore, toggle } from 'faultline'
import { archiveService } from './archive.ts'
import { acknowledged, letters, receipts } from './letters.ts'
import { oblivion } from './oblivion.ts'
import { effects } from './properties.ts'
import { readerService } from './reader.ts'
import { senderService, write } from './sender.ts'

/** The smallest system that shows what each kind of fault does: one sends letters, two instances read them. */
export default defineSystem({
  name: 'faults',
  says: 'Letters are sent and read, and every kind of fault leaves its mark on them.',
  params: {
    readingMillis: count(10, { min: 0, max: 60_000 }, 'how long a reader takes over a letter'),
    tells: toggle(false, 'readers tell an archive what they have taken, by the log of their database'),
    poison: count(
      0,
      { min: 0, max: 1_000 },
      'the number of a letter that cannot be read for two seconds; 0: none',
    ),
  },
  build: (params) => {
    const store = keyValueStore('store')
    const reader = readerService(params, store)
    const archive = archiveService()
    return {
      topics: [letters, receipts],
      services: [senderService(), reader, archive],
      externals: [store],
      workload: { noun: 'letter', act: write, ledgers: [acknowledged] },
      properties: [...effects(reader), ...oblivion(reader, archive)],
    }
  },
})
