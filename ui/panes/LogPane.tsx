import { useMemo } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { grouped } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { offsetAt, type Staircase, stepsUpTo } from '../model/staircase.ts'
import type { TransactionState } from '../model/transactions.ts'
import { useMoment, useSubject } from './moment.ts'
import type { PaneProps } from './registry.tsx'

/** Records of a partition above which only the last ones are shown. */
const MOST_CELLS = 60

interface LogRecord {
  readonly offset: number
  readonly event: number
  readonly type: string
  readonly entity: string
  /** Of records that are part of a transaction. */
  readonly producerId: number | undefined
}

/** The logs as they were at the moment of the focus, with the places of every group. */
export function LogPane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  const subject = useSubject(controller, run)
  const own = useMemo(() => {
    const { entity, entities } = run.recording.columns
    const number = entities.indexOf(subject)
    return new Set(run.staircases.filter(({ end }) => end.some(({ event }) => entity[event] === number)))
  }, [run, subject])
  const partitions = useMemo(() => {
    const rank = (staircase: Staircase): number =>
      (own.has(staircase) ? 2 : 0) + (offsetAt(staircase.end, moment) > 0 ? 1 : 0)
    return [...run.staircases].sort((left, right) => rank(right) - rank(left))
  }, [run, own, moment])
  if (partitions.length === 0) return <p className="empty">Nothing was written to a partition in this run.</p>
  return (
    <div className="logs">
      <p className="pane-head">
        <span>
          after #{moment} at {formatSeconds(run.recording.at(moment))}: each cell is a record of the log,{' '}
          <b className="mark-bad">×2</b> one that was delivered twice
        </span>
      </p>
      {partitions.map((staircase) => (
        <PartitionLog
          key={staircase.partition}
          run={run}
          staircase={staircase}
          moment={moment}
          subject={subject}
          go={(id) => controller.focus(id)}
        />
      ))}
    </div>
  )
}

function PartitionLog({
  run,
  staircase,
  moment,
  subject,
  go,
}: {
  run: RunView
  staircase: Staircase
  moment: number
  subject: string
  go: (id: number) => void
}) {
  const written = stepsUpTo(staircase.end, moment)
  const earlier = Math.max(0, written - MOST_CELLS)
  const shown = staircase.end.slice(earlier, written).map(({ event }) => recordOf(run, event))
  const logEnd = offsetAt(staircase.end, moment)
  const isKnown = staircase.highWatermark.length > 0
  const highWatermark = isKnown ? offsetAt(staircase.highWatermark, moment) : logEnd
  const transactions = run.transactions.get(staircase.partition)
  const stable = transactions?.lastStableOffset(moment, highWatermark) ?? highWatermark
  const delivered = timesDelivered(staircase, shown[0]?.offset ?? 0, moment)
  return (
    <section className="log" aria-label={`Log of ${staircase.partition}`}>
      <div className="log-head">
        <h3>{staircase.partition}</h3>
        <span className="log-end mono" title="log end offset">
          end {logEnd}
        </span>
        {written > 0 && isKnown && (
          <span
            className="log-end mono"
            title="up to where it is in every in-sync replica, so that it may be read"
          >
            high watermark {highWatermark}
          </span>
        )}
        {written > 0 && transactions !== undefined && (
          <span
            className="log-end mono"
            title="up to where no transaction is open, so that readers of committed records may read it"
          >
            last stable {stable}
          </span>
        )}
      </div>
      <div className="log-cells">
        {earlier > 0 && <span className="quiet">… {grouped(earlier)} earlier</span>}
        {shown.length === 0 && <span className="quiet">empty until later</span>}
        {shown.map((record) => {
          const { event, offset, producerId } = record
          return (
            <Cell
              key={event}
              record={record}
              counts={delivered.get(offset) ?? []}
              isOwn={record.entity === subject}
              isUnread={offset >= highWatermark}
              transaction={
                producerId === undefined ? undefined : transactions?.stateAt(moment, producerId, offset)
              }
              go={go}
            />
          )
        })}
      </div>
      <ul className="log-groups">
        {staircase.groups.map(({ group, position, committed }) => {
          const [at, done] = [offsetAt(position, moment), offsetAt(committed, moment)]
          return (
            <li key={group}>
              <b>{group}</b> <span className="quiet">position</span> {at}{' '}
              <span className="quiet">committed</span>{' '}
              <span className={done < at ? 'log-behind' : ''}>{done}</span> <span className="quiet">lag</span>{' '}
              {Math.max(0, logEnd - done)}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** What is said of a record whose transaction stands so. */
const TRANSACTIONS: Readonly<Record<TransactionState, string>> = {
  open: 'its transaction is open: readers of committed records wait here',
  committed: 'its transaction is committed',
  aborted: 'its transaction is aborted: readers of committed records leave it out',
}

function Cell({
  record: { offset, event, type, entity },
  counts,
  isOwn,
  isUnread,
  transaction,
  go,
}: {
  record: LogRecord
  counts: readonly (readonly [group: string, times: number])[]
  isOwn: boolean
  isUnread: boolean
  transaction: TransactionState | undefined
  go: (id: number) => void
}) {
  const most = Math.max(0, ...counts.map(([, times]) => times))
  const marks = [
    isOwn && 'log-own',
    most > 1 && 'log-again',
    isUnread && 'log-unread',
    transaction !== undefined && `log-${transaction}`,
  ]
  const says = [
    ...(isUnread
      ? ['not in every in-sync replica yet: nobody can read it']
      : counts.map(([group, times]) => `${group}: delivered ${times} times`)),
    ...(transaction === undefined ? [] : [TRANSACTIONS[transaction]]),
  ]
  return (
    <button
      type="button"
      className={['log-cell', ...marks.filter(Boolean)].join(' ')}
      title={says.join('\n')}
      onClick={() => go(event)}
    >
      <span className="mono log-offset">
        {offset}
        {(transaction === 'open' || transaction === 'aborted') && ` ${transaction}`}
      </span>
      <span className="log-type">{type}</span>
      <span className="quiet">
        {entity}
        {most > 1 && <b className="mark-bad"> ×{most}</b>}
      </span>
    </button>
  )
}

function recordOf({ recording }: RunView, event: number): LogRecord {
  const { offset, value, producerId } = recording.fields(event) as {
    readonly offset: number
    readonly value?: unknown
    readonly producerId?: unknown
  }
  const { eventType } = (value ?? {}) as { readonly eventType?: unknown }
  const type = typeof eventType === 'string' ? eventType : 'record'
  return {
    offset,
    event,
    type,
    entity: recording.entity(event),
    producerId: typeof producerId === 'number' ? producerId : undefined,
  }
}

/** By offset, from one on, how often each group was given the record up to a moment. */
function timesDelivered(
  { groups }: Staircase,
  fromOffset: number,
  moment: number,
): ReadonlyMap<number, readonly (readonly [group: string, times: number])[]> {
  const found = new Map<number, (readonly [string, number])[]>()
  for (const { group, deliveries } of groups) {
    const times = new Map<number, number>()
    for (const { event, offset } of deliveries) {
      if (event > moment) break
      if (offset >= fromOffset) times.set(offset, (times.get(offset) ?? 0) + 1)
    }
    for (const [offset, count] of times) {
      const all = found.get(offset) ?? []
      found.set(offset, all)
      all.push([group, count])
    }
  }
  return found
}
