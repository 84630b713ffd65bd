import { type Draft, produce } from 'immer'
import { useRef, useSyncExternalStore } from 'react'
import { INITIAL, type ViewState } from './state.ts'

/** Holds the state of the page, and tells whoever watches. */
export class Store {
  state: ViewState
  private readonly listeners = new Set<() => void>()

  constructor(initial: ViewState = INITIAL) {
    this.state = initial
  }

  /** Changes the state. */
  update(recipe: (draft: Draft<ViewState>) => void): void {
    const next = produce(this.state, recipe)
    if (next === this.state) return
    this.state = next
    for (const listener of this.listeners) listener()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

/** A part of the state; the component is drawn again when that part changes. */
export function useSelected<Part>(store: Store, select: (state: ViewState) => Part): Part {
  const last = useRef<{ readonly state: ViewState; readonly part: Part } | undefined>(undefined)
  const snapshot = (): Part => {
    if (last.current?.state === store.state) return last.current.part
    const part = select(store.state)
    last.current = { state: store.state, part }
    return part
  }
  return useSyncExternalStore(store.subscribe, snapshot)
}
