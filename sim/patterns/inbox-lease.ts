import { lte } from '../database/predicate.ts'
import { type DurationText, positiveMicros } from '../kernel/time.ts'
import type { Inbox } from '../service/component.ts'
import type { Context } from '../service/context.ts'
import { checkOptionNames } from '../service/option.ts'
import { byName, integer, named, oneOf, type RowOf, table, text } from '../service/schema.ts'
import { ClaimError } from './claim-error.ts'
import { addConclusion, ensureWritten, INBOX_COLUMNS, inboxRow } from './inbox-row.ts'

/** Options of an inbox that claims with a lease. */
export interface LeaseInboxOptions {
  /** How long a claim lasts. Default: 30s. */
  readonly lease?: DurationText
  /**
   * Whether the row is completed in the transaction of the effect, and only by who still has the claim, which is right;
   * otherwise it is completed afterwards by whoever gets there, so that a slow handler that has lost its claim has its
   * effect all the same (Z37).
   */
  readonly fenced?: boolean
}

const COLUMNS = {
  ...INBOX_COLUMNS,
  state: oneOf('PROCESSING', 'COMPLETED'),
  owner: text,
  until: integer,
} as const
const INBOX = named('inbox', table(COLUMNS, { key: 'eventId' }))
type InboxRow = RowOf<typeof COLUMNS>

/** I4: claims an event with a lease (`PROCESSING` until then), and completes the row (`COMPLETED`). */
export function leaseInbox(options: LeaseInboxOptions = {}): Inbox {
  checkOptionNames('inbox with a lease', options, { lease: 'any', fenced: [true, false] })
  const { lease = '30s', fenced = true } = options
  const leaseMillis = positiveMicros(lease, 'the lease of an inbox') / 1_000
  return {
    tables: byName(INBOX),
    lookUp: false,
    receive: async (context, event, handle) => {
      const { eventId } = event
      const owner = context.id(`claim of ${eventId} by ${context.process.name}`)
      const row: InboxRow = {
        ...inboxRow(context, event),
        state: 'PROCESSING',
        owner,
        until: context.now() + leaseMillis,
      }
      if (!(await claim(context, row))) return
      if (fenced) {
        addConclusion(context, async (tx) => {
          const completed = await tx
            .table(INBOX)
            .update({ eventId, owner, state: 'PROCESSING' }, { state: 'COMPLETED' })
          if (completed === 0)
            throw new ClaimError(`the claim of ${eventId} was lost: it was somebody else's turn`)
        })
        await handle()
        await ensureWritten(context)
        return
      }
      await handle()
      await context.table(INBOX).update({ eventId }, { state: 'COMPLETED' })
    },
  }
}

/** Claims an event. @returns false when it is done with @throws ClaimError while somebody else has it */
async function claim(context: Context, row: InboxRow): Promise<boolean> {
  const { eventId, owner, until } = row
  const inbox = context.table(INBOX)
  if ((await inbox.insertIfAbsent(row)) !== undefined) return true
  const present = await inbox.get(eventId)
  if (present?.state === 'COMPLETED') return false
  const free = { eventId, state: 'PROCESSING', until: lte(context.now()) } as const
  if ((await inbox.update(free, { owner, until })) === 1) return true
  throw new ClaimError(`${eventId} is being handled by ${present?.owner}`)
}
