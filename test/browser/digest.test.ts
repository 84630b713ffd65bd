import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { System } from 'faultline'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { type ScenarioFile, scenarioFiles, systemOf } from '../fixtures/scenarios.ts'
import { launch } from './chromium.ts'
import { builtInJobs, type Job, type Outcome, perform } from './digest-job.ts'

const SEEDS = [1, 2, 3]
/** Of scenario files; the worker of the page takes another one. */
const SCENARIO_SEEDS = [1]
/** Nothing is fetched: the page and its worker are answered from memory. A secure origin, for what is hidden elsewhere. */
const ORIGIN = 'https://faultline.test'

const files = scenarioFiles()
const systemNames = [...new Set(files.map(({ scenario }) => scenario.system))]
const jobs: Job[] = [
  ...builtInJobs(SEEDS),
  ...files.flatMap(({ path, scenario }) =>
    SCENARIO_SEEDS.map((seed) => ({ kind: 'scenario', name: path, scenario, seed }) as const),
  ),
]

/** The simulator, the shapes and every system of the project as a script for a worker. */
async function workerScript(): Promise<string> {
  const imports = systemNames.map(
    (name, index) => `import system${index} from '../../scenarios/${name}/system.ts'`,
  )
  const { outputFiles } = await build({
    stdin: {
      contents: [
        ...imports,
        `import { perform } from './digest-job.ts'`,
        `import { defaultHost } from '../../sim/run/host.ts'`,
        `const systems = [${systemNames.map((_name, index) => `system${index}`).join()}]`,
        'onmessage = async ({ data }) => {',
        '  const { name } = await defaultHost()',
        '  postMessage({ host: name, outcomes: await perform(data, systems) })',
        '}',
      ].join('\n'),
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'iife',
    banner: { js: "'use strict';" },
    platform: 'browser',
    target: 'es2022',
    conditions: ['faultline-source'],
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

interface WorkerResult {
  readonly host: string
  readonly outcomes: Outcome[]
}

/** Runs the jobs in a worker of a page. */
async function performInBrowser(browser: Browser, script: string): Promise<WorkerResult> {
  const page = await browser.newPage()
  await page.route(`${ORIGIN}/**`, (route) =>
    route.request().url().endsWith('/worker.js')
      ? route.fulfill({ contentType: 'text/javascript', body: script })
      : route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>faultline</title>' }),
  )
  await page.goto(`${ORIGIN}/`)
  return await page.evaluate(`new Promise((resolve, reject) => {
    const worker = new Worker('/worker.js')
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(${JSON.stringify(jobs)})
  })`)
}

const systemsOf = (all: readonly ScenarioFile[]): Promise<System[]> =>
  Promise.all(
    systemNames.map((name) => systemOf(all.find(({ scenario }) => scenario.system === name) as ScenarioFile)),
  )

describe('a run in Chromium', () => {
  let inBrowser: WorkerResult
  let inNode: Outcome[]

  beforeAll(async () => {
    inNode = await perform(jobs, await systemsOf(files))
    const browser = await launch()
    try {
      inBrowser = await performInBrowser(browser, await workerScript())
    } finally {
      await browser.close()
    }
  })

  it('[D5] takes a message per resumption', () => {
    expect(inBrowser.host).toBe('MessageChannel')
    expect(inBrowser.outcomes).toHaveLength(jobs.length)
  })

  const ofKind = (outcomes: readonly Outcome[], kind: string) =>
    outcomes.filter(({ job }) => job.startsWith(kind))

  it.each(['shape', 'scenario', 'mistake'])('[D5] of every %s gives what it gives in Node', (kind) => {
    expect(ofKind(inBrowser.outcomes, kind)).toEqual(ofKind(inNode, kind))
    expect(new Set(ofKind(inNode, kind).map(({ digest }) => digest)).size).toBeGreaterThan(1)
  })

  it('[D10] [K20] [K22] of what service code must not do ends with the error of Node', () => {
    for (const kind of ['mistake', 'rejection']) {
      const told = ({ job, verdict, reason }: Outcome) => ({ job, verdict, reason })
      const expected = ofKind(inNode, kind).map(told)
      expect(ofKind(inBrowser.outcomes, kind).map(told)).toEqual(expected)
      expect(expected.filter(({ verdict }) => verdict !== 'error')).toEqual([])
      expect(expected.length).toBeGreaterThan(1)
    }
  })
})
