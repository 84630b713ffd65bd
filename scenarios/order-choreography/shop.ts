import { insist, ledger, type UserContext } from 'faultline'
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
  const habits = { clicks: params.usersClickTwice ? 2 : 1 }
  const answers = await insist(user, `order-${n}`, habits, () =>
    user.call(placeOrder, order, { timeout: '5s' }),
  )
  for (const { status, body } of answers)
    if (status === 200)
      user.note(receipts, { orderId: body.orderId, requestedAs: `order-${n}`, amount: order.amount })
  if (answers.length === 0) user.log('gave up', { order: `order-${n}` })
}
