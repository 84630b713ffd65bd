import { always, defineSystem, eventually, paymentProvider, sometimes } from 'faultline'
import { buy } from './buyer.ts'
import { params } from './params.ts'
import { hook, tillService } from './till.ts'

/** Money that is held and captured, by a provider that is slow, fails, and tells by webhooks. */
export default defineSystem({
  name: 'payments',
  says: 'A till holds and captures money at a provider that is slow, fails, and tells by webhooks what it has done.',
  params,
  build: (values) => {
    const { declinesOneIn, slowOneIn, errorsOneIn } = values
    const provider = paymentProvider({
      declinesOneIn,
      slowOneIn,
      slowBy: '8s',
      errorsOneIn,
      webhooks: { to: hook },
    })
    const till = tillService(values, provider)
    const { payments } = till.tables
    const { authorizations, captures } = provider
    const perOrder = { per: 'orderId' } as const
    return {
      topics: [],
      services: [till],
      externals: [provider],
      workload: { noun: 'order', act: (number, user) => buy(number, user, values) },
      properties: [
        always('nobody pays twice', {
          ...perOrder,
          says: 'For an order money is taken once.',
          reads: [captures],
          holds: (read, orderId) => read(captures).where({ orderId }).length <= 1,
        }),
        eventually('paid is what was taken', {
          ...perOrder,
          says: 'An order is paid if and only if its money was taken.',
          within: '2m',
          reads: [payments, captures],
          keys: (read) =>
            read(payments)
              .all()
              .map(({ orderId }) => orderId),
          holds: (read, orderId) => {
            const [payment] = read(payments).where({ orderId })
            return (payment?.status === 'PAID') === read(captures).where({ orderId }).length > 0
          },
        }),
        eventually('no hold is left', {
          ...perOrder,
          says: 'What was held was captured.',
          within: '2m',
          reads: [authorizations, captures],
          keys: (read) =>
            read(authorizations)
              .all()
              .map(({ orderId }) => orderId),
          holds: (read, orderId) =>
            read(authorizations).where({ orderId }).length === read(captures).where({ orderId }).length,
        }),
        sometimes('a webhook is first', {
          ...perOrder,
          says: 'That an order is paid becomes known by a webhook.',
          reads: [payments],
          holds: (read, orderId) =>
            read(payments).where({ orderId, status: 'PAID', knownBy: 'webhook' }).length > 0,
        }),
        sometimes('another card is tried', {
          ...perOrder,
          says: 'A payment that has failed is tried anew, and made.',
          reads: [payments],
          holds: (read, orderId) =>
            read(payments)
              .where({ orderId, status: 'PAID' })
              .some(({ attempt }) => attempt > 1),
        }),
      ],
    }
  },
})
