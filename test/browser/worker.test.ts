import { prepare, run } from 'faultline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { scenarioFiles, systemOf } from '../fixtures/scenarios.ts'
import { PageBench } from './opened-page.ts'

let bench: PageBench

beforeAll(async () => {
  bench = await PageBench.open()
})

afterAll(async () => {
  await bench.close()
})

it('[V20] the page’s worker gives the digest that Node gives, for every scenario file', async () => {
  const page = await bench.page()
  await page.waitForSelector('.card')
  const inWorker = (await page.evaluate(`(async () => {
    const { systems } = await (await fetch('workspace.json')).json()
    const worker = new Worker('worker.js')
    const run = (number, ask) => new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data.value?.summary.digest ?? data.message)
      worker.postMessage({ number, call: 'run', ask })
    })
    const digests = {}
    for (const { bundle, scenarios } of systems)
      for (const { file, scenario } of scenarios) digests[file] = await run(1, { bundle, scenario, seed: 7 })
    return digests
  })()`)) as Record<string, string>
  const inNode: Record<string, string> = {}
  for (const file of scenarioFiles()) {
    const { digest } = await run(prepare(await systemOf(file), file.scenario.params), file.scenario, 7)
    inNode[`scenarios/${file.path}`] = digest
  }
  expect(inWorker).toEqual(inNode)
  expect(Object.keys(inNode).length).toBeGreaterThan(40)
})
