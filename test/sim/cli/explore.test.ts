import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scenarioOfKind } from '../../../sim/cli/faults.ts'
import { localSession, type OpenSession, StrayError } from '../../../sim/cli/session.ts'
import { FAULT_KINDS } from '../../../sim/faults/registry.ts'
import { folderOf, invoke, scenarioText } from '../../fixtures/cli.ts'

const RIGHT = scenarioText('name: right', 'workload: { orders: 2 }')
const WRONG = scenarioText('name: wrong', 'params: { key: false }', 'workload: { orders: 2 }')
const RUNS = 40

const explore = (folder: string, ...options: string[]) =>
  invoke(['explore', 'a.yaml', '--runs', String(RUNS), '--no-shrink', ...options], folder)

/** Everything that a campaign leaves behind, by name of the file. */
const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))

describe('a campaign', () => {
  it('[X5] [X10] says how every property fared, what struck and what never did', async () => {
    const folder = folderOf({ 'a.yaml': WRONG })
    const { stdout } = await explore(folder)
    expect(stdout).toMatch(/^toll · wrong · random · seeds 1 to 40$/m)
    expect(stdout).toMatch(
      /✗ paid once {2}violated in \d+ of 40 runs, first in run \d+ \(seed \d+\): \S+ paid 2 times/,
    )
    expect(stdout).toMatch(/✓ all paid {3}held in \d+ runs/)
    expect(stdout).toMatch(/the next run shows an unseen one with a chance of about \d+\.\d %/)
    for (const { kind } of FAULT_KINDS)
      expect(stdout).toMatch(new RegExp(`^ {4}${kind} +(struck in|was in no plan|never struck)`, 'm'))
    const report = JSON.parse(filesIn(join(folder, 'reports/wrong/random-seed-1'))['campaign.json'] as string)
    expect(report.coverage.length + report.neverStruck.length).toBeGreaterThan(20)
    expect(
      report.neverStruck.some((what: string) =>
        report.coverage.some(({ struck }: { struck: string }) => struck === what),
      ),
    ).toBe(false)
  })

  it('[X1] is the same in every process, to the byte', async () => {
    const [one, other] = [folderOf({ 'a.yaml': WRONG }), folderOf({ 'a.yaml': WRONG })]
    const first = await explore(one, '--workers', '1')
    const second = await explore(other, '--workers', '3')
    expect(second.stdout).toBe(first.stdout)
    // Only the text of the system's bundle could differ between folders, and it does not.
    expect(filesIn(join(other, 'reports/wrong/random-seed-1'))).toEqual(
      filesIn(join(one, 'reports/wrong/random-seed-1')),
    )
  })

  it.each(['random', 'enumerate'])(
    '[X1] of strategy %s: any run of it, saved as a scenario file, gives the same digest',
    async (strategy) => {
      const folder = folderOf({ 'a.yaml': WRONG })
      await explore(folder, '--strategy', strategy)
      const lines = readFileSync(join(folder, `reports/wrong/${strategy}-seed-1/results.jsonl`), 'utf8')
        .trim()
        .split('\n')
      for (const index of [0, 7, 18, 29]) {
        const { digest, seed } = JSON.parse(lines[index + 1] as string) as { digest: string; seed: number }
        const saved = await invoke(
          ['explore', 'a.yaml', '--strategy', strategy, '--case', String(index + 1), '--out', 'case.yaml'],
          folder,
        )
        expect(saved.stdout).toContain(`seed ${seed} · digest ${digest}`)
        const { stdout } = await invoke(['run', 'case.yaml'], folder)
        expect(stdout).toContain(`seed ${seed} · digest ${digest}`)
      }
    },
  )

  it.each([
    ['0 when nothing breaks', RIGHT, 0],
    ['1 when something does', WRONG, 1],
    ['0 when only that breaks which is expected to', `${WRONG}expect: { paid once: violated }\n`, 0],
    ['1 when what is expected to break never does', `${RIGHT}expect: { paid once: violated }\n`, 1],
    [
      '1 when a run ends with an error',
      RIGHT.replace('workload', 'params: { mistake: ambient }\nworkload'),
      1,
    ],
    ['3 when a run has no verdict', `${RIGHT}budget: { events: 20 }\n`, 3],
  ])('[X12] exits with %s', async (_when, text, code) => {
    const invocation = await explore(folderOf({ 'a.yaml': text }))
    expect(invocation.code, invocation.stdout).toBe(code)
  })

  it('[X10] says of a kind that is in no plan whether it could be in one', async () => {
    const folder = folderOf({ 'a.yaml': RIGHT })
    const { stdout } = await explore(folder, '--strategy', 'enumerate', '--runs', '1')
    expect(stdout).toMatch(/^ {4}crash +was in no plan$/m)
    expect(stdout).toMatch(
      /^ {4}evict +was in no plan: it can hit nothing here, or only a scenario can mean it$/m,
    )
  })

  it('[X12] keeps runs without a verdict apart from those in which a property held', async () => {
    const folder = folderOf({
      'a.yaml': scenarioText('name: tight', 'workload: { orders: 1 }', 'budget: { events: 40 }'),
    })
    const { stdout, code } = await explore(folder)
    expect(code).toBe(3)
    const [, runs] =
      /! (\d+) runs without a verdict, first run 1 \(seed 1\): the budget of events ran out/.exec(stdout) ??
      []
    const [, held, undecided, , unasked = 0] =
      /all paid +held in (\d+) runs?, without a verdict in (\d+) runs(, never\s+asked in (\d+) runs?)?/.exec(
        stdout,
      ) ?? []
    expect(Number(held) + Number(undecided) + Number(unasked)).toBe(RUNS)
    expect(Number(runs)).toBeGreaterThan(20)
    expect(Number(held)).toBeLessThanOrEqual(RUNS - Number(runs))
    expect(Number(undecided)).toBeLessThanOrEqual(Number(runs))
  })

  it('[X10] tells of a property that was never asked', async () => {
    const { stdout } = await explore(folderOf({ 'a.yaml': `${RIGHT}budget: { events: 20 }\n` }))
    expect(stdout).toContain('○ paid once  never asked: nothing that it reads has changed')
  })
})

describe('a campaign in parts', () => {
  it('[X7] adds up to the same bytes as one made at once', async () => {
    const folder = folderOf({ 'a.yaml': WRONG })
    const whole = await explore(folder)
    const parts = ['1/3', '2/3', '3/3']
    for (const part of parts) await explore(folder, '--shard', part)
    const shards = parts.map((part) => `reports/wrong/random-seed-1-shard-${part.replace('/', '-of-')}`)
    const merged = await invoke(['report', 'merge', ...shards, '--out', 'merged'], folder)
    expect(merged).toMatchObject({ code: whole.code, stdout: whole.stdout })
    expect(filesIn(join(folder, 'merged'))).toEqual(filesIn(join(folder, 'reports/wrong/random-seed-1')))
  })

  it('[X7] [X19] leaves out the same pairs of an enumeration in parts as at once, and says how many and why', async () => {
    const bounds = 'explore: { faults: [redeliver] }'
    const folder = folderOf({ 'a.yaml': scenarioText('name: pairs', 'workload: { orders: 1 }', bounds) })
    const enumerate = (...options: string[]) =>
      explore(folder, '--strategy', 'enumerate', '--runs', '150', ...options)
    const whole = await enumerate('--out', 'whole')
    expect(whole.stdout).toMatch(
      /^ {2}23 points in time at 14 steps \(7 more .*\), 23 single faults, (\d+) pairs whose second fault\n {2}strikes where only the first leads, 253 pairs of single faults$/m,
    )
    const [, runs, cases] =
      /(\d+) runs · [\s\S]*?(\d+) cases not made: the second fault would strike in the state of an earlier pair/.exec(
        whole.stdout,
      ) ?? []
    expect(Number(runs) + Number(cases)).toBe(150)
    expect(Number(cases)).toBeGreaterThan(30)
    for (const part of ['1', '2']) await enumerate('--shard', `${part}/2`, '--out', part)
    const merged = await invoke(['report', 'merge', '1', '2', '--out', 'merged'], folder)
    expect(merged).toMatchObject({ code: whole.code, stdout: whole.stdout })
    expect(filesIn(join(folder, 'merged'))).toEqual(filesIn(join(folder, 'whole')))
  })

  it('[X21] repeats a pair whose second fault strikes where only the first leads, resumes among them, and ends after the last pair', async () => {
    const bounds = 'explore: { faults: [redeliver] }'
    const folder = folderOf({ 'a.yaml': scenarioText('name: pairs', 'workload: { orders: 1 }', bounds) })
    const enumerate = (runs: number, ...options: string[]) =>
      explore(folder, '--strategy', 'enumerate', '--runs', String(runs), ...options)
    const lines = (name: string): string[] =>
      readFileSync(join(folder, name, 'results.jsonl'), 'utf8')
        .trim()
        .split('\n')
    const few = await enumerate(30, '--out', 'parts')
    expect(few.stdout).toMatch(
      /strikes where only the first leads \(at least \d+, the\s+rest not yet counted\)/,
    )
    await enumerate(1_000_000, '--out', 'parts', '--resume')
    const whole = await enumerate(1_000_000, '--out', 'whole')
    expect(filesIn(join(folder, 'parts'))).toEqual(filesIn(join(folder, 'whole')))
    const [, late] = / (\d+) pairs whose second fault/.exec(whole.stdout) ?? []
    expect(lines('whole')).toHaveLength(1 + 1 + 23 + Number(late) + 253)
    const outcomes = lines('whole').map((line) => JSON.parse(line) as { digest: string; features?: string[] })
    const index = outcomes.findIndex(({ features }) =>
      features?.some((name) => /only the first leads/.test(name)),
    )
    expect(index).toBeGreaterThan(24)
    const one = await enumerate(30, '--case', String(index), '--out', 'case.yaml')
    expect(one.stdout).toContain(`digest ${outcomes[index]?.digest}`)
    expect((await invoke(['run', 'case.yaml'], folder)).stdout).toContain(`digest ${outcomes[index]?.digest}`)
    const none = await enumerate(30, '--case', '1000000')
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('there are only') })
  })

  it('[X7] says what is missing, and does not add up what does not belong together', async () => {
    const folder = folderOf({ 'a.yaml': RIGHT })
    await explore(folder, '--shard', '1/2')
    const [shard, other] = ['reports/right/random-seed-1-shard-1-of-2', 'reports/right/random-seed-9']
    const part = await invoke(['report', 'merge', shard, '--out', 'merged'], folder)
    expect(part).toMatchObject({ code: 3, stderr: '20 of 40 runs are in none of these folders\n' })
    await explore(folder, '--seed', '9')
    const mixed = await invoke(['report', 'merge', shard, other, '--out', 'merged'], folder)
    expect(mixed).toMatchObject({ code: 2, stdout: '' })
    expect(mixed.stderr).toContain('its results are of another campaign')
  })

  it('[X7] loses nothing when it is interrupted anywhere, and ends with the same bytes', async () => {
    const folder = folderOf({ 'a.yaml': WRONG })
    const whole = await explore(folder, '--out', 'whole')
    for (const after of [1, 7, 14]) {
      const out = `cut-${after}`
      let interrupt = (): void => {}
      let heard = 0
      const counting: OpenSession = (bundle) => {
        const session = localSession(bundle)
        return {
          ...session,
          perform: (kind, job, limit, progress) =>
            session.perform(kind, job, limit, (outcome) => {
              progress?.(outcome)
              if (kind === 'explore' && ++heard === after) interrupt()
            }),
        }
      }
      const argv = [
        'explore',
        'a.yaml',
        '--runs',
        String(RUNS),
        '--no-shrink',
        '--workers',
        '1',
        '--out',
        out,
      ]
      const cut = await invoke(argv, folder, counting, (listener) => {
        interrupt = listener
        return () => {}
      })
      expect(cut.code).toBe(130)
      const path = join(folder, out, 'results.jsonl')
      const finished = readFileSync(path, 'utf8').trim().split('\n').length - 1
      expect(finished).toBeGreaterThanOrEqual(after)
      expect(finished).toBeLessThan(RUNS)
      // As if the machine had died while it wrote.
      writeFileSync(path, `${readFileSync(path, 'utf8')}{"index":39,"se`)
      const resumed = await explore(folder, '--out', out, '--resume')
      expect(resumed).toMatchObject({ code: whole.code, stdout: whole.stdout })
      expect(resumed.stderr).toContain(`${finished} of 40 runs were there already`)
      expect(filesIn(join(folder, out))).toEqual(filesIn(join(folder, 'whole')))
    }
  })

  it('[X7] says so when it replaces what could have been resumed', async () => {
    const folder = folderOf({ 'a.yaml': RIGHT })
    await explore(folder)
    expect((await explore(folder)).stderr).not.toContain('--resume')
    const path = join(folder, 'reports/right/random-seed-1/results.jsonl')
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, `${lines.slice(0, 13).join('\n')}\n`)
    expect((await explore(folder)).stderr).toContain(
      '12 of 40 runs were there already and are made again: --resume goes on with them',
    )
    writeFileSync(path, 'something else')
    expect(await explore(folder)).toMatchObject({ code: 0 })
  })

  it('[X7] is not resumed with results of another one', async () => {
    const folder = folderOf({ 'a.yaml': RIGHT })
    await explore(folder, '--out', 'results')
    for (const other of [
      ['--seed', '2'],
      ['--strategy', 'enumerate'],
      ['--shard', '1/2'],
    ]) {
      const { code, stderr } = await explore(folder, '--out', 'results', '--resume', ...other)
      expect({ code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('are of another campaign'),
      })
    }
  })
})

describe('workers', () => {
  /** Sessions that die when they come to a run, each as often as it says, in the middle of what they do. */
  const mortal =
    (deaths: Map<number, number>): OpenSession =>
    (bundle) => {
      const session = localSession(bundle)
      return {
        ...session,
        perform: async (kind, job, limit, progress) => {
          if (kind !== 'explore') return session.perform(kind, job, limit, progress)
          for (const index of (job as { indexes: readonly number[] }).indexes) {
            const left = deaths.get(index) ?? 0
            deaths.set(index, left - 1)
            if (left > 0) throw new StrayError('ended the process (code 9)')
            await session.perform(kind, { ...job, indexes: [index] }, limit, progress)
          }
          return undefined as never
        },
      }
    }
  const argv = ['explore', 'a.yaml', '--runs', String(RUNS), '--no-shrink']

  it('[X8] that die lose no finished run, and what they were at is made again', async () => {
    const folder = folderOf({ 'a.yaml': WRONG })
    const whole = await explore(folder, '--out', 'whole')
    const deaths = new Map([
      [0, 1],
      [5, 1],
      [6, 1],
      [17, 1],
      [29, 1],
    ])
    const shaken = await invoke([...argv, '--out', 'shaken'], folder, mortal(deaths))
    expect(shaken).toMatchObject({ code: whole.code, stdout: whole.stdout })
    expect(filesIn(join(folder, 'shaken'))).toEqual(filesIn(join(folder, 'whole')))
  })

  it('[X8] none of which survives a run leave it without a verdict, and make all others', async () => {
    const folder = folderOf({ 'a.yaml': RIGHT })
    const { code, stdout } = await invoke(argv, folder, mortal(new Map([[11, 99]])))
    expect(code).toBe(3)
    expect(stdout).toContain('! 1 run without a verdict, first run 12 (seed 12)')
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('ended the process (code 9)')
    expect(stdout).toContain('40 runs')
  })
})

describe('what a campaign finds', () => {
  it('[X9] is shrunk, explained and saved as a scenario that runs, and comes first the next time', async () => {
    const folder = folderOf({ 'a.yaml': WRONG })
    const found = await invoke(['explore', 'a.yaml', '--runs', '60', '--seed', '1'], folder)
    expect(found.code).toBe(1)
    expect(found.stdout).toMatch(/──── paid once ────/)
    expect(found.stdout).toMatch(/why \(car-1\)[\s\S]*✗ paid once: \S+ paid 2 times/)
    expect(found.stdout).toMatch(/shrunk: +\d+ → \d faults?, \d → 1 car/)
    const corpus = join(folder, 'reports/wrong/corpus')
    const file = readdirSync(corpus).find((name) => name.endsWith('.yaml'))
    expect((await invoke(['run', join(corpus, file as string)], folder)).code).toBe(0)

    const again = await explore(folder, '--seed', '1000')
    expect(again.stdout).toContain(`✗ paid once: still breaks (reports/wrong/corpus/${file})`)
    writeFileSync(join(folder, 'a.yaml'), RIGHT.replace('right', 'wrong'))
    const mended = await explore(folder)
    expect(mended.stdout).toContain(`✓ paid once: holds now (reports/wrong/corpus/${file})`)
    expect(mended.stdout).toMatch(
      /first differs: then [\d.]+ s booth-\d charged 5\.00 EUR \(charge ch-\d, no idempotency key\)\n +now +[\d.]+ s booth-\d charged 5\.00 EUR \(charge ch-\d\)/,
    )
    expect(mended.code).toBe(0)
    writeFileSync(join(corpus, file as string), `system: toll\nfaults: 7\n`)
    expect((await explore(folder)).stdout).toMatch(/\? .*faults/)
  })
})

describe('list faults', () => {
  it('[X11] names every kind with what it does and what it can be told', async () => {
    const { code, stdout } = await invoke(['list', 'faults'], folderOf())
    expect(code).toBe(0)
    for (const { kind, says } of FAULT_KINDS) {
      expect(stdout).toMatch(new RegExp(`^${kind} +${says.slice(0, 20)}`, 'm'))
      expect(stdout).toMatch(new RegExp(`^ +${kind}: `, 'm'))
      expect(stdout).toContain(`shown by ${scenarioOfKind(kind)}`)
    }
    expect(stdout).toContain('restart: how long it stays down; default 300ms')
  })
})
