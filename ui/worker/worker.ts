import { transferables } from '../model/columns.ts'
import { perform } from './bench.ts'
import type { Question, Reply, RunAnswer } from './protocol.ts'

const post = postMessage as (reply: Reply, transfer?: readonly Transferable[]) => void

/** The thread in which runs happen: the page stays free, and a handler that spins for ever can be ended. */
addEventListener('message', async ({ data }: MessageEvent<Question>): Promise<void> => {
  const { number, call, ask } = data
  try {
    const value = await perform(call, ask as never, (progress) =>
      post({ number, kind: 'progress', value: progress }),
    )
    const columns = (value as Partial<RunAnswer> | undefined)?.columns
    post({ number, kind: 'answer', value }, columns === undefined ? [] : transferables(columns))
  } catch (error) {
    post({ number, kind: 'failure', message: error instanceof Error ? error.message : String(error) })
  }
})
