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

/** Posts a letter once, and notes it if it was acknowledged. */
export async function write(number: number, user: UserContext, params: Params): Promise<void> {
  const { addresses, colleague } = params
  const address = `address-${1 + (Math.floor(number / (colleague === 'none' ? 1 : 2)) % addresses)}`
  const letter = { letterId: `letter-${number}`, address, number }
  const by = colleague !== 'none' && number % 2 === 0 ? postByColleague : post
  try {
    const answer = await user.call(by, letter, { timeout: '5m' })
    if (answer.status === 200) user.note(acknowledged, letter)
  } catch (error) {
    if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
  }
}
