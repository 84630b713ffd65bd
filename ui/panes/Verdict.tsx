import { useMemo } from 'react'
import { formatSeconds, type RunSummary } from '../../sim/index.ts'
import { weightOf } from '../model/fault-weight.ts'
import { counted } from '../model/format.ts'
import { gistOf } from '../model/gist.ts'
import type { RunView } from '../model/run-view.ts'
import type { Controller } from '../view/controller.ts'
import { useSelected } from '../view/store.ts'
import { stepViolation } from '../view/walking.ts'
import { Hanging } from './Hanging.tsx'

/** A message above so many letters, as of a property that only shows its rows, is no headline. */
const LONGEST_TITLE = 140

/** Whether the promises were kept: the broken ones first. */
export function Verdict({ controller, run }: { controller: Controller; run: RunView }) {
  const { summary, mainViolation } = run
  if (summary === undefined) return <h2 className="verdict-title">A trace without its verdict</h2>
  const { properties, verdict, noun, orders, events, endMicros, reason, waiting } = summary
  const passed = properties.filter(({ verdict: fared }) => fared === 'pass')
  const kept = passed.filter(({ checkedKeys }) => checkedKeys !== 0)
  const idle = passed.filter(({ checkedKeys }) => checkedKeys === 0)
  const isTitle = mainViolation !== undefined && mainViolation.message.length <= LONGEST_TITLE
  return (
    <section aria-labelledby="verdict-title" className={`verdict verdict-${verdict}`}>
      <h2 id="verdict-title" className="verdict-title">
        {verdict === 'violated' && mainViolation !== undefined ? (
          <>
            <span aria-hidden="true">✗ </span>
            {sentence(isTitle ? mainViolation.message : `${mainViolation.property}: broken`)}
          </>
        ) : (
          HEADLINES[verdict]
        )}
      </h2>
      {reason !== undefined && <p>{reason}</p>}
      <Hanging waiting={waiting} />
      <Gist controller={controller} run={run} />
      <Properties
        list={properties.filter(({ verdict: fared }) => fared !== 'pass')}
        told={isTitle ? mainViolation.message : undefined}
      />
      {kept.length > 0 && (
        <details className="kept" open={verdict !== 'violated'}>
          <summary>{counted(kept.length, 'promise')} kept</summary>
          <Properties list={kept} />
        </details>
      )}
      {idle.length > 0 && (
        <details className="kept">
          <summary>{idle.length} not exercised by this run</summary>
          <Properties list={idle} />
        </details>
      )}
      <p
        className="verdict-counts"
        title={`Events are what the simulator did; what services and brokers did is in ${counted(run.recording.count, 'record')} of the trace`}
      >
        {counted(orders, noun)}, {counted(events, 'event')}, {formatSeconds(endMicros)} of virtual time
      </p>
      {run.violations.length > 0 && (
        <button type="button" className="link" onClick={() => stepViolation(controller, 1)}>
          Show where it broke <kbd>N</kbd>
        </button>
      )}
    </section>
  )
}

const HEADLINES = {
  pass: 'Every promise was kept',
  violated: 'A promise was broken',
  inconclusive: 'No verdict: the run was cut off',
  error: 'The run ended with an error',
} as const

/** Why, in the fewest sentences of the story that say it. */
function Gist({ controller, run }: { controller: Controller; run: RunView }) {
  const places = useMemo(() => gistOf(run), [run])
  const weights = useSelected(controller.store, (state) => state.weights[state.active])
  const lines = run.story?.lines ?? []
  if (places.length === 0) return null
  return (
    <ol className="gist" aria-label="In short">
      {places.map((place) => {
        const line = lines[place] as (typeof lines)[number]
        const { text, mark, records } = line
        const weight = weightOf(run, line, weights)
        return (
          <li key={place}>
            <button
              type="button"
              className="gist-line"
              onClick={() => records[0] !== undefined && controller.focus(records[0])}
            >
              <span className={`badge-inline badge-${mark}`} aria-hidden="true">
                {place + 1}
              </span>
              <span>
                {mark === 'fault' && <b>Fault: </b>}
                {text}
                {weight !== '' && <span className="fault-weight">{weight}</span>}
              </span>
            </button>
          </li>
        )
      })}
    </ol>
  )
}

/** @param told a message that stands above already */
function Properties({ list, told }: { list: RunSummary['properties']; told?: string | undefined }) {
  return (
    <ul className="properties">
      {list.map(({ name, says, verdict, message, atMicros, checkedKeys }) => (
        <li key={name} className={`property property-${verdict}`} title={says}>
          <span className="property-mark" aria-hidden="true">
            {verdict === 'violated' ? '✗' : verdict === 'inconclusive' ? '?' : checkedKeys === 0 ? '○' : '✓'}
          </span>
          <span>
            <b>{name}</b>{' '}
            <span className="property-how">
              {verdict === 'violated' && atMicros !== undefined
                ? `broken at ${formatSeconds(atMicros)}${message === told ? '' : `: ${message}`}`
                : message}
            </span>
          </span>
        </li>
      ))}
    </ul>
  )
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
