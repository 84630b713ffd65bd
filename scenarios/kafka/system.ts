import { defineSystem } from 'faultline'
import { filed, letters, stamped } from './letters.ts'
import { params } from './params.ts'
import { promises } from './properties.ts'
import { archiveService, readerService } from './reader.ts'
import { stamperService } from './stamper.ts'
import { acknowledged, colleagueService, write, writerService } from './writer.ts'

/** The smallest system that shows what a cluster does to records: one writes, two read. */
export default defineSystem({
  name: 'kafka',
  says: 'A writer publishes numbered letters straight to a topic, and two readers note what they take.',
  params,
  build: (values) => {
    const reader = readerService(values)
    const archive = archiveService(values)
    const colleagues = values.colleague === 'none' ? [] : [colleagueService(values)]
    const stampers = values.stampers === 0 ? [] : [stamperService(values)]
    return {
      topics: values.stampers === 0 ? [letters] : [letters, stamped, filed],
      services: [writerService(values), ...colleagues, ...stampers, reader, archive],
      externals: [],
      workload: {
        noun: 'letter',
        act: (number, user) => write(number, user, values),
        ledgers: [acknowledged],
      },
      properties: promises({ reader, archive, patienceMillis: values.patienceMillis }),
    }
  },
})
