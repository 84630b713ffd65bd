import { describe, expect, it, vi } from 'vitest'
import { BAD } from '../../fixtures/bad-scenarios.ts'
import { folderOf, invoke, scenarioText } from '../../fixtures/cli.ts'

describe('a bad scenario file', () => {
  it.each(BAD)('[R1] [R2] with $what is refused at its place', async ({ lines, told }) => {
    const folder = folderOf({ 'bad.yaml': scenarioText(...lines) })
    const { code, stdout, stderr } = await invoke(['run', 'bad.yaml'], folder)
    for (const [place, ...texts] of told) {
      const line = stderr.split('\n').find((candidate) => candidate.startsWith(`bad.yaml:${place} `))
      expect(line, stderr).toBeDefined()
      for (const text of texts) expect(line).toContain(text)
    }
    expect(stderr).not.toMatch(/^\s+at |Error:|node:internal/m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('[R2] is told the tightest bound of a number that is beyond several, and no other', async () => {
    const folder = folderOf({ 'bad.yaml': scenarioText('workload: { orders: 1.0e+23 }', 'seed: -1.0e+23') })
    const { stderr } = await invoke(['run', 'bad.yaml'], folder)
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('bad.yaml:2:21 expected a number of at most 1000000, got 1e+23'),
      expect.stringContaining('bad.yaml:3:7 expected a number of at least 0, got -1e+23'),
    ])
  })

  it('[R2] is told all its problems, in the order of their places', async () => {
    const lines = [
      'nmae: x',
      'params: { boths: 2 }',
      'faults: [{ crash: both, at: aftr x }]',
      'expect: { pay: pass }',
      'seed: a',
    ]
    const folder = folderOf({ 'bad.yaml': scenarioText(...lines) })
    const { stderr } = await invoke(['run', 'bad.yaml'], folder)
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual([
      'bad.yaml:2:1',
      'bad.yaml:3:11',
      'bad.yaml:4:19',
      'bad.yaml:4:29',
      'bad.yaml:5:11',
      'bad.yaml:6:7',
    ])
  })

  it('[R1] with a map for a key is refused, and Node warns of nothing', async () => {
    const warn = vi.spyOn(process, 'emitWarning')
    const folder = folderOf({ 'bad.yaml': scenarioText('? { a: 1 }', ': 2') })
    const { code, stderr } = await invoke(['run', 'bad.yaml'], folder)
    expect(code).toBe(2)
    expect(stderr).toContain("unknown key '{ a: 1 }'")
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })

  it('[R1] of no name is refused', async () => {
    const { code, stderr } = await invoke(['run', ''], folderOf())
    expect({ code, stderr }).toEqual({ code: 2, stderr: "expected the path of a file, got ''\n" })
  })

  it('[R1] without content is refused', async () => {
    const { code, stderr } = await invoke(['run', 'empty.yaml'], folderOf({ 'empty.yaml': '' }))
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'empty.yaml:1:1 expected a map, got nothing\n' })
  })

  it('[R1] without a system is refused', async () => {
    const { code, stderr } = await invoke(['run', 'a.yaml'], folderOf({ 'a.yaml': 'name: a\n' }))
    expect(code).toBe(2)
    expect(stderr).toContain("a.yaml:1:1 missing 'system': expected text (name of the system")
  })

  it('[R1] that is a saved run is refused, with the command that runs it', async () => {
    const files = { 'run.json': '{ "format": "faultline-run", "version": 2, "scenario": {} }' }
    const { code, stderr } = await invoke(['run', 'run.json'], folderOf(files))
    const message = 'run.json:1:1 expected a scenario file, got a saved run: faultline replay runs it\n'
    expect({ code, stderr }).toEqual({ code: 2, stderr: message })
  })

  it('[R1] that does not exist is refused, with what was meant', async () => {
    const { code, stderr } = await invoke(['run', 'happy-pth.yaml'], folderOf({ 'happy-path.yaml': '' }))
    expect(code).toBe(2)
    expect(stderr).toBe("happy-pth.yaml: there is no such file; did you mean 'happy-path.yaml'?\n")
  })
})
