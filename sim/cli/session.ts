import { Worker } from 'node:worker_threads'
import { SimError, type SimErrorCode } from '../kernel/error.ts'
import type { Bundle } from '../run/load-bundle.ts'
import type { Bench, Jobs } from './job.ts'
import { whereIs } from './spinning.ts'

/** A loaded system that does jobs, one at a time. */
export interface Session {
  /**
   * @param limitSeconds wall time after which the job is given up
   * @throws SimError from the system; TimeLimitError, MemoryError and StrayError when it was given up: the session is
   * over then
   */
  perform<Kind extends keyof Jobs>(
    kind: Kind,
    job: Jobs[Kind]['job'],
    limitSeconds: number,
    progress?: (progress: Jobs[Kind]['progress']) => void,
  ): Promise<Jobs[Kind]['outcome']>
  close(): Promise<void>
}

/** Opens a session for a system. */
export type OpenSession = (bundle: Bundle) => Session

/** A job took too long by the wall clock. */
export class TimeLimitError extends Error {
  /** Where the thread was that did it, as errors have it; empty when nobody knows. */
  readonly at: string

  constructor(seconds: number, at = '') {
    super(`it did not end within ${seconds} s of wall time`)
    this.name = 'TimeLimitError'
    this.at = at
  }
}

/** What a system's code had left running failed outside of a run, where no run can tell of it, or ended its thread. */
export class StrayError extends Error {
  constructor(what: string) {
    super(`code that it started outside of handlers ${what}`)
    this.name = 'StrayError'
  }
}

/** The thread in which a job was done needed more memory than it may have. */
export class MemoryError extends Error {
  constructor() {
    super('it ran out of memory')
    this.name = 'MemoryError'
  }
}

/** What a worker answers. */
export type WorkerAnswer =
  | { readonly kind: 'progress'; readonly progress: Jobs[keyof Jobs]['progress'] }
  | { readonly kind: 'outcome'; readonly outcome: unknown }
  | {
      readonly kind: 'failure'
      readonly code: SimErrorCode | undefined
      readonly message: string
      readonly stack: string | undefined
    }

/** Jobs in a worker thread: a handler that spins for ever can be ended. */
export const workerSession: OpenSession = (bundle) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: bundle, stdout: true })
  // What a system prints is progress, not the result.
  worker.stdout.pipe(process.stderr, { end: false })
  worker.unref()
  // It may end between two jobs as well.
  let over: Error | undefined
  worker.on('error', (error) => {
    over ??= failureOf(error)
  })
  worker.on('exit', (code) => {
    over ??= new StrayError(`ended the process (code ${code})`)
  })
  return {
    perform: (kind, job, limitSeconds, progress = () => {}) =>
      new Promise((resolve, reject) => {
        let isSettled = false
        const settle = (finish: () => void): void => {
          isSettled = true
          clearTimeout(timer)
          worker.off('message', hear).off('error', ended).off('exit', ended)
          finish()
        }
        const ended = (): void => settle(() => reject(over))
        const timer = setTimeout(async () => {
          const at = await whereIs(worker)
          // It may have ended just then.
          if (isSettled) return
          settle(() => reject(new TimeLimitError(limitSeconds, at)))
          void worker.terminate()
        }, limitSeconds * 1000)
        const hear = (answer: WorkerAnswer): void => {
          if (answer.kind === 'progress') progress(answer.progress as Jobs[typeof kind]['progress'])
          else if (answer.kind === 'outcome')
            settle(() => resolve(answer.outcome as Jobs[typeof kind]['outcome']))
          else settle(() => reject(revived(answer)))
        }
        worker.on('message', hear).on('error', ended).on('exit', ended)
        if (over === undefined) worker.postMessage({ kind, job })
        else ended()
      }),
    close: async () => {
      await worker.terminate()
    },
  }
}

/** Jobs in this thread, without a wall limit: for hosts that cannot start workers, and for tests. */
export const localSession: OpenSession = (bundle) => {
  let bench: Bench | undefined
  return {
    perform: async (kind, job, _limitSeconds, progress = () => {}) => {
      const implementation = await import('./job.ts')
      bench ??= new implementation.Bench(bundle)
      return structuredClone(await bench.perform(kind, job, progress))
    },
    close: async () => {},
  }
}

/** Why a worker is over. */
function failureOf(error: Error & { readonly code?: unknown }): Error {
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new MemoryError()
    : new StrayError(`failed: ${error.name}: ${error.message}`)
}

function revived({ code, message, stack }: WorkerAnswer & { kind: 'failure' }): Error {
  const error = code === undefined ? new Error(message) : new SimError(code, message)
  if (stack !== undefined) error.stack = stack
  return error
}
