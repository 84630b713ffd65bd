import type { Calls, Question, Reply } from './protocol.ts'

interface Pending {
  readonly answer: (value: never) => void
  readonly fail: (error: Error) => void
  readonly progress: (value: never) => void
  readonly timer: ReturnType<typeof setTimeout>
}

/** Wall time after which a job is given up. */
const LIMIT_MILLIS = 120_000

/** Somebody did not want to wait for it. */
export class StoppedError extends Error {
  constructor() {
    super('it was stopped')
  }
}

/** The page's end of the worker: it starts one when it is needed, and another one after it had to end one. */
export class Engine {
  private worker: Worker | undefined
  private readonly pending = new Map<number, Pending>()
  private asked = 0

  /** Asks the worker. @throws Error with a message for people when it cannot be done, or was stopped */
  ask<Call extends keyof Calls>(
    call: Call,
    ask: Calls[Call]['ask'],
    progress: (progress: Calls[Call]['progress']) => void = () => {},
  ): Promise<Calls[Call]['answer']> {
    const number = ++this.asked
    this.worker ??= this.start()
    const { worker } = this
    return new Promise((answer, fail) => {
      const giveUp = (): void =>
        this.stop(
          new Error(`it did not end within ${LIMIT_MILLIS / 1000} s: a handler may never come to an await`),
        )
      const timer = setTimeout(giveUp, LIMIT_MILLIS)
      this.pending.set(number, { answer, fail, progress, timer })
      worker.postMessage({ number, call, ask } satisfies Question)
    })
  }

  /** Ends whatever is going on, which then fails with a reason. */
  stop(why: Error): void {
    this.worker?.terminate()
    this.worker = undefined
    for (const { fail, timer } of this.pending.values()) {
      clearTimeout(timer)
      fail(why)
    }
    this.pending.clear()
  }

  private start(): Worker {
    const worker = new Worker(workerUrl())
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.hear(data)
    worker.onerror = ({ message }) => this.stop(new Error(`the simulator could not go on: ${message}`))
    return worker
  }

  private hear(reply: Reply): void {
    const pending = this.pending.get(reply.number)
    if (pending === undefined) return
    if (reply.kind === 'progress') {
      pending.progress(reply.value as never)
      return
    }
    clearTimeout(pending.timer)
    this.pending.delete(reply.number)
    if (reply.kind === 'answer') pending.answer(reply.value as never)
    else pending.fail(new Error(reply.message))
  }
}

let embedded: string | undefined

/** A report carries the worker's script in itself; elsewhere it lies beside the page. */
function workerUrl(): string {
  const script = document.getElementById('faultline-worker')?.textContent
  if (!script) return new URL('worker.js', document.baseURI).href
  embedded ??= URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  return embedded
}
