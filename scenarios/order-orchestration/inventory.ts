import {
  answerOnce,
  DONE,
  integer,
  type Outcome,
  oneOf,
  requestTable,
  service,
  table,
  text,
  undoOnce,
} from 'faultline'
import { ReleaseStock, ReserveStock, SagaReplied } from './events.ts'
import { messaging, type Params } from './params.ts'

export const SKUS = ['kettle', 'lamp', 'chair', 'desk', 'rug'] as const

/** Reserves stock, and releases it, when it is asked to. */
export const inventoryService = (params: Params) =>
  service(
    'inventory',
    {
      instances: 2,
      tables: {
        stock: table({ sku: text, available: integer }, { key: 'sku' }),
        reservations: table(
          {
            reservationId: text,
            orderId: text,
            sku: text,
            quantity: integer,
            status: oneOf('RESERVED', 'RELEASED'),
          },
          { key: 'reservationId', indexes: ['orderId'] },
        ),
        requests: requestTable(),
      },
      initially: { stock: SKUS.map((sku) => ({ sku, available: params.stock })) },
      ...messaging(params),
    },
    ({ on }) => {
      on(ReserveStock, async ({ sagaId: orderId, requestId, sku, quantity }, ctx) => {
        await answerOnce(
          ctx,
          requestId,
          async (tx): Promise<Outcome> => {
            let enough = false
            await tx.stock.update({ sku }, (row) => {
              enough = row.available >= quantity
              if (enough) row.available -= quantity
            })
            if (!enough) return { succeeded: false, reason: `${sku} is out of stock` }
            const reservationId = ctx.id('reservation')
            await tx.reservations.insert({ reservationId, orderId, sku, quantity, status: 'RESERVED' })
            return DONE
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
        )
      })

      on(ReleaseStock, async ({ sagaId: orderId, requestId, actionId }, ctx) => {
        await undoOnce(
          ctx,
          { requestId, actionId },
          async (tx) => {
            const held = await tx.reservations.select({ where: { orderId, status: 'RESERVED' } })
            for (const { reservationId, sku, quantity } of held) {
              await tx.reservations.update({ reservationId }, { status: 'RELEASED' })
              await tx.stock.update({ sku }, (row) => {
                row.available += quantity
              })
            }
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
          { tombstones: params.tombstones },
        )
      })
    },
  )
