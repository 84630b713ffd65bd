import {
  CallTimeoutError,
  ConnectionResetError,
  inbox,
  ledger,
  outbox,
  route,
  service,
  type UserContext,
} from 'faultline'
import { type Letter, LetterSent } from './letters.ts'
import type { Params } from './params.ts'

export const post = route<Letter, null>('writer', 'post')

/** The letters of which the cluster has said that it has them. */
export const acknowledged = ledger<Letter>('users.acknowledged')

/** Publishes letters straight to their topic, and answers when they are acknowledged. */
export const writerService = ({ writers, sendsAgain }: Params) =>
  service(
    'writer',
    { instances: writers, inbox: inbox('none'), outbox: outbox({ mode: 'relay' }) },
    ({ route: answer }) => {
      answer(post, async (letter, ctx) => {
        try {
          await ctx.publish(LetterSent, letter)
        } catch (error) {
          if (!sendsAgain) throw error
          await ctx.publish(LetterSent, letter)
        }
        return null
      })
    },
  )

/** Posts a letter once, and notes it if it was acknowledged. */
export async function write(number: number, user: UserContext, { addresses }: Params): Promise<void> {
  const letter = { letterId: `letter-${number}`, address: `address-${1 + (number % addresses)}`, number }
  try {
    const answer = await user.call(post, letter, { timeout: '5m' })
    if (answer.status === 200) user.note(acknowledged, letter)
  } catch (error) {
    if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
  }
}
