import { useMemo } from 'react'
import { seconds } from '../model/format.ts'
import type { RunView } from '../model/run-view.ts'
import { offsetAt, type Staircase } from '../model/staircase.ts'
import { useMoment, useSubject } from './moment.ts'
import type { PaneProps } from './registry.tsx'

/** Records of a partition above which only the last ones are shown. */
const MOST_CELLS = 60

interface LogRecord {
  readonly offset: number
  readonly event: number
  readonly type: string
  readonly entity: string
}

/** The logs as they were at the moment of the focus, with the places of every group. */
export function LogPane({ controller, run }: PaneProps) {
  const moment = useMoment(controller, run)
  const subject = useSubject(controller, run)
  const partitions = useMemo(() => {
    const own = (staircase: Staircase): boolean =>
      staircase.end.some(({ event }) => run.recording.entity(event) === subject)
    const rank = (staircase: Staircase): number =>
      (own(staircase) ? 2 : 0) + (offsetAt(staircase.end, moment) > 0 ? 1 : 0)
    return [...run.staircases].sort((left, right) => rank(right) - rank(left))
  }, [run, subject, moment])
  if (partitions.length === 0) return <p className="empty">Nothing was written to a partition in this run.</p>
  return (
    <div className="logs">
      <p className="pane-head">
        after #{moment} at {seconds(run.recording.at(moment))}: each cell is a record, <b>×2</b> one that was
        delivered twice
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
  const records = staircase.end
    .filter(({ event }) => event <= moment)
    .map(({ event }) => recordOf(run, event))
  const shown = records.slice(-MOST_CELLS)
  const logEnd = offsetAt(staircase.end, moment)
  const deliveries = useMemo(() => deliveriesOf(run, staircase.partition), [run, staircase])
  return (
    <section className="log" aria-label={`Log of ${staircase.partition}`}>
      <h3>{staircase.partition}</h3>
      <div className="log-cells">
        {records.length > shown.length && (
          <span className="quiet">… {records.length - shown.length} earlier</span>
        )}
        {shown.length === 0 && <span className="quiet">empty until later</span>}
        {shown.map(({ offset, event, type, entity }) => {
          const counts = timesDelivered(deliveries, offset, moment)
          const most = Math.max(0, ...counts.map(([, times]) => times))
          return (
            <button
              key={event}
              type="button"
              className={`log-cell${entity === subject ? ' log-own' : ''}${most > 1 ? ' log-again' : ''}`}
              title={counts.map(([group, times]) => `${group}: delivered ${times} times`).join('\n')}
              onClick={() => go(event)}
            >
              <span className="mono log-offset">{offset}</span>
              <span className="log-type">{type}</span>
              <span className="quiet">
                {entity}
                {most > 1 && <b className="mark-bad"> ×{most}</b>}
              </span>
            </button>
          )
        })}
        <span className="log-end mono" title="log end offset">
          end {logEnd}
        </span>
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

function recordOf({ recording }: RunView, event: number): LogRecord {
  const { offset, value } = recording.fields(event) as { readonly offset: number; readonly value?: unknown }
  const { eventType } = (value ?? {}) as { readonly eventType?: unknown }
  const type = typeof eventType === 'string' ? eventType : 'record'
  return { offset, event, type, entity: recording.entity(event) }
}

interface Delivery {
  readonly event: number
  readonly offset: number
  readonly group: string
}

function deliveriesOf({ recording }: RunView, partition: string): Delivery[] {
  const found: Delivery[] = []
  for (let event = 1; event <= recording.count; event++) {
    if (recording.kind(event) !== 'deliver') continue
    const data = recording.fields(event) as { readonly partition?: string; readonly offset?: number }
    if (data.partition !== partition || data.offset === undefined) continue
    found.push({ event, offset: data.offset, group: recording.lane(event).replace(/-\d+$/, '') })
  }
  return found
}

function timesDelivered(deliveries: readonly Delivery[], offset: number, moment: number): [string, number][] {
  const times = new Map<string, number>()
  for (const each of deliveries)
    if (each.offset === offset && each.event <= moment)
      times.set(each.group, (times.get(each.group) ?? 0) + 1)
  return [...times]
}
