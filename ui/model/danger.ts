import { type FaultSpec, readDuration } from '../../sim/index.ts'
import type { FaultForm } from '../worker/protocol.ts'
import type { RunView } from './run-view.ts'

/** A place at which a fault can be aimed: a passage of a step. */
export interface FaultPlace {
  readonly at: string
  readonly of: string
  readonly nth: number
  /** The record of the passage in the run that places were taken from. */
  readonly event: number
}

/**
 * Every passage of a step of an entity, in order; a fault that is aimed there strikes there.
 * @param targets what the fault hits: if one of them is a service with steps, only its own steps are places
 */
export function placesOf(run: RunView, entity: string, targets: readonly string[] = []): FaultPlace[] {
  const places = everyPlace(run, entity)
  const own = places.filter(({ at }) => targets.some((target) => at.split(' ')[1]?.startsWith(`${target}.`)))
  return own.length > 0 ? own : places
}

function everyPlace({ recording }: RunView, entity: string): FaultPlace[] {
  const times = new Map<string, number>()
  const places: FaultPlace[] = []
  for (const event of recording.ofEntity(entity)) {
    const phase = recording.kind(event)
    if (phase !== 'before' && phase !== 'after') continue
    const { step } = recording.fields(event) as { readonly step: string }
    if (step.startsWith('users.')) continue
    const at = `${phase} ${step}`
    const nth = (times.get(at) ?? 0) + 1
    times.set(at, nth)
    places.push({ at, of: entity, nth, event })
  }
  return places
}

/** What the rows of a danger map differ in: a member of the fault that says how strong it is, or what it hits. */
export interface DangerAxis {
  /** `restart`, `for`; or what it hits: the name of the kind. */
  readonly name: string
  readonly says: string
}

/** One row: the fault as it is tried there. */
export interface FaultVariant {
  readonly says: string
  readonly fault: FaultSpec
  /** The members in which it may differ from the fault that is set up. */
  readonly varied: readonly string[]
}

/** Runs of a map at most: who asks for one waits for it. */
const MOST_RUNS = 1_500

/** The places that a map of so many rows has room for: the first ones. */
export function placesWithin(places: readonly FaultPlace[], rows: number): readonly FaultPlace[] {
  return places.slice(0, Math.max(1, Math.floor(MOST_RUNS / Math.max(1, rows))))
}

const DURATIONS = ['1ms', '10ms', '100ms', '1s', '10s', '1m']
const COUNTS = [1, 2, 3, 5, 10]
/** Rows at most: a map is to be taken in at a glance. */
const MOST_VARIANTS = 12

/** What the rows of a map of this fault may differ in. */
export function axesOf({ kind, aims, strength }: FaultForm): DangerAxis[] {
  const strong = Object.entries(strength).flatMap(([name, value]) =>
    valuesLike(value) === undefined ? [] : [{ name, says: name }],
  )
  return aims.length > 1 ? [...strong, { name: kind, says: 'what it hits' }] : strong
}

/** The rows of a map: the fault as it is, or one for each value on an axis, its own among them. */
export function variantsOf(fault: FaultSpec, form: FaultForm | undefined, axis: string): FaultVariant[] {
  if (form === undefined || axis === '') return [{ says: '', fault, varied: [] }]
  if (axis !== form.kind) return strengthsOf(fault, form, axis)
  const own = Object.fromEntries(Object.keys(form.aims[0] ?? {}).map((name) => [name, fault[name]]))
  const aims = unique([own, ...form.aims], (aim) => JSON.stringify(aim)).slice(0, MOST_VARIANTS)
  return aims.map((aim) => ({
    says: Object.values(aim).flat().join(', '),
    fault: { ...fault, ...aim } as FaultSpec,
    varied: Object.keys(aim),
  }))
}

function strengthsOf(fault: FaultSpec, { strength, members }: FaultForm, axis: string): FaultVariant[] {
  const initial = members.find(({ name }) => name === axis)?.default
  const own = fault[axis] ?? initial ?? strength[axis]
  const values = unique([own, ...(valuesLike(strength[axis]) ?? [])], String)
  return values.sort(byStrength).map((value) => ({
    says: `${axis} ${String(value)}`,
    fault: { ...fault, [axis]: value } as FaultSpec,
    varied: [axis],
  }))
}

/** Values to try where one like this is typical; undefined of what has no strength. */
function valuesLike(value: unknown): readonly unknown[] | undefined {
  if (typeof value === 'number') return COUNTS
  return typeof value === 'string' && readDuration(value) !== undefined ? DURATIONS : undefined
}

/** Never comes after every duration. */
function byStrength(left: unknown, right: unknown): number {
  return strengthOf(left) - strengthOf(right)
}

function strengthOf(value: unknown): number {
  return typeof value === 'number' ? value : (readDuration(String(value)) ?? Number.POSITIVE_INFINITY)
}

function unique<Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()]
}
