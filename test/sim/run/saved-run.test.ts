import { describe, expect, it } from 'vitest'
import { readTape, tapeData } from '../../../sim/kernel/tape.ts'
import type { Path } from '../../../sim/run/problem.ts'
import { run } from '../../../sim/run/run.ts'
import {
  differences,
  editsOf,
  fingerprintsOf,
  readSavedRun,
  type SavedOutcome,
  type SavedRun,
  savedOutcome,
  savedRunText,
} from '../../../sim/run/saved-run.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

async function saved(): Promise<SavedRun> {
  const result = await run(toll(), doubleToll, 3, { recordTape: true })
  const tape = tapeData(result.tape ?? new Map())
  const fingerprints = fingerprintsOf({ scenario: doubleToll, seed: 3, tape })
  const [systemFile, bundle] = ['../toll/system.ts', '0123456789abcdef']
  return {
    scenario: doubleToll,
    seed: 3,
    tape,
    systemFile,
    bundle,
    fingerprints,
    outcome: savedOutcome(result),
  }
}

describe('a saved run', () => {
  it('[R10] comes back as it was written, and gives the same digest from its tape alone', async () => {
    const written = await saved()
    const read = readSavedRun(JSON.parse(savedRunText(written)))
    if (!('saved' in read)) throw new Error(JSON.stringify(read.problems))
    expect(read.saved).toMatchObject(written)
    const { scenario, tape, outcome } = read.saved
    const again = await run(toll(), scenario, 99, { tape: readTape(tape), recordTape: true })
    expect(tapeData(again.tape ?? new Map())).toEqual(tape)
    expect(again.digest).toBe(outcome.digest)
  })

  it('[R10] is the same text for the same run, whatever the order of its members', async () => {
    const run1 = await saved()
    const { scenario, ...rest } = run1
    const { name, expect: expectations, ...others } = scenario
    expect(savedRunText({ ...rest, scenario: { expect: expectations, ...others, name } })).toBe(
      savedRunText(run1),
    )
  })

  it('[R11] knows by fingerprints what of it was edited', async () => {
    const run1 = await saved()
    const { scenario, seed, tape } = run1
    const { name, ...others } = scenario
    expect(editsOf(run1, { scenario: { ...others, name }, seed, tape: { ...tape } })).toEqual([])
    const fewer = { ...scenario, faults: scenario.faults.slice(1) }
    expect(editsOf(run1, { scenario: fewer, seed, tape })).toEqual(['scenario'])
    expect(editsOf(run1, { scenario, seed: seed + 1, tape })).toEqual(['seed'])
    const [[lane, values] = ['', []]] = Object.entries(tape)
    const edited = { ...tape, [lane]: [...values.slice(1)] }
    expect(editsOf(run1, { scenario: fewer, seed, tape: edited })).toEqual(['scenario', 'tape'])
  })

  it.each<[string, (data: Record<string, Record<string, unknown>>) => void, Path, string]>([
    [
      'a digest that is none',
      ({ outcome = {} }) => {
        outcome.digest = 'deadbeef'
      },
      ['outcome', 'digest'],
      "expected sixteen hexadecimal digits, got 'deadbeef'",
    ],
    [
      'a verdict that is none',
      ({ outcome = {} }) => {
        outcome.verdict = 'green'
      },
      ['outcome', 'verdict'],
      "expected one of pass, violated, inconclusive, error, got 'green'",
    ],
    [
      'no seed',
      (data) => {
        delete data.seed
      },
      ['seed'],
      "missing 'seed': expected a number",
    ],
    [
      'a lane that is no list',
      ({ tape = {} }) => {
        tape.lane = 'one'
      },
      ['tape', 'lane'],
      "expected a list, got 'one'",
    ],
    [
      'a choice that is no number',
      ({ tape = {} }) => {
        tape.lane = [1, null]
      },
      ['tape', 'lane', 1],
      'expected a number, got nothing',
    ],
    [
      'a choice below zero',
      ({ tape = {} }) => {
        tape.lane = [-1]
      },
      ['tape', 'lane', 0],
      'expected a number of at least 0, got -1',
    ],
    [
      'fingerprints of another kind',
      (data) => {
        Object.assign(data, { fingerprints: 'x' })
      },
      ['fingerprints'],
      "expected a map, got 'x'",
    ],
  ])('[R11] with %s is refused in words of our own', async (_what, edit, path, message) => {
    const data = JSON.parse(savedRunText(await saved())) as Record<string, Record<string, unknown>>
    edit(data)
    expect(readSavedRun(data)).toEqual({ problems: [{ path, of: 'value', message }] })
  })

  it('[R11] with a key that it does not have is refused', async () => {
    const data = { ...JSON.parse(savedRunText(await saved())), sead: 7 }
    const problems = [{ path: ['sead'], of: 'key', message: "unknown key 'sead'" }]
    expect(readSavedRun(data)).toEqual({ problems })
  })

  it('[R11] says what another outcome shows otherwise', () => {
    const before: SavedOutcome = {
      digest: 'a',
      verdict: 'violated',
      events: 10,
      properties: { p: 'violated', q: 'pass' },
      faults: ['x', 'y'],
    }
    expect(differences(before, { ...before, events: 11 })).toEqual([])
    const after: SavedOutcome = {
      digest: 'b',
      verdict: 'pass',
      events: 9,
      properties: { p: 'pass', q: 'pass' },
      faults: ['y', 'z'],
    }
    expect(differences(before, after)).toEqual([
      'digest a → b',
      'no longer in the plan: x',
      'new in the plan: z',
      'verdict violated → pass',
      'p: violated → pass',
      'events 10 → 9',
    ])
  })
})
