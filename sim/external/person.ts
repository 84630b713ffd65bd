import type { DurationText } from '../kernel/time.ts'
import type { BaseContext } from '../service/context.ts'
import { CallTimeoutError, ConnectionResetError, type HttpResponse } from '../service/http.ts'

/** How a person uses a page. */
export interface Habits {
  /** How often the button is clicked. Default: 1. */
  readonly clicks?: number
  /** The pause between two clicks. Default: 120ms. */
  readonly clickEvery?: DurationText
  /** How often a request is sent for a click, as long as nobody answers it. Default: 5. */
  readonly attempts?: number
  /** The pause before it is sent again. Default: 500ms. */
  readonly pause?: DurationText
  /** `same`: the page makes one key per wish. `another`: every request has its own, so that nobody can know them for one. */
  readonly key?: 'same' | 'another'
}

/** Nobody knows what became of the request, or nobody could take it. */
function isUnanswered(outcome: HttpResponse<unknown> | Error): boolean {
  return outcome instanceof Error || outcome.status >= 500
}

/**
 * Wishes for something as a person with an impatient browser does: clicks, perhaps twice, and sends again what is not
 * answered, until it is or patience ends.
 * @param wish names the wish: the key of every request, or the beginning of it
 * @param send sends one request with a key
 * @returns the final answers, one for each click that got any, in the order in which they came
 */
export async function insist<Body>(
  user: BaseContext,
  wish: string,
  habits: Habits,
  send: (key: string) => Promise<HttpResponse<Body>>,
): Promise<readonly HttpResponse<Body>[]> {
  const { clicks = 1, clickEvery = '120ms', attempts = 5, pause = '500ms', key = 'same' } = habits
  const answers: HttpResponse<Body>[] = []
  const click = async (nth: number): Promise<void> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const outcome = await ask(send, key === 'same' ? wish : `${wish}/${nth}.${attempt}`)
      if (!isUnanswered(outcome)) {
        answers.push(outcome as HttpResponse<Body>)
        return
      }
      if (attempt < attempts) await user.sleep(pause)
    }
  }
  const clicking: Promise<void>[] = []
  for (let nth = 1; nth <= clicks; nth++) {
    if (nth > 1) await user.sleep(clickEvery)
    clicking.push(click(nth))
  }
  await Promise.all(clicking)
  return answers
}

async function ask<Body>(
  send: (key: string) => Promise<HttpResponse<Body>>,
  key: string,
): Promise<HttpResponse<Body> | Error> {
  try {
    return await send(key)
  } catch (error) {
    if (error instanceof CallTimeoutError || error instanceof ConnectionResetError) return error
    throw error
  }
}
