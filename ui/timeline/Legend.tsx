import { EVENT_CLASSES, type EventClass } from '../model/event-class.ts'

const CLASS_NAMES: Readonly<Record<EventClass, string>> = {
  broker: 'broker',
  process: 'service',
  database: 'database',
  messaging: 'inbox, outbox',
  timer: 'timer',
  effect: 'effect outside',
  fault: 'fault',
}

const SHAPE_NAMES: readonly (readonly [string, string])[] = [
  ['▶', 'delivery'],
  ['■', 'append'],
  ['▮', 'commit'],
  ['◆', 'effect'],
  ['✕', 'crash'],
  ['⬡', 'rebalance'],
]

/** What colours and shapes mean. */
export function Legend({ compared, again }: { compared: boolean; again: boolean }) {
  return (
    <ul className="legend legend-foot" aria-label="Colours and shapes">
      {EVENT_CLASSES.map((name) => (
        <li key={name}>
          <span className="swatch" style={{ background: `var(--class-${name})` }} />
          {CLASS_NAMES[name]}
        </li>
      ))}
      {SHAPE_NAMES.map(([sign, name]) => (
        <li key={name}>
          <span aria-hidden="true">{sign} </span>
          {name}
        </li>
      ))}
      {again && (
        <li>
          <span className="badge-inline badge-again" aria-hidden="true">
            1 of 2
          </span>{' '}
          came more than once
        </li>
      )}
      {compared && (
        <li className="legend-compared">
          <span aria-hidden="true">◇ </span>only in the other run <span aria-hidden="true">◎ ▁ </span>only in
          this one
        </li>
      )}
    </ul>
  )
}
