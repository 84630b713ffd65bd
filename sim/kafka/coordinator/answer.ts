import type { ErrorCode } from '../error-code.ts'
import type { Write } from './group-log.ts'
import type { Respond } from './group-message.ts'

/** An answer that waits until everything that was written before it is replicated. */
export class Answer<Response> implements Write {
  private readonly response: Response
  private readonly failure: (errorCode: ErrorCode) => Response
  private respond: Respond<Response> | undefined

  /** @param failure the answer instead, when it cannot be replicated or not in time */
  constructor(response: Response, failure: (errorCode: ErrorCode) => Response, respond: Respond<Response>) {
    this.response = response
    this.failure = failure
    this.respond = respond
  }

  committed(): void {
    this.answer(this.response)
  }

  failed(errorCode: ErrorCode): void {
    this.answer(this.failure(errorCode))
  }

  /** Once only: after a time-out the write may still be replicated. */
  private answer(response: Response): void {
    const { respond } = this
    this.respond = undefined
    respond?.(response)
  }
}
