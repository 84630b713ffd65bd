import { centred, panned, wholeOf, zoomed } from '../model/viewport.ts'
import { swapRuns, toggleBoth, toParting, toPlot } from './comparing.ts'
import type { Controller } from './controller.ts'
import { foldFocused, soloLane } from './lane-commands.ts'
import { toggleMark, toNextMark } from './marks.ts'
import { changeSpeed, togglePlay } from './playing.ts'
import { setTheme, toggleSingleKeys } from './preferences.ts'
import { activeRun, PANES, type PaneId } from './state.ts'
import { stepLane, stepStory, stepViolation, walk } from './walking.ts'

/** Something that the page can do, with the keys that do it. */
export interface Command {
  readonly id: string
  readonly title: string
  readonly group: 'Story' | 'Timeline' | 'Panes' | 'Runs' | 'Page'
  /** As shown; the first is the usual one. Two with a blank between them are pressed one after the other. */
  readonly keys: readonly string[]
  /** Whether it works while there is no run. */
  readonly anywhere?: boolean
  run(controller: Controller): void
}

const paneCommands = (Object.keys(PANES) as PaneId[]).map(
  (id): Command => ({
    id: `pane ${id}`,
    title: `Pane: ${PANES[id].title}`,
    group: 'Panes',
    keys: [PANES[id].key],
    run: (controller) => {
      controller.openPane(id)
      document.getElementById('pane')?.focus()
    },
  }),
)

const NEXT_AXIS = { time: 'steps', steps: 'depth', depth: 'time' } as const

/** Every command, in the order in which the help shows them. */
export const COMMANDS: readonly Command[] = [
  step('next', 'Next place of the story', ['J', 'ArrowDown'], (controller) => stepStory(controller, 1)),
  step('previous', 'Previous place of the story', ['K', 'ArrowUp'], (controller) =>
    stepStory(controller, -1),
  ),
  step('sibling', 'To the next effect of the same cause', ['L'], (controller) =>
    walk(controller, 'sibling-after'),
  ),
  step('sibling back', 'To the previous effect of the same cause', ['H'], (controller) =>
    walk(controller, 'sibling-before'),
  ),
  step('cause', 'To the cause', ['Shift+H'], (controller) => walk(controller, 'cause')),
  step('effect', 'To the effect', ['Shift+L'], (controller) => walk(controller, 'effect')),
  step('violation', 'To the violation', ['N'], (controller) => stepViolation(controller, 1)),
  step('violation back', 'To the previous violation', ['Shift+N'], (controller) =>
    stepViolation(controller, -1),
  ),
  step('play', 'Play the story, or stop', [' '], togglePlay),
  step('slower', 'Play slower', ['<'], (controller) => changeSpeed(controller, -1)),
  step('faster', 'Play faster', ['>'], (controller) => changeSpeed(controller, 1)),
  {
    id: 'story',
    title: 'Pane: Verdict and story',
    group: 'Panes',
    keys: ['Q'],
    run: () => document.getElementById('pane-story')?.focus(),
  },
  {
    id: 'timeline',
    title: 'Pane: Timeline',
    group: 'Panes',
    keys: ['1'],
    run: toPlot,
  },
  ...paneCommands,
  look('zoom in', 'Zoom in', ['W'], (view, length) => zoomed(view, 0.7, 0.5, length)),
  look('zoom out', 'Zoom out', ['S'], (view, length) => zoomed(view, 1.4, 0.5, length)),
  look('zoom in fast', 'Zoom in fast', ['Shift+W'], (view, length) => zoomed(view, 0.25, 0.5, length)),
  look('zoom out fast', 'Zoom out fast', ['Shift+S'], (view, length) => zoomed(view, 4, 0.5, length)),
  look('left', 'Move left', ['A', 'ArrowLeft'], (view, length) => panned(view, -0.15, length)),
  look('right', 'Move right', ['D', 'ArrowRight'], (view, length) => panned(view, 0.15, length)),
  look('far left', 'Move far left', ['Shift+A'], (view, length) => panned(view, -0.8, length)),
  look('far right', 'Move far right', ['Shift+D'], (view, length) => panned(view, 0.8, length)),
  look('fit', 'Show everything', ['0', 'F F', 'Home'], (_view, length) => wholeOf(length)),
  {
    id: 'centre',
    title: 'Centre what is focused',
    group: 'Timeline',
    keys: ['F'],
    run: ({ lookAt }) =>
      lookAt((view, axis, focus) =>
        focus > 0 ? centred(view, axis.units[focus] as number, axis.lengthUnits) : view,
      ),
  },
  step('lane next', 'Next record of this lane', ['.'], (controller) => stepLane(controller, 1)),
  step('lane previous', 'Previous record of this lane', [','], (controller) => stepLane(controller, -1)),
  toggle('lanes', 'All lanes, or those of the story', ['V'], (controller) =>
    controller.store.update(({ timeline }) => {
      timeline.storyLanes = !timeline.storyLanes
      timeline.viewport = undefined
    }),
  ),
  toggle('axis', 'Axis: time, steps or depth of causes', ['T'], (controller) =>
    controller.store.update(({ timeline }) => {
      timeline.axis = NEXT_AXIS[timeline.axis]
      timeline.viewport = undefined
      timeline.range = undefined
    }),
  ),
  toggle('fold', 'Fold the lanes of what is focused', ['['], (controller) => foldFocused(controller, true)),
  toggle('unfold', 'Unfold them', [']'], (controller) => foldFocused(controller, false)),
  toggle('solo', 'Only the lane of what is focused, or all', ['U'], (controller) => {
    const run = activeRun(controller.state)
    const { event } = controller.state.focus
    if (run !== undefined && event > 0) soloLane(controller, run.recording.lane(event))
  }),
  toggle('range', 'Count what is seen', ['R'], ({ store }) =>
    store.update(({ timeline }) => {
      timeline.range = timeline.range === undefined ? 'seen' : undefined
    }),
  ),
  step('mark', 'Mark what is focused, or take the mark away', ['M'], (controller) => toggleMark(controller)),
  step('next mark', 'To the next mark', ["'"], (controller) => toNextMark(controller)),
  toggle('only', 'Only this order', ['O'], (controller) =>
    controller.store.update((draft) => {
      draft.onlyEntity = !draft.onlyEntity
      draft.timeline.viewport = undefined
    }),
  ),
  toggle('pin', 'Pin this moment, to see what changes', ['P'], (controller) => controller.togglePin()),
  {
    id: 'filter',
    title: 'Filter the trace, or search scenarios',
    group: 'Timeline',
    keys: ['/'],
    anywhere: true,
    run: (controller) => {
      if (activeRun(controller.state) === undefined) {
        document.getElementById('gallery-search')?.focus()
        return
      }
      controller.openPane('events')
      // The field is there once the pane is drawn.
      requestAnimationFrame(() => document.getElementById('filter')?.focus())
    },
  },
  {
    id: 'rerun',
    title: 'Re-run what is set up',
    group: 'Runs',
    keys: ['Ctrl+Enter'],
    run: (controller) => void controller.rerun(),
  },
  {
    id: 'stop',
    title: 'Stop what is going on',
    group: 'Runs',
    keys: ['Ctrl+.'],
    anywhere: true,
    run: (controller) => controller.stop(),
  },
  {
    id: 'faults',
    title: 'Change faults',
    group: 'Runs',
    keys: ['E'],
    run: (controller) => {
      controller.openPane('setup')
      // The field is there once the pane is drawn.
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('.faults button, .faults input')?.focus(),
      )
    },
  },
  {
    id: 'parting',
    title: 'To where the two runs part in what matters',
    group: 'Runs',
    keys: ['X'],
    run: toParting,
  },
  {
    id: 'swap',
    title: 'Look at the other run',
    group: 'Runs',
    keys: ['B'],
    run: swapRuns,
  },
  {
    id: 'both',
    title: 'Both runs, one above the other, or one alone',
    group: 'Runs',
    keys: ['C'],
    run: toggleBoth,
  },
  {
    id: 'keep',
    title: 'Compare with this run from now on',
    group: 'Runs',
    keys: [],
    run: (controller) => controller.keepActive(),
  },
  page('link', 'Copy a link to what is seen', ['Y'], (controller) => controller.copyLink()),
  page('open trace', 'Open a trace file', [], (controller) => controller.pickTrace()),
  page('gallery', 'All scenarios', [], (controller) => controller.close()),
  page('clear', 'Clear focus and filter', ['Escape'], (controller) => controller.clearFocus()),
  page('go to', 'Go to a record, a moment or an order', ['G'], (controller) =>
    controller.toggleSheet('palette'),
  ),
  page('palette', 'Every command', ['Ctrl+K'], (controller) => controller.toggleSheet('palette')),
  page('help', 'Keys', ['?'], (controller) => controller.toggleSheet('help')),
  page('light', 'Theme: light', [], (controller) => setTheme(controller, 'light')),
  page('dark', 'Theme: dark', [], (controller) => setTheme(controller, 'dark')),
  page('system theme', 'Theme: as the system', [], (controller) => setTheme(controller, 'system')),
  page('single keys', 'Single keys on or off', [], toggleSingleKeys),
]

function step(id: string, title: string, keys: readonly string[], run: Command['run']): Command {
  return { id, title, group: 'Story', keys, run }
}

function toggle(id: string, title: string, keys: readonly string[], run: Command['run']): Command {
  return { id, title, group: 'Timeline', keys, run }
}

function page(id: string, title: string, keys: readonly string[], run: Command['run']): Command {
  return { id, title, group: 'Page', keys, run, anywhere: true }
}

type Look = (view: Parameters<typeof zoomed>[0], lengthUnits: number) => Parameters<typeof zoomed>[0]

function look(id: string, title: string, keys: readonly string[], change: Look): Command {
  return {
    id,
    title,
    group: 'Timeline',
    keys,
    run: ({ lookAt }) => lookAt((view, axis) => change(view, axis.lengthUnits)),
  }
}

const KEY_SIGNS: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  ' ': 'Space',
}

/** How a key is written for people. */
export function keySign(key: string): string {
  return KEY_SIGNS[key] ?? key
}
