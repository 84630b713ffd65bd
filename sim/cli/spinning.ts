import { type InspectorNotification, Session } from 'node:inspector'
import type { Worker } from 'node:worker_threads'

/** Milliseconds that a thread has to say where it is. */
const PATIENCE_MILLIS = 5_000

interface Attached {
  readonly sessionId: string
  readonly workerInfo: { readonly title: string }
}

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string
    readonly location: {
      readonly scriptId: string
      readonly lineNumber: number
      readonly columnNumber: number
    }
  }[]
}

interface Message {
  readonly method?: string
  readonly params: { readonly scriptId: string; readonly url: string } & Paused
}

/**
 * Where a thread is that may never come to an end: its stack, as an error has it. It asks the engine's debugger, since the
 * thread itself answers nobody.
 * @returns empty when the engine does not say
 */
export function whereIs({ threadId }: Worker): Promise<string> {
  const session = new Session()
  let timer: NodeJS.Timeout | undefined
  return new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(''), PATIENCE_MILLIS)
    const urls = new Map<string, string>()
    let sessionId = ''
    const tell = (method: string): void => {
      const message = JSON.stringify({ id: 1, method })
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message })
    }
    session.on('NodeWorker.attachedToWorker', ({ params }: InspectorNotification<Attached>) => {
      // Its id there is a number of this session's own.
      if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return
      sessionId = params.sessionId
      tell('Debugger.enable')
      tell('Debugger.pause')
    })
    session.on(
      'NodeWorker.receivedMessageFromWorker',
      ({ params }: InspectorNotification<{ readonly message: string }>) => {
        const { method, params: said } = JSON.parse(params.message) as Message
        if (method === 'Debugger.scriptParsed') urls.set(said.scriptId, said.url)
        if (method !== 'Debugger.paused') return
        const lines = said.callFrames.map(
          ({ functionName, location: { scriptId, lineNumber, columnNumber } }) => {
            const place = `${urls.get(scriptId)}:${lineNumber + 1}:${columnNumber + 1}`
            return `    at ${functionName || '<anonymous>'} (${place})`
          },
        )
        tell('Debugger.disable')
        resolve(lines.join('\n'))
      },
    )
    session.connect()
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (error) => {
      if (error !== null) resolve('')
    })
  })
    .catch(() => '')
    .finally(() => {
      clearTimeout(timer)
      session.disconnect()
    })
}
