import type { FaultSpec, ParamSpec } from '../../sim/index.ts'
import { useSelected } from '../view/store.ts'
import { DangerMap } from './DangerMap.tsx'
import { FaultEditor } from './FaultEditor.tsx'
import { NumberInput } from './NumberInput.tsx'
import type { PaneProps } from './registry.tsx'
import { Shrinking } from './Shrinking.tsx'

/** What is run, to be changed: seed, load, patterns and faults. */
export function SetupPane({ controller, run }: PaneProps) {
  const setup = useSelected(controller.store, (state) => state.setup)
  const facts = useSelected(controller.store, (state) =>
    state.opened === undefined ? undefined : state.facts[state.opened.system],
  )
  if (setup === undefined || facts === undefined)
    return (
      <p className="empty">
        This is a recorded trace: its system did not come with it, so it cannot be run again here. Open its
        scenario with <code>faultline ui &lt;scenario.yaml&gt;</code>.
      </p>
    )
  const { scenario, seed } = setup
  const { orders, every, only } = scenario.workload
  return (
    <div className="setup">
      <section aria-labelledby="setup-patterns">
        <h3 id="setup-patterns">Patterns and sizes</h3>
        <div className="params">
          {Object.entries(facts.outline.params).map(([name, spec]) => (
            <Param
              key={name}
              name={name}
              spec={spec}
              value={scenario.params[name] ?? (spec.default as string | number | boolean)}
              set={(value) => controller.setParam(name, value)}
            />
          ))}
        </div>
      </section>
      <section aria-labelledby="setup-faults">
        <h3 id="setup-faults">Faults</h3>
        <FaultEditor
          faults={scenario.faults}
          forms={facts.faults}
          outline={facts.outline}
          steps={run.summary?.steps ?? []}
          set={(faults: readonly FaultSpec[]) => controller.setFaults(faults)}
          without={(index) => void controller.rerunWithout(index)}
        />
        <h3>Run</h3>
        <div className="run-fields">
          <NumberField
            id="run-seed"
            label="seed"
            value={seed}
            min={0}
            set={(value) => controller.setSeed(value)}
          />
          <NumberField
            id="run-orders"
            label={`${facts.outline.noun}s`}
            value={orders}
            min={1}
            set={(count) => controller.change({ workload: { orders: count, every } })}
          />
          {only !== undefined && <span className="quiet">of which only {only.join(', ')}</span>}
          <button type="button" className="primary" onClick={() => void controller.rerun()}>
            Re-run <kbd>Ctrl Enter</kbd>
          </button>
        </div>
        <Shrinking controller={controller} run={run} />
        <DangerMap controller={controller} run={run} />
      </section>
    </div>
  )
}

function NumberField({
  id,
  label,
  value,
  min,
  set,
}: {
  id: string
  label: string
  value: number
  min: number
  set: (value: number) => void
}) {
  return (
    <label className="field" htmlFor={id}>
      {label}
      <NumberInput id={id} value={value} min={min} set={set} />
    </label>
  )
}

function Param({
  name,
  spec,
  value,
  set,
}: {
  name: string
  spec: ParamSpec
  value: string | number | boolean
  set: (value: string | number | boolean) => void
}) {
  const changed = value !== spec.default
  return (
    <div className={`param${changed ? ' param-changed' : ''}`}>
      <div className="param-field">
        <label className="param-name" htmlFor={`param-${name}`}>
          {name}
        </label>
        <ParamInput id={`param-${name}`} spec={spec} value={value} set={set} />
      </div>
      <span className="param-says">
        {spec.says}
        {changed && spec.type !== 'integer' && spec.type !== 'duration' && (
          <b> (right: {String(spec.default)})</b>
        )}
      </span>
    </div>
  )
}

function ParamInput({
  id,
  spec,
  value,
  set,
}: {
  id: string
  spec: ParamSpec
  value: string | number | boolean
  set: (value: string | number | boolean) => void
}) {
  switch (spec.type) {
    case 'flag':
      return (
        <input
          id={id}
          type="checkbox"
          checked={value === true}
          onChange={(event) => set(event.currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <select id={id} value={String(value)} onChange={(event) => set(event.currentTarget.value)}>
          {spec.values.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )
    case 'integer':
      return <NumberInput id={id} min={spec.min} max={spec.max} value={Number(value)} set={set} />
    case 'duration':
      return (
        <input
          id={id}
          type="text"
          value={String(value)}
          onChange={(event) => set(event.currentTarget.value)}
        />
      )
  }
}
