import { memo } from 'react'
import { formatSeconds } from '../../sim/index.ts'
import { seenFrom } from '../model/run-diff.ts'
import { outcomeOf } from '../model/run-outcome.ts'
import type { Controller } from '../view/controller.ts'
import { partingFlags } from './parting-flags.ts'
import type { Shown } from './use-scenes.ts'

/** Above a run that is shown with another one: which it is, how it ended, and flags where the two part. */
export const RunStrip = memo(function RunStrip({
  controller,
  shown: { name, scene },
  active,
}: {
  controller: Controller
  shown: Shown
  active: boolean
}) {
  const { sign, says, tone } = outcomeOf(scene.run)
  const beside = name === 'A' ? 'B' : 'A'
  return (
    <div className={`run-strip${active ? ' run-strip-active' : ''}`}>
      <div className="lane-head">
        <button
          type="button"
          aria-pressed={active}
          aria-label={`Run ${name}: ${says}`}
          title={says}
          onClick={() => controller.activate(name)}
        >
          <b>{name}</b> <span className={`mark-${tone}`}>{sign}</span>{' '}
          <span className="run-says">{says}</span>
        </button>
      </div>
      <div className="run-flags" role="group" aria-label={`Where run ${name} parts from run ${beside}`}>
        {partingFlags(scene).map(({ kind, text, left, width, place }) => {
          const [own, others] = seenFrom(place, name)
          const { recording } = scene.run
          const title =
            own > 0
              ? `${recording.told(own)}, at ${formatSeconds(recording.at(own))}`
              : `run ${name} lacks what run ${beside} has there`
          return (
            <button
              key={kind}
              type="button"
              className={`run-flag run-flag-${kind}`}
              style={{ left, width }}
              title={title}
              aria-label={`Run ${name}, ${text}: ${title}`}
              onClick={() => (own > 0 ? controller.focus(own, name) : controller.focus(others, beside))}
            >
              {text}
            </button>
          )
        })}
      </div>
    </div>
  )
})
