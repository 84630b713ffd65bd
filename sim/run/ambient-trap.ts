/** Refuses a use of the machine: `called Date.now`, use `ctx.now`. */
export type Refuse = (used: string, instead: string) => never

/** Puts back what traps stand in for. */
export type Restore = () => void

/** What stands in for a member of an object: a value, or a getter. An owner that lacks the member needs no trap. */
export type Trap = readonly [
  owner: object | undefined,
  name: string,
  trap: { readonly value: unknown } | { readonly get: (this: unknown) => unknown },
]

/** A trap in the place of a value that may be written. */
interface Assignment {
  readonly owner: Record<string, unknown>
  readonly name: string
  readonly value: unknown
}

/** Traps that can be put in their places together, any number of times. */
export class TrapSet {
  /** The most: runs place and lift them all, and an assignment costs a tenth of a definition. */
  private readonly assigned: Assignment[] = []
  private readonly defined: Trap[] = []

  constructor(traps: readonly Trap[]) {
    for (const each of traps) {
      const [owner, name, trap] = each
      const isWritable =
        owner !== undefined && Object.getOwnPropertyDescriptor(owner, name)?.writable === true
      if (isWritable && 'value' in trap)
        this.assigned.push({ owner: owner as Record<string, unknown>, name, value: trap.value })
      else this.defined.push(each)
    }
  }

  /** Puts the traps in place, until the returned function is called. */
  place(): Restore {
    const { assigned } = this
    const restores = this.defined.map(define)
    const before = assigned.map(memberOf)
    for (let at = 0; at < assigned.length; at++) assign(assigned[at] as Assignment)
    return () => {
      for (let at = 0; at < assigned.length; at++) {
        const { owner, name } = assigned[at] as Assignment
        owner[name] = before[at]
      }
      for (const restore of restores) restore()
    }
  }
}

const memberOf = ({ owner, name }: Assignment): unknown => owner[name]

function assign({ owner, name, value }: Assignment): void {
  owner[name] = value
}

const nothing = (): void => {}

function define(each: Trap): Restore {
  const owner = each[0]
  const name = each[1]
  const trap = each[2]
  if (owner === undefined || !(name in owner)) return nothing
  const before = Object.getOwnPropertyDescriptor(owner, name)
  const enumerable = before?.enumerable ?? false
  Object.defineProperty(
    owner,
    name,
    'value' in trap
      ? { value: trap.value, writable: true, configurable: true, enumerable }
      : { get: trap.get, configurable: true, enumerable },
  )
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  }
}
