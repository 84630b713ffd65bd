import { named, oneOf, table, text } from '../service/schema.ts'
import { type TxWith, tablesBehind } from './door.ts'

/** What a participant answers. */
export interface Outcome {
  readonly succeeded: boolean
  /** Why not; empty when it has. */
  readonly reason: string
}

/** A request that was done, or must never be. */
export const DONE: Outcome = { succeeded: true, reason: '' }

const REQUESTS = named(
  'requests',
  table({ requestId: text, outcome: oneOf('SUCCEEDED', 'FAILED'), reason: text }, { key: 'requestId' }),
)

/** A transaction of a service with a table `requests`. */
type RequestTx = TxWith<{ readonly requests: typeof REQUESTS }>

/** The table `requests` of a participant: what it has answered, so that the same request gets the same answer. */
export const requestTable = () => REQUESTS

/** What a participant may be told. */
export interface ParticipantOptions {
  /**
   * Whether an undone request that never came is remembered, so that it is refused when it comes after all (Z60).
   * Default: true.
   */
  readonly tombstones?: boolean
}

/** The context of a handler of a service with a table `requests`. */
interface Transactions<Tx> {
  transaction(work: (tx: Tx) => Promise<unknown>): Promise<unknown>
}

type Reply<Tx> = (tx: Tx, outcome: Outcome) => Promise<void>

/**
 * Does what a request asks for once, and answers it as often as it comes: work, memory and answer are one transaction.
 * @param work says how it went; nothing of it stays when it throws
 */
export async function answerOnce<Tx extends RequestTx>(
  ctx: Transactions<Tx>,
  requestId: string,
  work: (tx: Tx) => Promise<Outcome>,
  reply: Reply<Tx>,
): Promise<void> {
  await ctx.transaction(async (tx) => {
    const known = await answered(tx, requestId)
    const outcome = known ?? (await work(tx))
    if (known === undefined) await remember(tx, requestId, outcome)
    await reply(tx, outcome)
  })
}

/**
 * Undoes a request once: does nothing where it was refused or has not come, and then sees to it that it never will.
 * @param work undoes what was done; it must be possible
 */
export async function undoOnce<Tx extends RequestTx>(
  ctx: Transactions<Tx>,
  { requestId, actionId }: { readonly requestId: string; readonly actionId: string },
  work: (tx: Tx) => Promise<void>,
  reply: Reply<Tx>,
  { tombstones = true }: ParticipantOptions = {},
): Promise<void> {
  const undo = async (tx: Tx): Promise<Outcome> => {
    const action = await answered(tx, actionId)
    if (action?.succeeded === true) await work(tx)
    else if (action === undefined && tombstones)
      await remember(tx, actionId, { succeeded: false, reason: 'it was undone before it came' })
    return DONE
  }
  await answerOnce(ctx, requestId, undo, reply)
}

/** What a request was answered; undefined when it has not come. */
async function answered(tx: RequestTx, requestId: string): Promise<Outcome | undefined> {
  const row = await tablesBehind(tx).table(REQUESTS).get(requestId)
  return row === undefined ? undefined : { succeeded: row.outcome === 'SUCCEEDED', reason: row.reason }
}

async function remember(tx: RequestTx, requestId: string, { succeeded, reason }: Outcome): Promise<void> {
  const outcome = succeeded ? 'SUCCEEDED' : 'FAILED'
  await tablesBehind(tx).table(REQUESTS).insert({ requestId, outcome, reason })
}
