import type { RunName } from '../model/run-diff.ts'
import type { RunView } from '../model/run-view.ts'
import { encodeLink } from '../model/share-link.ts'
import type { Controller } from './controller.ts'
import { openAddress, sharedOf } from './share.ts'
import { activeRun, INITIAL, type PaneId, type ViewState } from './state.ts'

/** Time after which a change that is no step of its own, like typing, is in the address. */
const SETTLED_MILLIS = 250

/** Where somebody was, as the browser keeps it for the way back. */
interface Place {
  /** Number of the run; 0: the gallery. */
  readonly run: number
  readonly event: number
  readonly pane: PaneId
}

/** Keeps the address of the page a link to what is seen, with a step of the browser's history for each place. */
export function keepAddress(controller: Controller): void {
  const { store } = controller
  const runs = new Runs()
  let last = placeOf(store.state, runs)
  let wasContinuous = false
  let returning = false
  let timer: ReturnType<typeof setTimeout> | undefined
  // Links are made in the order of their places, each before the next one.
  let written = Promise.resolve()
  const write = (state: ViewState, isStep: boolean): void => {
    const place = placeOf(state, runs)
    written = written.then(async () => {
      const address = await addressOf(state)
      if (isStep) history.pushState(place, '', address)
      else history.replaceState(place, '', address)
    })
  }
  write(store.state, false)
  store.subscribe(() => {
    const { state } = store
    // On its way to a run the page is nowhere.
    if (activeRun(state) === undefined && state.busy !== undefined) return
    const place = placeOf(state, runs)
    const isSame = samePlace(place, last)
    last = place
    clearTimeout(timer)
    if (isSame || returning) {
      timer = setTimeout(() => write(store.state, false), SETTLED_MILLIS)
      return
    }
    write(state, !(controller.isContinuous && wasContinuous))
    wasContinuous = controller.isContinuous
  })
  addEventListener('popstate', ({ state }: PopStateEvent) => {
    returning = true
    void returned(controller, runs, state as Place | null).finally(() => {
      returning = false
    })
  })
}

/** Goes back, or forth, to where somebody was. */
async function returned(controller: Controller, runs: Runs, place: Place | null): Promise<void> {
  const { store } = controller
  const name = place === null || place.run === 0 ? undefined : runs.nameOf(store.state, place.run)
  if (place !== null && name !== undefined) {
    controller.activate(name)
    controller.openPane(place.pane)
    if (place.event > 0) controller.focus(place.event)
    else
      store.update((draft) => {
        draft.focus = INITIAL.focus
      })
  } else if (!(await openAddress(controller))) controller.close()
}

/** Numbers for runs, as long as they are there. */
class Runs {
  private readonly numbers = new WeakMap<RunView, number>()
  private count = 0

  numberOf(run: RunView | undefined): number {
    if (run === undefined) return 0
    const number = this.numbers.get(run) ?? ++this.count
    this.numbers.set(run, number)
    return number
  }

  nameOf({ runs }: ViewState, number: number): RunName | undefined {
    return (['A', 'B'] as const).find((name) => this.numberOf(runs[name]) === number)
  }
}

function placeOf(state: ViewState, runs: Runs): Place {
  return { run: runs.numberOf(activeRun(state)), event: state.focus.event, pane: state.pane }
}

function samePlace(left: Place, right: Place): boolean {
  const isSameView = left.event === right.event && left.pane === right.pane
  return left.run === right.run && (left.run === 0 || isSameView)
}

async function addressOf(state: ViewState): Promise<string> {
  const shared = sharedOf(state)
  return shared === undefined ? location.pathname : `#${await encodeLink(shared)}`
}
