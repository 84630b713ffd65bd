import type { FaultSpec, SystemOutline } from '../../sim/index.ts'
import type { FaultForm, FaultMember } from '../worker/protocol.ts'
import { FAULT_TYPE, newFault } from './new-fault.ts'

interface Props {
  readonly faults: readonly FaultSpec[]
  readonly forms: readonly FaultForm[]
  readonly outline: SystemOutline
  readonly steps: readonly string[]
  set(faults: readonly FaultSpec[]): void
  without(index: number): void
}

/** The faults of a plan: each a line to change, and one to add. */
export function FaultEditor({ faults, forms, outline, steps, set, without }: Props) {
  const change = (index: number, spec: FaultSpec): void =>
    set(faults.map((each, other) => (other === index ? spec : each)))
  const moments = [...new Set(steps)].flatMap((step) => [`after ${step}`, `before ${step}`])
  return (
    <div className="faults">
      <datalist id="fault-moments">
        {moments.map((moment) => (
          <option key={moment} value={moment} />
        ))}
      </datalist>
      <datalist id="fault-targets">
        {outline.targets.map((target) => (
          <option key={target} value={target} />
        ))}
      </datalist>
      {faults.length === 0 && <p className="quiet">No fault: the run is undisturbed.</p>}
      {faults.map((fault, index) => (
        <FaultLine
          // biome-ignore lint/suspicious/noArrayIndexKey: faults have no other identity than their place in the plan.
          key={index}
          fault={fault}
          form={forms.find(({ kind }) => kind in fault)}
          change={(spec) => change(index, spec)}
          remove={() => set(faults.filter((_, other) => other !== index))}
          without={() => without(index)}
        />
      ))}
      <div className="fault-kinds">
        <span className="quiet">Add, or drag onto the timeline:</span>
        {forms.map((form) => (
          <button
            key={form.kind}
            type="button"
            title={
              form.aims.length === 0
                ? `${form.says} Nothing here can be picked for it: write it into a scenario file.`
                : form.says
            }
            disabled={form.aims.length === 0}
            draggable={form.aims.length > 0}
            onDragStart={(event) => event.dataTransfer.setData(FAULT_TYPE, form.kind)}
            onClick={() => set([...faults, newFault(form, undefined, '1s', outline)])}
          >
            + {form.kind}
          </button>
        ))}
      </div>
    </div>
  )
}

function FaultLine({
  fault,
  form,
  change,
  remove,
  without,
}: {
  fault: FaultSpec
  form: FaultForm | undefined
  change: (spec: FaultSpec) => void
  remove: () => void
  without: () => void
}) {
  const set = (name: string, value: unknown): void => {
    const { [name]: _old, ...rest } = fault
    change((value === undefined || value === '' ? rest : { ...fault, [name]: value }) as FaultSpec)
  }
  return (
    <div className="fault-line">
      {form?.members.map((member) => (
        <Member
          key={member.name}
          member={member}
          value={fault[member.name]}
          set={(value) => set(member.name, value)}
        />
      ))}
      <label className="field">
        at
        <input
          type="text"
          className="wide"
          list="fault-moments"
          value={fault.at}
          onChange={(event) => change({ ...fault, at: event.currentTarget.value })}
        />
      </label>
      <label className="field">
        of
        <input
          type="text"
          placeholder="any"
          value={fault.of ?? ''}
          onChange={(event) => set('of', event.currentTarget.value)}
        />
      </label>
      <span className="fault-actions">
        <button type="button" onClick={without}>
          Re-run without
        </button>
        <button type="button" onClick={remove} aria-label="Remove this fault">
          ✕
        </button>
      </span>
    </div>
  )
}

function Member({
  member: { name, type, says, default: initial },
  value,
  set,
}: {
  member: FaultMember
  value: unknown
  set: (value: unknown) => void
}) {
  if (type === 'flag') {
    return (
      <label className="check" title={says}>
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => set(event.currentTarget.checked || undefined)}
        />
        {name}
      </label>
    )
  }
  if (type === 'pair') {
    const [left = '', right = ''] = Array.isArray(value) ? (value as string[]) : []
    return (
      <label className="field" title={says}>
        {name}
        <input
          type="text"
          list="fault-targets"
          value={left}
          onChange={(event) => set([event.currentTarget.value, right])}
        />
        <input
          type="text"
          list="fault-targets"
          aria-label={`${name}, other side`}
          value={right}
          onChange={(event) => set([left, event.currentTarget.value])}
        />
      </label>
    )
  }
  return (
    <label className="field" title={says}>
      {name}
      <input
        type={type === 'integer' ? 'number' : 'text'}
        placeholder={initial === undefined ? '' : String(initial)}
        list={name === 'for' || name === 'by' || name === 'restart' ? undefined : 'fault-targets'}
        value={value === undefined ? '' : String(value)}
        onChange={(event) =>
          set(type === 'integer' ? wholeOf(event.currentTarget) : event.currentTarget.value)
        }
      />
    </label>
  )
}

/** The number that is typed; undefined while there is none. */
function wholeOf({ valueAsNumber }: HTMLInputElement): number | undefined {
  return Number.isNaN(valueAsNumber) ? undefined : valueAsNumber
}
