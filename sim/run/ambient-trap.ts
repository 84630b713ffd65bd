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

/** Traps that can be put in their places together, any number of times. */
export class TrapSet {
  /** The most: runs place and lift them all, and an assignment costs a tenth of a definition. */
  private readonly assigned: (readonly [owner: Record<string, unknown>, name: string, value: unknown])[] = []
  private readonly defined: Trap[] = []

  constructor(traps: readonly Trap[]) {
    for (const each of traps) {
      const [owner, name, trap] = each
      const isWritable =
        owner !== undefined && Object.getOwnPropertyDescriptor(owner, name)?.writable === true
      if (isWritable && 'value' in trap)
        this.assigned.push([owner as Record<string, unknown>, name, trap.value])
      else this.defined.push(each)
    }
  }

  /** Puts the traps in place, until the returned function is called. */
  place(): Restore {
    const { assigned } = this
    const restores = this.defined.map(define)
    const before = assigned.map(([owner, name]) => owner[name])
    for (const [owner, name, value] of assigned) owner[name] = value
    return () => {
      for (const [index, [owner, name]] of assigned.entries()) owner[name] = before[index]
      for (const restore of restores) restore()
    }
  }
}

function define([owner, name, trap]: Trap): Restore {
  if (owner === undefined || !(name in owner)) return () => {}
  const before = Object.getOwnPropertyDescriptor(owner, name)
  const enumerable = before?.enumerable ?? false
  const writable = 'value' in trap ? { writable: true } : {}
  Object.defineProperty(owner, name, { ...trap, ...writable, configurable: true, enumerable })
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  }
}
