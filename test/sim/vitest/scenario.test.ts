import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { run } from 'faultline'
import { beforeAll, describe, expect, it } from 'vitest'
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
const suite = (name: string, system: string): string => `
import { scenario } from 'faultline/vitest'
import system from '${system}'
scenario('${name}', { system, params: { key: false }, runs: 60 }, ({ run, expect }) => {
  expect(run).toUphold('paid once')
})
`

/** A suite whose system is no module's default export. */
const OWN_SUITE = `
import { scenario } from 'faultline/vitest'
import toll from '../src/road/toll.ts'
const system = { ...toll }
scenario('own', { system, params: { key: false }, runs: 60 }, ({ run, expect }) => expect(run).toUphold('paid once'))
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

describe("a suite in a user's project", () => {
  const PATH = 'src/road/toll.ts'
  const NAMED = 'scenarios/toll/system.ts'
  const source = readFileSync(TOLL, 'utf8')
  const system = { [PATH]: source, [NAMED]: source }
  let failing: ReturnType<typeof projectRun>

  beforeAll(async () => {
    failing = projectRun({
      ...system,
      'test/path.test.ts': suite('by path', `../${PATH}`),
      'test/name.test.ts': suite('by name', `../${NAMED}`),
      'test/own.test.ts': OWN_SUITE,
    })
    await failing
  })

  it.each([
    ['a path of its own', 'by-path', `system: ../../${PATH}`],
    ['the path by which a name is found', 'by-name', 'system: toll'],
  ])(
    '[P13] saves a failure so that its command replays it, with a system at %s',
    async (_how, slug, line) => {
      const { folder, code, told } = await failing
      expect(code).toBe(1)
      expect(told).toContain('paid once is violated at')
      const file = `reports/suites/${slug}.yaml`
      expect(readFileSync(join(folder, file), 'utf8').split('\n')).toContain(line)
      expect(told).toContain(`replay: npx faultline run ${file}`)
      const replayed = await invoke(['run', file], folder)
      expect(replayed.code, replayed.stderr).toBe(0)
      expect(replayed.stdout).toContain('✗ paid once  violated')
    },
  )

  it('[P13] says what it cannot know', async () => {
    const { told } = await failing
    expect(told).toContain("Say it in the suite,\nsystemFile: import.meta.resolve('./system.ts')")
  })

  it('[P12] says which seed it cannot take', async () => {
    const files = { ...system, 'test/path.test.ts': suite('by path', `../${PATH}`) }
    const { code, told } = await projectRun(files, { FAULTLINE_SEED: 'abc' })
    expect(code).toBe(1)
    expect(told).toContain("FAULTLINE_SEED: expected a whole number from 0, got 'abc'")
  })
})
