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
  /** How often the page is loaded again when it has shown an answer: the browser sends the form once more. Default: 0. */
  readonly refreshes?: number
  /**
   * Whether the person goes back when it has shown an answer, and sends the form again: as it was, with its key (`kept`), or
   * as the server makes it anew, with another one (`anew`). Default: no.
   */
  readonly goesBack?: 'kept' | 'anew'
  /** How long an answer is looked at before the page is loaded again or left. Default: 1s. */
  readonly looksFor?: DurationText
}

/** Nobody knows what became of the request, or nobody could take it. */
function isUnanswered(outcome: HttpResponse<unknown> | Error): boolean {
  return outcome instanceof Error || outcome.status >= 500
}

/**
 * Wishes for something as a person with an impatient browser does: clicks, perhaps twice, sends again what is not answered,
 * until it is or patience ends, and then perhaps loads the page again or goes back to the form.
 * @param wish names the wish: the key of every request, or the beginning of it
 * @param send sends one request with a key
 * @returns the final answers, one for each time the form was sent and got any, in the order in which they came
 */
export async function insist<Body>(
  user: BaseContext,
  wish: string,
  habits: Habits,
  send: (key: string) => Promise<HttpResponse<Body>>,
): Promise<readonly HttpResponse<Body>[]> {
  const { clicks = 1, clickEvery = '120ms', key = 'same', refreshes = 0, goesBack, looksFor = '1s' } = habits
  const { attempts = 5, pause = '500ms' } = habits
  const answers: HttpResponse<Body>[] = []
  const submit = async (form: string, nth: number): Promise<void> => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const outcome = await ask(send, key === 'same' ? form : `${form}/${nth}.${attempt}`)
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
    clicking.push(submit(wish, nth))
  }
  await Promise.all(clicking)
  let nth = clicks
  for (let turn = 0; turn < refreshes && answers.length > 0; turn++) {
    await user.sleep(looksFor)
    await submit(wish, ++nth)
  }
  if (goesBack !== undefined && answers.length > 0) {
    await user.sleep(looksFor)
    await submit(goesBack === 'kept' ? wish : `${wish} again`, ++nth)
  }
  return answers
}

/**
 * Does something and, after a while, takes it back, whether it is done by then or not: as somebody who presses cancel while
 * the page still turns.
 */
export async function changeMind(
  user: BaseContext,
  after: DurationText,
  act: () => Promise<unknown>,
  takeBack: () => Promise<unknown>,
): Promise<void> {
  const regret = async (): Promise<void> => {
    await user.sleep(after)
    await takeBack()
  }
  await Promise.all([act(), regret()])
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
