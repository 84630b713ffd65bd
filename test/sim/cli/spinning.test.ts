import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import { whereIs } from '../../../sim/cli/spinning.ts'

/** A thread that runs this, with a name in stacks. */
const threadOf = (code: string, name: string): Promise<Worker> => {
  const announced = `require('node:worker_threads').parentPort.postMessage(0); ${code}\n//# sourceURL=${name}`
  const worker = new Worker(announced, { eval: true })
  onTestFinished(async () => void (await worker.terminate()))
  return new Promise((resolve) => worker.once('message', () => resolve(worker)))
}

const IDLE = 'setInterval(() => {}, 1_000)'

it('[R13] tells where a thread is that spins, whichever it is of several', async () => {
  await threadOf(IDLE, 'idle')
  const first = await threadOf('for (;;);', 'first')
  await threadOf(IDLE, 'idle')
  const second = await threadOf('for (;;);', 'second')
  expect(await whereIs(second)).toMatch(/\(second:1:\d+\)/)
  expect(await whereIs(first)).toMatch(/\(first:1:\d+\)/)
})
