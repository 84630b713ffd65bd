import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { DOUBLE_TOLL, folderOf, invoke, ROOT, scenarioText, TOLL } from '../../fixtures/cli.ts'

const execute = promisify(execFile)

describe('exit codes', () => {
  it.each([
    ['0 when every property holds', scenarioText('workload: { orders: 2 }'), 0],
    ['0 when the expected violation happens', DOUBLE_TOLL, 0],
    ['1 when a property fails unexpectedly', DOUBLE_TOLL.replace('expect: { paid once: violated }', ''), 1],
    ['1 when an expected violation does not happen', scenarioText('expect: { paid once: violated }'), 1],
    ['1 when service code breaks a rule', scenarioText('params: { mistake: ambient }'), 1],
    ['1 when a handler waits for something foreign', scenarioText('params: { mistake: foreign }'), 1],
    ['1 when service code ends the process', scenarioText('params: { mistake: exits }'), 1],
    [
      '1 when service code uses time that it captured, and swallows what it is thrown',
      scenarioText('params: { mistake: captures }'),
      1,
    ],
    ['1 when service code says what cannot be meant', scenarioText('params: { mistake: misspells }'), 1],
    ['2 when the system cannot be built', scenarioText('params: { mistake: throws }'), 2],
    ['3 when the budget runs out', scenarioText('budget: { events: 20 }'), 3],
    ['3 when a fault never strikes', scenarioText('faults: [{ crash: booth, at: after provider.chrge }]'), 3],
  ])('[R9] are %s', async (_when, text, code) => {
    const invocation = await invoke(['run', 'a.yaml'], folderOf({ 'a.yaml': text }))
    expect(invocation.code, invocation.stdout + invocation.stderr).toBe(code)
  })

  it.each([
    ['an unknown command', ['rum'], 'Did you mean run?'],
    ['an unknown option', ['run', 'a.yaml', '--sed', '1'], 'Did you mean --seed?'],
    ['a seed that is no number', ['run', 'a.yaml', '--seed', 'x'], "expected a whole number from 0, got 'x'"],
    ...['0', '1e9', 'Infinity', '2147484', '0.0001'].map((limit): [string, string[], string] => [
      `a time limit of ${limit} s`,
      ['run', 'a.yaml', '--time-limit', limit],
      `expected seconds from 0.001 to 2147483, got '${limit}'`,
    ]),
    ['a missing file', ['run'], "missing required argument 'scenario'"],
    [
      'nothing to shrink',
      ['shrink', 'a.yaml'],
      'every property holds with seed 1: there is nothing to shrink',
    ],
    [
      'a trace that cannot be written',
      ['run', 'a.yaml', '--trace', 'a.yaml/trace'],
      'a.yaml/trace: cannot be written',
    ],
  ])('[R9] are 2 for %s', async (_what, argv, told) => {
    const { code, stdout, stderr } = await invoke(argv, folderOf({ 'a.yaml': scenarioText() }))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(told)
  })

  it('[R9] [R12] are 4 for a system that is not deterministic, with the record where runs differ first', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText('params: { mistake: leaks }') })
    const { code, stderr } = await invoke(['run', 'a.yaml', '--check-determinism'], folder)
    expect(code).toBe(4)
    expect(stderr).toMatch(
      /part at record \d+:\n.*booth-\d {2}log of car-1 {2}\{"message":"seen","cars":\d+\}/,
    )
    expect(stderr).toContain('at module scope')
  })

  it('[R12] are 4 for a system that remembers what is seen only when it is loaded anew', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText('params: { mistake: warms }') })
    const { code, stderr } = await invoke(['run', 'a.yaml', '--check-determinism'], folder)
    expect(code).toBe(4)
    expect(stderr).toContain('at module scope')
  })

  it.each([
    ['mistake: exits', 1],
    ['mistake: misspells', 1],
    ['mistake: throws', 2],
  ])('[R9] are those of run for every command, of a system with %s', async (param, code) => {
    const folder = folderOf({ 'a.yaml': scenarioText(`params: { ${param} }`) })
    for (const command of [['run'], ['shrink'], ['list', 'steps']]) {
      const invocation = await invoke([...command, 'a.yaml'], folder)
      expect({ command, code: invocation.code }).toEqual({ command, code })
    }
  })

  it('[R9] are those of run for every command, when the budget runs out', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText('budget: { events: 20 }') })
    for (const command of [['run'], ['shrink'], ['list', 'steps']]) {
      const invocation = await invoke([...command, 'a.yaml'], folder)
      expect({ command, code: invocation.code }).toEqual({ command, code: 3 })
    }
  })

  it('[R12] say nothing of a deterministic system but that it is', async () => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const { code, stdout } = await invoke(['run', 'a.yaml', '--check-determinism'], folder)
    expect(code).toBe(0)
    expect(stdout).toContain('one digest')
  })
})

describe('run', () => {
  // P14 judges all of them, without the command line.
  it('[R9] meets the expectations of every tenth scenario file of the project', async () => {
    const folder = join(ROOT, 'scenarios')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .sort()
      .filter((_file, index) => index % 10 === 0)
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) {
      const { code, stdout, stderr } = await invoke(['run', join(folder, file)], folderOf())
      expect({ file, code, told: code === 0 ? '' : stdout + stderr }).toEqual({ file, code: 0, told: '' })
    }
  })

  it("[R9] takes the seed of the command line, else the scenario's", async () => {
    const folder = folderOf({ 'a.yaml': scenarioText('seed: 7') })
    expect((await invoke(['run', 'a.yaml'], folder)).stdout).toContain('seed 7')
    expect((await invoke(['run', 'a.yaml', '--seed', '8'], folder)).stdout).toContain('seed 8')
  })

  it('[R16] prints the same JSON each time, and nothing else on stdout', async () => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const [first, second] = [
      await invoke(['run', 'a.yaml', '--json'], folder),
      await invoke(['run', 'a.yaml', '--json'], folder),
    ]
    expect(first).toEqual(second)
    expect(JSON.parse(first.stdout)).toMatchObject({
      outcome: 'met',
      verdict: 'violated',
      seed: 1,
      scenario: 'double toll',
    })
    expect(first.stderr).toContain('faultline replay reports/double-toll/seed-1/run.json')
  })

  it('[R17] writes a trace as JSON lines', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText() })
    await invoke(['run', 'a.yaml', '--trace', 'deep/trace.jsonl'], folder)
    const lines = readFileSync(join(folder, 'deep/trace.jsonl'), 'utf8').trim().split('\n')
    const [header, ...records] = lines.map((line) => JSON.parse(line) as { records?: number; id?: number })
    expect(header).toMatchObject({ format: 'faultline-trace', version: 1, records: records.length })
    expect(header).toMatchObject({
      run: { scenario: { name: 'a' }, summary: { seed: 1 }, story: { leftOut: 0 } },
    })
    expect(records.map(({ id }) => id)).toEqual(records.map((_, index) => index + 1))
  })

  it('[R10] saves a run that it is told to save, although nothing is wrong with it', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText() })
    expect((await invoke(['run', 'a.yaml', '--save', 'kept/run.json'], folder)).stdout).toContain(
      'faultline replay kept/run.json',
    )
    expect((await invoke(['replay', 'kept/run.json'], folder)).stdout).toContain(
      'the same run, to the digest',
    )
  })
})

describe('shrink', () => {
  it.each([
    ['a scenario file', async () => 'a.yaml'],
    [
      'a saved run',
      async (folder: string) => {
        await invoke(['run', 'a.yaml', '--save', 'run.json'], folder)
        return 'run.json'
      },
    ],
  ])('[R19] of %s writes a scenario file that violates the same property', async (_what, prepare) => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const shrunk = await invoke(['shrink', await prepare(folder)], folder)
    expect(shrunk.code, shrunk.stderr).toBe(0)
    expect(shrunk.stdout).toContain('shrunk:   3 → 1 fault, 4 → 1 car')
    const file = 'reports/double-toll/seed-1/shrunk.yaml'
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text).toContain("# without this fault 'paid once' passes")
    expect(text).toContain('of: car 1')
    const { code, stdout } = await invoke(['run', file], folder)
    expect(code).toBe(0)
    expect(stdout).toContain('✗ paid once  violated')
    expect(stdout).toContain('expected: paid once  violated ✓')
  })

  it('[R18] says which params have no part in it', async () => {
    const text = DOUBLE_TOLL.replace('key: false', 'key: false, relayEvery: 60ms')
    const { stdout } = await invoke(['shrink', 'a.yaml'], folderOf({ 'a.yaml': text }))
    expect(stdout).toContain('\n  with the default of relayEvery, not 60ms, it breaks as well\n')
    expect(stdout).not.toContain('default of key')
  })

  it('[R19] writes where it is told to', async () => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    await invoke(['shrink', 'a.yaml', '--out', 'small/case.yaml'], folder)
    expect((await invoke(['run', 'small/case.yaml'], folder)).code).toBe(0)
    expect(existsSync(join(folder, 'reports/double-toll/seed-1/shrunk.yaml'))).toBe(false)
  })
})

describe('list and schema', () => {
  it('[R20] lists the steps that a run reaches, one a line', async () => {
    const { code, stdout } = await invoke(['list', 'steps', 'a.yaml'], folderOf({ 'a.yaml': scenarioText() }))
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['gate.POST /cars cars.insert', 'booth.CarPassed provider.charge']),
    )
  })

  it('[R5] prints the JSON Schema of scenario files', async () => {
    const { code, stdout } = await invoke(['schema'], folderOf())
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      required: ['system'],
    })
  })

  it('[R9] explains itself', async () => {
    const { code, stdout } = await invoke(['--help'], folderOf())
    expect(code).toBe(0)
    for (const command of ['run', 'replay', 'shrink', 'schema', 'list'])
      expect(stdout).toContain(`  ${command}`)
    expect((await invoke(['--version'], folderOf())).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('the program', () => {
  const program = join(ROOT, 'dist/cli/main.js')

  beforeAll(async () => {
    await execute(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
      { cwd: ROOT },
    )
  })

  /** What the program does, started through a link as npm makes one. */
  async function start(
    argv: readonly string[],
    cwd: string,
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const link = join(cwd, 'faultline')
    if (!existsSync(link)) symlinkSync(program, link)
    const environment = { ...process.env, NO_COLOR: '1' }
    return execute(process.execPath, [link, ...argv], { cwd, env: environment }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  }

  it('[R9] [R3] runs a scenario in a thread of its own, with the digest that this thread gives', async () => {
    const folder = folderOf({ 'a.yaml': DOUBLE_TOLL })
    const { code, stdout, stderr } = await start(['run', 'a.yaml'], folder)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe((await invoke(['run', 'a.yaml'], folder)).stdout)
  })

  it('[R13] ends a handler that spins for ever at the wall limit', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText('params: { mistake: spins }') })
    const within = (seconds: number) => start(['run', 'a.yaml', '--time-limit', `${seconds}`], folder)
    const first = await within(4)
    // Loading has the same limit, and takes longer where much else runs.
    const slow = first.stderr.includes('loading the system')
    const { code, stdout } = slow ? await within(60) : first
    expect(code).toBe(3)
    expect(stdout).toContain(`inconclusive: it did not end within ${slow ? 60 : 4} s of wall time`)
    const line = readFileSync(TOLL, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes("'spins') for (;;)"))
    expect(stdout).toMatch(new RegExp(`^ {4}at \\S*toll/system\\.ts:${line + 1}:\\d+$`, 'm'))
  })

  it('[R13] ends a module that spins while it is loaded at the wall limit, if that is the smaller one', async () => {
    const folder = folderOf({ 'spins.ts': 'for (;;) {}\n', 'a.yaml': 'system: ./spins.ts\n' })
    const { code, stderr } = await start(['run', 'a.yaml', '--time-limit', '1'], folder)
    expect(code).toBe(3)
    // Where much else runs its thread has not come to it by then: the place is not asked for.
    expect(stderr).toContain('spins.ts: loading the system: it did not end within 1 s of wall time')
  })

  it.each([
    ['exits', 1, 'error', 'booth.CarPassed called process.exit'],
    ['prints', 0, 'pass', null],
  ])(
    '[R3] prints JSON and nothing else on stdout when service code %s',
    async (mistake, code, verdict, reason) => {
      const folder = folderOf({ 'a.yaml': scenarioText(`params: { mistake: ${mistake} }`) })
      const result = await start(['run', 'a.yaml', '--json'], folder)
      expect(result.code).toBe(code)
      const told = JSON.parse(result.stdout) as { verdict: string; reason: string | null }
      expect(told.verdict).toBe(verdict)
      expect(told.reason ?? '').toContain(reason ?? '')
      expect(result.stderr).not.toMatch(/^\s+at /m)
      if (mistake === 'prints') expect(result.stderr).toContain('a car')
    },
  )

  it.each([
    ['ends the process', 'process.exit(5)', 'ended the process (code 5)'],
    ['rejects', "throw new RangeError('too far')", 'failed: RangeError: too far'],
  ])('[R7] refuses a system that %s from what it left running', async (_what, statement, told) => {
    const text = `import system from '${TOLL}'\nvoid Promise.resolve().then(() => { ${statement} })\nexport default system\n`
    const folder = folderOf({ 'a.yaml': 'system: ./system.ts\n', 'system.ts': text })
    const { code, stdout, stderr } = await start(['run', 'a.yaml'], folder)
    expect({ code, stdout }).toMatchObject({ code: 2, stdout: '' })
    expect(stderr).toContain(`a.yaml:1:9 system.ts: code that it started outside of handlers ${told}`)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('[R13] takes the longest limit of wall time for what it is', async () => {
    const folder = folderOf({ 'a.yaml': scenarioText() })
    expect((await start(['run', 'a.yaml', '--time-limit', '2147483'], folder)).code).toBe(0)
  })

  it('[R2] refuses a bad file without a stack trace', async () => {
    const { code, stdout, stderr } = await start(
      ['run', 'a.yaml'],
      folderOf({ 'a.yaml': scenarioText('fautls: []') }),
    )
    expect({ code, stdout }).toMatchObject({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^a\.yaml:2:1 unknown key 'fautls'.*\n$/)
  })
})
