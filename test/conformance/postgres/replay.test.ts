import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Answer, History, Recording, Script, Step } from './history.ts'
import { play } from './replay/player.ts'
import { groups } from './scripts/all.mjs'

const recordings = Object.keys(groups).map((group) => {
  const file = fileURLToPath(new URL(`histories/${group}.json`, import.meta.url))
  return { group, recording: JSON.parse(readFileSync(file, 'utf8')) as Recording }
})
const scripts = new Map(Object.entries(groups).map(([group, all]) => [group, all as readonly Script[]]))
const histories = recordings.flatMap(({ group, recording }) =>
  recording.histories.map((history) => {
    const script = scripts.get(group)?.find(({ name }) => name === history.name)
    return {
      name: `${group}/${history.name}`,
      rules: history.rules.map((rule) => `[${rule}]`).join(' '),
      history,
      script,
    }
  }),
)

/** What every step was answered with, and after which step: `3 at 5: {"count":1}`. */
type Answers = readonly string[]

const said = (step: number, at: number, answer: Answer): string =>
  `${step} at ${at}: ${JSON.stringify(answer)}`

/** What PostgreSQL answered. @param instead what the simulator answers to some steps */
function recorded(steps: readonly Step[], instead: Readonly<Record<number, Answer>> = {}): Answers {
  return steps
    .flatMap((step, index) => [
      ...('answer' in step && step.answer !== undefined
        ? [said(index, index, instead[index] ?? step.answer)]
        : []),
      ...(step.woke ?? []).map((woken) => said(woken.step, index, instead[woken.step] ?? woken.answer)),
    ])
    .sort()
}

const replayed = (history: History, seed: number): Answers =>
  play(history, seed)
    .map(({ step, at, answer }) => said(step, at, answer))
    .sort()

describe('what PostgreSQL answered to sessions that take turns', () => {
  it('[PG1] is at least 50 histories, of one version, and of every script as it is now', () => {
    expect(histories.length).toBeGreaterThanOrEqual(50)
    expect(new Set(recordings.map(({ recording }) => recording.postgresVersion)).size).toBe(1)
    for (const { group, recording } of recordings) {
      const now = (scripts.get(group) ?? []).map(({ name, title, rules, given, steps }) => ({
        name,
        title,
        rules,
        given,
        steps: steps.map((step) => ('session' in step ? { session: step.session, act: step.act } : step)),
      }))
      const then = recording.histories.map(({ steps, ...rest }) => ({
        ...rest,
        steps: steps.map((step) =>
          'session' in step ? { session: step.session, act: step.act } : { pause: step.pause },
        ),
      }))
      expect(then).toEqual(JSON.parse(JSON.stringify(now)))
    }
  })

  /** The histories of a file. */
  const of = (...files: string[]) =>
    histories.filter(({ name }) => files.some((file) => name.startsWith(`${file}/`)))

  /** Plays a history under several orders of what is simultaneous. */
  const agrees = ({ history, script }: (typeof histories)[number]): void => {
    const expected = recorded(history.steps, script?.deviation?.answers)
    for (const seed of [1, 2, 3]) expect(replayed(history, seed)).toEqual(expected)
  }

  it.each(of('isolation', 'serializable'))('[PG2] $name is what the simulator answers', agrees)
  it.each(of('locks'))('[PG3] $name is what the simulator answers', agrees)
  it.each(of('waits'))('[PG4] [PG5] [PG6] [PG7] $name is what the simulator answers', agrees)
  it.each(of('unique'))('[PG8] [PG9] [PG10] $name is what the simulator answers', agrees)
  it.each(of('conflict'))('[PG11] $name is what the simulator answers', agrees)
  it.each(of('savepoints'))('[PG12] $name is what the simulator answers', agrees)
  it.each(of('advisory'))('[PG13] $name is what the simulator answers', agrees)

  it('[PG1] differs from the simulator where a script says so, and nowhere else', () => {
    const deviating = histories.filter(({ script }) => script?.deviation !== undefined)
    expect(deviating.map(({ name }) => name)).toEqual(['serializable/scan-locks-the-table'])
    for (const { history } of deviating) expect(replayed(history, 1)).not.toEqual(recorded(history.steps))
  })

  it('[PG1] is compared answer by answer: one that is tampered with is seen', () => {
    let tampered = 0
    for (const { history } of histories) {
      const at = history.steps.findIndex((step) => 'answer' in step && step.answer !== undefined)
      const other = recorded(history.steps, { [at]: { count: 4711 } })
      expect(replayed(history, 1)).not.toEqual(other)
      tampered++
    }
    expect(tampered).toBe(histories.length)
  })

  it('[PG1] holds waits, wakings, refusals of every kind and deadlocks', () => {
    const steps = histories.flatMap(({ history }) => history.steps)
    const waits = steps.filter((step) => 'waits' in step)
    expect(waits.length).toBeGreaterThan(40)
    expect(steps.flatMap(({ woke = [] }) => woke).length).toBe(waits.length)
    const errors = new Set(
      recordings.flatMap(({ recording }) => JSON.stringify(recording).match(/(?<="error":")\w+/g)),
    )
    expect([...errors].sort()).toEqual([
      '23505',
      '25006',
      '25P02',
      '3B001',
      '40001',
      '40P01',
      '55P03',
      '57014',
    ])
  })
})
