/** The part of the axis that is seen. */
export interface Viewport {
  readonly fromUnit: number
  readonly toUnit: number
}

/** Zooming stops at this share of the axis. */
const CLOSEST = 1 / 50_000

/** Everything. */
export function wholeOf(lengthUnits: number): Viewport {
  const margin = lengthUnits * 0.015
  return { fromUnit: -margin, toUnit: lengthUnits + margin }
}

/** Zooms by a factor (below 1: closer) and keeps one place where it is. @param anchor 0 left edge … 1 right edge */
export function zoomed(view: Viewport, factor: number, anchor: number, lengthUnits: number): Viewport {
  const span = view.toUnit - view.fromUnit
  const whole = wholeOf(lengthUnits)
  const longest = whole.toUnit - whole.fromUnit
  const next = Math.min(longest, Math.max(lengthUnits * CLOSEST, span * factor))
  const fixed = view.fromUnit + span * anchor
  return kept({ fromUnit: fixed - next * anchor, toUnit: fixed + next * (1 - anchor) }, lengthUnits)
}

/** Moves by a share of what is seen. */
export function panned(view: Viewport, share: number, lengthUnits: number): Viewport {
  const by = (view.toUnit - view.fromUnit) * share
  return kept({ fromUnit: view.fromUnit + by, toUnit: view.toUnit + by }, lengthUnits)
}

/** Moves so that a place is in the middle. */
export function centred(view: Viewport, unit: number, lengthUnits: number): Viewport {
  const half = (view.toUnit - view.fromUnit) / 2
  return kept({ fromUnit: unit - half, toUnit: unit + half }, lengthUnits)
}

/** Moves no more than needed for a place to be seen, with some room around it. */
export function revealed(view: Viewport, unit: number, lengthUnits: number): Viewport {
  const room = (view.toUnit - view.fromUnit) * 0.08
  if (unit >= view.fromUnit + room && unit <= view.toUnit - room) return view
  const moved = centred(view, unit, lengthUnits)
  return moved.fromUnit === view.fromUnit && moved.toUnit === view.toUnit ? view : moved
}

/** A view that shows a range, with room on both sides. */
export function fitted(fromUnit: number, toUnit: number, lengthUnits: number): Viewport {
  const span = Math.max(toUnit - fromUnit, lengthUnits * CLOSEST * 4)
  const room = span * 0.12
  return kept({ fromUnit: fromUnit - room, toUnit: fromUnit + span + room }, lengthUnits)
}

/** Keeps a view within the axis. */
function kept(view: Viewport, lengthUnits: number): Viewport {
  const whole = wholeOf(lengthUnits)
  const span = Math.min(view.toUnit - view.fromUnit, whole.toUnit - whole.fromUnit)
  const from = Math.min(Math.max(view.fromUnit, whole.fromUnit), whole.toUnit - span)
  return { fromUnit: from, toUnit: from + span }
}
