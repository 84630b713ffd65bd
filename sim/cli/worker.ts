import { parentPort, workerData } from 'node:worker_threads'
import { SimError, stackOf } from '../kernel/error.ts'
import type { Bundle } from '../run/load-bundle.ts'
import { Bench, type Jobs } from './job.ts'
import type { WorkerAnswer } from './session.ts'

/** The thread in which a system lives: it answers one job after another. */
let bench: Bench | undefined

const answer = (message: WorkerAnswer): void => parentPort?.postMessage(message)

/** Loads the system, and lets what it started while it was loaded come to its end: should it fail, it fails now. */
async function open(bundle: Bundle): Promise<Bench> {
  const opened = new Bench(bundle)
  await new Promise((resolve) => setImmediate(resolve))
  return opened
}

async function perform({ kind, job }: { kind: keyof Jobs; job: Jobs[keyof Jobs]['job'] }): Promise<void> {
  try {
    bench ??= await open(workerData as Bundle)
    const outcome = await bench.perform(kind, job, (progress) => answer({ kind: 'progress', progress }))
    answer({ kind: 'outcome', outcome })
  } catch (error) {
    const code = error instanceof SimError ? error.code : undefined
    const { message } = error instanceof Error ? error : new Error(String(error))
    answer({ kind: 'failure', code, message, stack: stackOf(error) || undefined })
  }
}

parentPort?.on('message', (request) => void perform(request))
