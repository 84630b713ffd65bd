import { describe, expect, it } from 'vitest'
import { readTape, tapeData } from '../../../sim/kernel/tape.ts'
import { run } from '../../../sim/run/run.ts'
import {
  differences,
  fingerprintOf,
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
  const fingerprint = fingerprintOf(doubleToll)
  const [systemFile, bundle] = ['../toll/system.ts', '0123456789abcdef']
  return {
    scenario: doubleToll,
    seed: 3,
    tape,
    systemFile,
    bundle,
    fingerprint,
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

  it('[R11] knows an edit of its scenario by the fingerprint', () => {
    expect(fingerprintOf({ ...doubleToll })).toBe(fingerprintOf(doubleToll))
    expect(fingerprintOf({ ...doubleToll, faults: doubleToll.faults.slice(1) })).not.toBe(
      fingerprintOf(doubleToll),
    )
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
