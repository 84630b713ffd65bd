import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { run } from 'faultline'
import { describe, expect, it } from 'vitest'
import '../../../sim/vitest/scenario.ts'
import { folderOf, invoke, ROOT, TOLL } from '../../fixtures/cli.ts'
import { doubleToll, toll } from '../../fixtures/toll.ts'

describe('the matchers of a suite', () => {
  it('[P9] say whether a run upheld a property, and why not', async () => {
    const result = await run(toll(), doubleToll, 1)
    expect(result).toUphold('all paid')
    expect(result).not.toUphold('paid once')
    expect(() => expect(result).toUphold('paid once')).toThrow('paid once: car-3 paid 2 times')
    expect(() => expect(result).toUphold('payed once')).toThrow(
      "no property 'payed once': it has paid once, all paid",
    )
  })

  it('[P9] say whether everything converged within a bound, counted from when everything was calm', async () => {
    const result = await run(toll(), doubleToll, 1)
    const converged = result.properties.find(({ name }) => name === 'all paid')?.convergedMicros ?? 0
    expect(converged).toBeGreaterThan(1_000)
    expect(result).toConverge({ within: `${converged}us` })
    expect(result).not.toConverge({ within: `${converged - 1}us` })
    expect(() => expect(result).toConverge({ within: '1us' })).toThrow('not within 1us')
  })

  it('[P9] do not call a run converged that a budget has ended', async () => {
    const result = await run(toll(), { ...doubleToll, budget: { ...doubleToll.budget, events: 50 } }, 1)
    expect(result).not.toConverge({ within: '1h' })
    expect(result).not.toUphold('all paid')
  })
})

const CONFIG = `
import { defaultServerConditions } from 'vite'
const conditions = ['faultline-source', ...defaultServerConditions]
export default { resolve: { conditions }, ssr: { resolve: { conditions } } }
`

/** A suite in a file of a user's project. */
const suite = (system: string, options: string): string => `
import { scenario } from 'faultline/vitest'
import system from '${system}'
scenario('cars pay', { system, params: { key: false }, ${options} }, ({ run, expect }) => {
  expect(run).toUphold('paid once')
})
`

/** Runs the tests of a project of its own, which has vitest and faultline installed. */
async function projectRun(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<{ folder: string; code: number; told: string }> {
  const folder = folderOf({ 'package.json': '{ "type": "module" }', 'vitest.config.js': CONFIG, ...files })
  mkdirSync(join(folder, 'node_modules'))
  for (const name of ['vitest', 'vite'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  symlinkSync(ROOT, join(folder, 'node_modules/faultline'))
  const argv = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--no-color']
  const environment = { ...process.env, NODE_ENV: 'test', VITEST: '', ...env }
  return promisify(execFile)(process.execPath, argv, { cwd: folder, env: environment }).then(
    ({ stdout, stderr }) => ({ folder, code: 0, told: stdout + stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      folder,
      code,
      told: stdout + stderr,
    }),
  )
}

describe("a suite in a user's project", { timeout: 60_000 }, () => {
  const toll = readFileSync(TOLL, 'utf8')

  it.each([
    ['a path of its own', 'src/road/toll.ts', 'system: ../../src/road/toll.ts'],
    ['the path by which a name is found', 'scenarios/toll/system.ts', 'system: toll'],
  ])(
    '[P13] saves a failure so that its command replays it, with a system at %s',
    async (_how, file, line) => {
      const { folder, code, told } = await projectRun({
        [file]: toll,
        'test/cars.test.ts': suite(`../${file}`, 'runs: 60'),
      })
      expect(code).toBe(1)
      expect(told).toContain('paid once is violated at')
      const saved = readFileSync(join(folder, 'reports/suites/cars-pay.yaml'), 'utf8')
      expect(saved.split('\n')).toContain(line)
      expect(told).toContain('replay: npx faultline run reports/suites/cars-pay.yaml')
      const replayed = await invoke(['run', 'reports/suites/cars-pay.yaml'], folder)
      expect(replayed.code, replayed.stderr).toBe(0)
      expect(replayed.stdout).toContain('✗ paid once  violated')
    },
  )

  it('[P12] [P13] says what it cannot know, and which seed it cannot take', async () => {
    const own =
      "import { scenario } from 'faultline/vitest'\nimport toll from '../toll.ts'\nconst system = { ...toll }\n"
    const body = "({ run, expect }) => expect(run).toUphold('paid once')"
    const files = {
      'toll.ts': toll,
      'test/own.test.ts': `${own}scenario('own', { system, params: { key: false }, runs: 60 }, ${body})\n`,
    }
    const { told } = await projectRun(files)
    expect(told).toContain("Say it in the suite,\nsystemFile: import.meta.resolve('./system.ts')")
    const refused = await projectRun(files, { FAULTLINE_SEED: 'abc' })
    expect(refused.code).toBe(1)
    expect(refused.told).toContain("FAULTLINE_SEED: expected a whole number from 0, got 'abc'")
  })
})
