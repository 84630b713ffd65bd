import {
  CallTimeoutError,
  ConnectionResetError,
  inbox,
  outbox,
  route,
  service,
  type UserContext,
} from 'faultline'
import { acknowledged, type Letter, LetterSent, letterOf } from './letters.ts'

const post = route<Letter, null>('sender', 'post')

/** Publishes letters, and answers when they are acknowledged. */
export const senderService = () =>
  service('sender', { inbox: inbox('none'), outbox: outbox({ mode: 'relay' }) }, ({ route: answer }) => {
    answer(post, async (letter, ctx) => {
      await ctx.publish(LetterSent, letter)
      return null
    })
  })

/** Posts a letter once, and notes it if it was acknowledged. */
export async function write(number: number, user: UserContext): Promise<void> {
  const letter = letterOf(number)
  try {
    const answer = await user.call(post, letter, { timeout: '5m' })
    if (answer.status === 200) user.note(acknowledged, letter)
  } catch (error) {
    if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
  }
}
