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
import { addressOf, type Letter, LetterSent } from './letters.ts'
import type { Params } from './params.ts'

export const post = route<Letter, null>('writer', 'post')
const postByColleague = route<Letter, null>('colleague', 'post')

/** The letters of which the cluster has said that it has them. */
export const acknowledged = ledger<Letter>('users.acknowledged')

const parts = { inbox: inbox('none'), outbox: outbox({ mode: 'relay' }) } as const

/** Publishes letters straight to their topic, and answers when they are acknowledged. */
export const writerService = ({ writers, sendsAgain }: Params) =>
  service('writer', { ...parts, instances: writers }, ({ route: answer }) => {
    answer(post, async (letter, ctx) => {
      try {
        await ctx.publish(LetterSent, letter)
      } catch (error) {
        if (!sendsAgain) throw error
        await ctx.publish(LetterSent, letter)
      }
      return null
    })
  })

/** Writes to the same topic, with the default partitioner of Kafka's own client or with that of librdkafka. */
export const colleagueService = ({ colleague }: Params) =>
  service(
    'colleague',
    { ...parts, producer: { 'partitioner.class': colleague === 'other-library' ? 'librdkafka' : null } },
    ({ route: answer }) => {
      answer(postByColleague, async (letter, ctx) => {
        await ctx.publish(LetterSent, letter)
        return null
      })
    },
  )

/** Posts a letter, and notes it if it was acknowledged: once, unless readers wait for it. */
export async function write(number: number, user: UserContext, params: Params): Promise<void> {
  const letter = { letterId: `letter-${number}`, address: addressOf(number, params), number }
  const by = params.colleague !== 'none' && number % 2 === 0 ? postByColleague : post
  while (!(await isAcknowledged(letter, user, by))) {
    if (!params.waitsForEarlier) return
    await user.sleep('1s')
  }
  user.note(acknowledged, letter)
}

/** Posts a letter. @returns whether the writer has answered that the cluster has it */
async function isAcknowledged(letter: Letter, user: UserContext, by: typeof post): Promise<boolean> {
  try {
    return (await user.call(by, letter, { timeout: '5m' })).status === 200
  } catch (error) {
    if (error instanceof CallTimeoutError || error instanceof ConnectionResetError) return false
    throw error
  }
}
