import type { Inbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import type { Envelope } from '../service/envelope.ts'
import { checkOptionNames, expectFunction } from '../service/option.ts'
import { byName, integer, named, table, text } from '../service/schema.ts'
import { addConclusion, ensureWritten } from './inbox-row.ts'

/** Options of an inbox that goes by sequence numbers. */
export interface SequenceInboxOptions {
  /** The number of an event among those of its key, from 1 without gaps: a version of the aggregate. */
  readonly sequenceOf: (event: Envelope) => number
  /**
   * What becomes of an event whose predecessors have not come: it waits for them is right; taking it as it is loses
   * them, because they are older than the last one then.
   */
  readonly gaps?: 'wait' | 'skip'
}

/** An event came before its predecessor: it is tried again later. */
export class GapError extends Error {
  override readonly name = 'GapError'
}

const SEQUENCES = named('inboxSequences', table({ key: text, last: integer }, { key: 'key' }))

/** I6: knows the last number of every key; what is not newer was handled before. */
export function sequenceInbox(options: SequenceInboxOptions): Inbox {
  checkOptionNames('inbox with sequences', options, { sequenceOf: 'any', gaps: ['wait', 'skip'] })
  const { sequenceOf, gaps = 'wait' } = options
  expectFunction('inbox with sequences: sequenceOf', sequenceOf)
  return {
    tables: byName(SEQUENCES),
    lookUp: false,
    receive: async (context, event, handle) => {
      const key = `${event.aggregateType}/${event.aggregateId}`
      const last = (await context.table(SEQUENCES).get(key))?.last ?? 0
      const number = sequenceOf(event)
      if (number <= last) return
      if (number > last + 1 && gaps === 'wait')
        throw new GapError(
          `${event.eventId} is number ${number} of ${key}: number ${last + 1} has not come yet`,
        )
      addConclusion(context, (tx) => advance(tx, key, last, number))
      await handle()
      await ensureWritten(context)
    },
  }
}

async function advance(
  scope: Pick<Context, 'table'>,
  key: string,
  last: number,
  number: number,
): Promise<void> {
  const sequences = scope.table(SEQUENCES)
  if (last === 0) await sequences.insert({ key, last: number })
  else if ((await sequences.update({ key, last }, { last: number })) === 0)
    throw new GapError(`number ${number} of ${key} was handled meanwhile`)
}
