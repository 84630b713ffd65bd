import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { builtInJobs, type Outcome, perform } from '../browser/digest-job.ts'
import { folderOf, ROOT } from '../fixtures/cli.ts'
import { LOCAL_USES } from '../fixtures/mistakes.ts'

const jobs = builtInJobs([1])

/** Machines as far as a process can tell: their time zone and their language. */
const MACHINES = [
  { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' },
  { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' },
  { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
]

/** A program that does all jobs and prints what came of them, and where it thinks it is. */
async function program(): Promise<string> {
  const file = join(folderOf(), 'jobs.cjs')
  await build({
    stdin: {
      contents: [
        `import { builtInJobs, perform } from './test/browser/digest-job.ts'`,
        'const here = [new Date(0).getHours(), (1234.5).toLocaleString()]',
        'perform(builtInJobs([1]), []).then((outcomes) => console.log(JSON.stringify({ here, outcomes })))',
      ].join('\n'),
      resolveDir: ROOT,
    },
    bundle: true,
    outfile: file,
    format: 'cjs',
    platform: 'node',
    banner: { js: "'use strict';" },
    conditions: ['faultline-source'],
    logLevel: 'error',
  })
  return file
}

interface Told {
  readonly here: unknown
  readonly outcomes: Outcome[]
}

describe('the same runs on machines with other time zones and languages', () => {
  let told: Told[]

  beforeAll(async () => {
    const file = await program()
    told = []
    for (const machine of MACHINES) {
      const env = { ...process.env, ...machine }
      const { stdout } = await promisify(execFile)(process.execPath, [file], { env, maxBuffer: 2 ** 24 })
      told.push(JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')) as string))
    }
  }, 120_000)

  it('[D14] give the same bytes, which are those of this machine', async () => {
    const [first, ...others] = told.map(({ outcomes }) => outcomes)
    for (const other of others) expect(other).toEqual(first)
    expect(await perform(jobs, [])).toEqual(first)
  })

  it('[D14] are runs on machines that differ, and of code that would tell', () => {
    expect(new Set(told.map(({ here }) => JSON.stringify(here))).size).toBe(MACHINES.length)
    const names = told[0]?.outcomes.map(({ job }) => job)
    for (const use of Object.keys(LOCAL_USES)) expect(names).toContain(`mistake ${use}, seed 1`)
  })
})
