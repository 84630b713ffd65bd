import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DOUBLE_TOLL, folderOf, invoke } from '../../fixtures/cli.ts'

describe('replay', () => {
  async function saved(): Promise<{
    folder: string
    file: string
    edit(edit: (text: string) => string): void
  }> {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    await invoke(['run', 'a.yaml'], folder)
    const file = 'reports/double-toll/seed-1/run.json'
    const path = join(folder, file)
    return { folder, file, edit: (change) => writeFileSync(path, change(readFileSync(path, 'utf8'))) }
  }

  it('[R10] of a run that violated a property gives the same digest', async () => {
    const { folder, file } = await saved()
    const { code, stdout } = await invoke(['replay', file], folder)
    expect(code).toBe(0)
    expect(stdout).toContain('replay:   the same run, to the digest')
  })

  it('[R10] of a run that an editor has given a byte order mark gives the same digest', async () => {
    const { folder, file, edit } = await saved()
    edit((text) => `\uFEFF${text}`)
    expect((await invoke(['replay', file], folder)).stdout).toContain('the same run, to the digest')
  })

  it('[R11] of a run without one of its faults says what differs', async () => {
    const { folder, file, edit } = await saved()
    edit((text) => {
      const run = JSON.parse(text) as { scenario: { faults: object[] } }
      run.scenario.faults.shift()
      return JSON.stringify(run)
    })
    const { code, stdout } = await invoke(['replay', file], folder)
    expect(code).toBe(1)
    expect(stdout).toContain('not the same run: since it was saved its scenario was edited')
    expect(stdout).toContain('- no longer in the plan: booth crashed')
    expect(stdout).toContain('- paid once: violated → pass')
  })

  it('[R11] of a run with an edited tape says that its tape was edited', async () => {
    const { folder, file, edit } = await saved()
    edit((text) => {
      const run = JSON.parse(text) as { tape: Record<string, number[]> }
      for (const [lane, values] of Object.entries(run.tape))
        if (lane.startsWith('latency')) run.tape[lane] = values.map((value) => value + 1)
      return JSON.stringify(run)
    })
    const { code, stdout } = await invoke(['replay', file], folder)
    expect(stdout).toContain('not the same run: since it was saved its tape was edited\n')
    expect(code).not.toBe(4)
  })

  it('[R11] of a run with an edited seed and a shorter tape says so', async () => {
    const { folder, file, edit } = await saved()
    edit((text) => JSON.stringify({ ...(JSON.parse(text) as object), seed: 2, tape: {} }))
    const { code, stdout } = await invoke(['replay', file], folder)
    expect(stdout).toContain(
      'not the same run: since it was saved its seed was edited and its tape was edited\n',
    )
    expect(code).not.toBe(4)
  })

  it('[R11] of a run whose seed alone was edited repeats it from its tape, and says so', async () => {
    const { folder, file, edit } = await saved()
    edit((text) => text.replace('"seed": 1,', '"seed": 2,'))
    const { code, stdout } = await invoke(['replay', file], folder)
    expect(stdout).toContain('the same run, to the digest, although since it was saved its seed was edited')
    expect(code).toBe(0)
  })

  it('[R11] that differs although nothing was changed is nondeterminism', async () => {
    const { folder, file, edit } = await saved()
    edit((text) => text.replace(/"digest": "[0-9a-f]+"/, '"digest": "0000000000000000"'))
    const { code, stdout } = await invoke(['replay', file], folder)
    expect(code).toBe(4)
    expect(stdout).toContain('- digest 0000000000000000 → ')
  })

  it.each([
    [
      'no JSON',
      (text: string) => text.replace('"seed": 1,', '"seed": 1'),
      /^reports\S+run\.json:\d+:\d+ expected JSON: /,
    ],
    [
      'no saved run',
      () => '{ "format": "other" }',
      /run\.json:1:1 expected a saved run \(format: faultline-run\), got format: 'other'/,
    ],
    [
      'a run of another version',
      (text: string) => text.replace('"version": 2', '"version": 1'),
      /run\.json:\d+:14 expected version 2 .*, got 1/,
    ],
    [
      'a run with a fault that does not exist',
      (text: string) => text.replace('"crash": "gate"', '"crash": "gaet"'),
      /run\.json:\d+:18 toll has no process 'gaet'.*did you mean 'gate'\?/,
    ],
    [
      'a run with a broken tape',
      (text: string) => text.replace(/("tape": \{\n.*?\[)\d+/, '$1-1'),
      /run\.json:\d+:\d+ expected a number of at least 0, got -1/,
    ],
    [
      'a run whose system is another module now',
      (text: string) => text.replace(/"systemFile": "[^"]*"/, '"systemFile": "run.json"'),
      /run\.json:\d+:17 \S+run\.json is no TypeScript or JavaScript: expected the file of a system/,
    ],
  ])('[R11] refuses %s at its place', async (_what, change, told) => {
    const { folder, file, edit } = await saved()
    edit(change)
    const { code, stdout, stderr } = await invoke(['replay', file], folder)
    expect(stderr).toMatch(told)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
