import { type Habits, insist, type UserContext } from 'faultline'
import type { Params } from './params.ts'
import { hook, pay } from './till.ts'

const AMOUNT = 4_200
/** So often a buyer tries another card. */
const CARDS = 4

/** Pays as a person with an impatient browser does, with another card when one is declined; or pretends to have paid. */
export async function buy(number: number, user: UserContext, params: Params): Promise<void> {
  const { forgeries, goesBack } = params
  const orderId = `order-${number}`
  const order = { orderId, amount: AMOUNT }
  const ask = () => user.call(pay, order, { timeout: '10s' })
  if (forgeries > 0 && number % forgeries === 0) {
    const data = { idempotencyKey: `take:${orderId}/1` }
    const happenedAt = user.now()
    const forged = {
      eventId: `evt-${orderId}`,
      type: 'capture.succeeded',
      orderId,
      happenedAt,
      data,
      signature: 't=1767225600,v1=0',
    }
    await user.call(pay, { ...order, amount: 0 }, { timeout: '10s' })
    await user.call(hook, forged, { timeout: '10s' })
    return
  }
  const habits: Habits = { clicks: 2, ...(goesBack === 'never' ? {} : { goesBack }) }
  for (let card = 1; card <= CARDS; card++) {
    const answers = await insist(user, orderId, habits, ask)
    const last = answers.at(-1)?.body.status
    if (last === 'PAID') return
    await user.sleep('500ms')
  }
}
