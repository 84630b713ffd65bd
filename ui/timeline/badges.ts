import type { StoryLine } from '../../sim/index.ts'
import type { Duplicate } from '../model/duplicates.ts'
import { APART, type Badge, type Box, free, placeBetween, ringsOf, widthOf } from './badge-places.ts'
import { type Crowd, type CrowdBadge, crowdBadges } from './crowd-badges.ts'
import { DIM, eventsInView, HIDDEN, MAX_SHAPES, rowOf, type Scene, xOf, yOf } from './scene.ts'

/** The number of a sentence of the story, beside the event that it tells of first. */
export interface StoryBadge extends Badge {
  readonly number: number
  readonly mark: StoryLine['mark']
}

/** Which of several times a message came, beside each of them. */
export interface DuplicateBadge extends Badge {
  readonly duplicate: Duplicate
  readonly dim: boolean
}

const STORY_HEIGHT = 14
const STORY_WIDTH = 14
/** How far before its event the number of a sentence is wanted. */
const STORY_BEFORE = 13
/** A picture below this width has room for few letters. */
const NARROW = 500
/** More would cover the picture: those are counted together. */
const MOST_DUPLICATES = 60
/** Of what the story does not tell, as long as there is no more. */
const MOST_DIM = 16

/** Where all badges lie: none over another one, nor over the ring around what broke a promise. */
export function badgesOf(scene: Scene): {
  readonly story: readonly StoryBadge[]
  readonly duplicates: readonly DuplicateBadge[]
  /** What came more than once and has no badge of its own, counted by lane and place. */
  readonly crowds: readonly CrowdBadge[]
} {
  const rings = ringsOf(scene)
  const story = storyBadges(scene, rings)
  const { single, crowded } = repeatsOf(scene)
  const { duplicates, roomless } = duplicateBadges(scene, single, [...rings, ...story])
  const crowds = crowdBadges(scene, [...crowded, ...roomless], [...rings, ...story, ...duplicates])
  return { story, duplicates, crowds }
}

function storyBadges(scene: Scene, rings: readonly Box[]): StoryBadge[] {
  const rows = new Map<number, StoryBadge[]>()
  for (const [index, { records, mark }] of (scene.run.story?.lines ?? []).entries()) {
    const id = records[0]
    if (id === undefined) continue
    const row = rowOf(scene, id)
    const at = xOf(scene, scene.axis.units[id] as number)
    if (row < 0 || at < 0 || at > scene.width) continue
    const text = String(index + 1)
    const width = Math.max(STORY_WIDTH, widthOf(text))
    const place = { x: at - STORY_BEFORE, y: yOf(scene, row), width, height: STORY_HEIGHT }
    const badge = { id, ...place, text, number: index + 1, mark }
    rows.set(row, [...(rows.get(row) ?? []), badge])
  }
  const lanes = [...rows.entries()].map(([row, badges]) => ({ row, ...besideMarks(badges, rings) }))
  const placed = lanes.flatMap(({ inLane }) => inLane)
  for (const { row, lifted } of lanes)
    for (const { at, badge } of lifted) placed.push(offLane(scene, { row, at, badge }, [...rings, ...placed]))
  return placed
}

/** Where lanes are crowded, numbers that would hide the event of another sentence do not stay in theirs. */
function besideMarks(
  badges: readonly StoryBadge[],
  rings: readonly Box[],
): {
  readonly inLane: readonly StoryBadge[]
  readonly lifted: readonly { readonly at: number; readonly badge: StoryBadge }[]
} {
  const marks = badges.map(({ id, x }) => ({ id, x: x + STORY_BEFORE }))
  const hides = (badge: StoryBadge): boolean =>
    marks.some(({ id, x }) => id !== badge.id && Math.abs(badge.x - x) < badge.width / 2 + APART)
  const lifted: { at: number; badge: StoryBadge }[] = []
  const byPlace = (one: (typeof lifted)[number], other: (typeof lifted)[number]): number =>
    one.at - other.at || one.badge.number - other.badge.number
  let rest = badges
  for (;;) {
    const inLane = spread(rest, rings)
    const hiding = inLane.find(hides)
    if (hiding === undefined) return { inLane, lifted: lifted.sort(byPlace) }
    rest = rest.filter(({ number }) => number !== hiding.number)
    lifted.push({ at: marks.find(({ id }) => id === hiding.id)?.x ?? hiding.x, badge: hiding })
  }
}

/** A place for a number below its event, or above it in the last lane, as near as there is room. */
function offLane(
  scene: Scene,
  { row, at, badge }: { readonly row: number; readonly at: number; readonly badge: StoryBadge },
  taken: readonly Box[],
): StoryBadge {
  const { rows, rowHeight, width } = scene
  const side = row === rows.length - 1 ? -1 : 1
  const wanted = {
    ...badge,
    x: at,
    y: yOf(scene, row) + side * Math.max(STORY_HEIGHT, Math.min(17, rowHeight / 2)),
  }
  const aside = free(wanted, taken, 1)
  return aside.x <= width - badge.width / 2 ? aside : free(wanted, taken, -1)
}

/** Badges of one row, beside each other: to the left of where they are wanted, as far as the edge leaves room. */
function spread(badges: readonly StoryBadge[], rings: readonly Box[]): StoryBadge[] {
  const placed = [...badges].sort((left, right) => left.x - right.x || left.number - right.number)
  const gap = (at: number): number =>
    ((placed[at] as StoryBadge).width + (placed[at + 1] as StoryBadge).width) / 2 + APART
  const move = (at: number, x: number, side: 1 | -1): void => {
    placed[at] = free({ ...(placed[at] as StoryBadge), x }, rings, side)
  }
  for (let at = placed.length - 1; at >= 0; at--) {
    const most =
      at === placed.length - 1 ? Number.POSITIVE_INFINITY : (placed[at + 1] as StoryBadge).x - gap(at)
    move(at, Math.min((placed[at] as StoryBadge).x, most), -1)
  }
  for (let at = 0; at < placed.length; at++) {
    const { x, width } = placed[at] as StoryBadge
    const least = at === 0 ? width / 2 + APART : (placed[at - 1] as StoryBadge).x + gap(at - 1)
    if (x < least) move(at, least, 1)
  }
  return placed
}

/** What came more than once and is in view: what gets a badge of its own, and the rest. */
function repeatsOf(scene: Scene): { readonly single: readonly Repeat[]; readonly crowded: readonly Crowd[] } {
  const { run, axis, mask, width, viewport } = scene
  const seen: Repeat[] = []
  for (const [id, duplicate] of run.duplicates) {
    const unit = axis.units[id] as number
    if (unit < viewport.fromUnit || unit > viewport.toUnit || mask[id] === HIDDEN) continue
    const row = rowOf(scene, id)
    if (row >= 0) seen.push({ id, duplicate, row, unit, x: xOf(scene, unit), dim: mask[id] === DIM })
  }
  if (eventsInView(scene) > MAX_SHAPES) return { single: [], crowded: seen }
  // What the story is about comes first, and the rest only where all of it has room.
  const told = seen.filter(({ dim }) => !dim)
  const rest = seen.filter(({ dim }) => dim)
  const all = [...told, ...(seen.length <= MOST_DIM ? rest : [])]
  const most = width < NARROW ? MOST_DUPLICATES / 2 : MOST_DUPLICATES
  const single = all.slice(0, most)
  const own = new Set(single)
  return { single, crowded: seen.filter((each) => !own.has(each)) }
}

interface Repeat extends Crowd {
  readonly x: number
  readonly duplicate: Duplicate
}

function duplicateBadges(
  scene: Scene,
  wanted: readonly Repeat[],
  others: readonly Box[],
): { readonly duplicates: readonly DuplicateBadge[]; readonly roomless: readonly Crowd[] } {
  const duplicates: DuplicateBadge[] = []
  const roomless: Crowd[] = []
  for (const repeat of wanted) {
    const { id, duplicate, row, x, dim } = repeat
    const { nth, of } = duplicate
    const text = scene.width < NARROW ? `${nth}/${of}` : `${nth} of ${of}`
    const at = x - 3 + widthOf(text) / 2
    const place = placeBetween(scene, { x: at, row, text }, [...others, ...duplicates])
    if (place === undefined) roomless.push(repeat)
    else duplicates.push({ id, text, ...place, duplicate, dim })
  }
  return { duplicates, roomless }
}
