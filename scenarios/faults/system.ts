import { count, defineSystem } from 'faultline'
import { acknowledged, letters } from './letters.ts'
import { effects } from './properties.ts'
import { readerService } from './reader.ts'
import { senderService, write } from './sender.ts'

/** The smallest system that shows what each kind of fault does: one sends letters, two instances read them. */
export default defineSystem({
  name: 'faults',
  says: 'Letters are sent and read, and every kind of fault leaves its mark on them.',
  params: {
    readingMillis: count(10, { min: 0, max: 60_000 }, 'how long a reader takes over a letter'),
  },
  build: ({ readingMillis }) => {
    const reader = readerService(readingMillis)
    return {
      topics: [letters],
      services: [senderService(), reader],
      externals: [],
      workload: { noun: 'letter', act: write, ledgers: [acknowledged] },
      properties: effects(reader),
    }
  },
})
