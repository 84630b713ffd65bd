import { CallTimeoutError, ConnectionResetError, ledger, type UserContext } from 'faultline'
import { SKUS } from './inventory.ts'
import { type PlaceOrder, placeOrder } from './order.ts'
import type { Params } from './params.ts'
import { UNDELIVERABLE } from './shipping.ts'

/** What users were told: the order that the shop confirmed to have taken. */
export const receipts = ledger<{
  readonly orderId: string
  readonly requestedAs: string
  readonly amount: number
}>('users.receipts')

const UNIT_PRICE_CENTS = 1_200
const ATTEMPTS = 5

/** Buys something, as a person with an impatient browser does. */
export async function buy(n: number, user: UserContext, params: Params): Promise<void> {
  const quantity = 1 + user.random(3)
  const undeliverable = params.undeliverableOneIn > 0 && user.random(params.undeliverableOneIn) === 0
  const order: PlaceOrder = {
    requestId: params.requestId ? `order-${n}` : null,
    customerId: `customer-${1 + user.random(20)}`,
    sku: SKUS[user.random(SKUS.length)] as string,
    quantity,
    amount: quantity * UNIT_PRICE_CENTS,
    address: undeliverable ? UNDELIVERABLE : `${1 + user.random(99)} Main Street`,
  }
  const clicks = [submit(n, order, user)]
  if (params.usersClickTwice) clicks.push(user.sleep('120ms').then(() => submit(n, order, user)))
  await Promise.all(clicks)
}

/** One click: sent again while it is not known whether it took effect. */
async function submit(n: number, order: PlaceOrder, user: UserContext): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const answer = await user.call(placeOrder, order, { timeout: '5s' })
      if (answer.status === 200) {
        user.note(receipts, { orderId: answer.body.orderId, requestedAs: `order-${n}`, amount: order.amount })
        return
      }
    } catch (error) {
      if (!(error instanceof CallTimeoutError || error instanceof ConnectionResetError)) throw error
    }
    await user.sleep('500ms')
  }
  user.log('gave up', { order: `order-${n}` })
}
