import { integer, oneOf, service, table, text } from 'faultline'
import {
  InventoryReservationFailed,
  InventoryReserved,
  PaymentCompleted,
  ShipmentFailed,
  ShipmentScheduled,
} from './events.ts'
import { messaging, type Params } from './params.ts'

export const SKUS = ['kettle', 'lamp', 'chair', 'desk', 'rug'] as const

/** Reserves stock, and releases it when the shipment fails. */
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
            status: oneOf('RESERVED', 'SHIPPED', 'RELEASED'),
          },
          { key: 'reservationId', indexes: ['orderId'] },
        ),
      },
      initially: { stock: SKUS.map((sku) => ({ sku, available: params.stock })) },
      ...messaging(params),
    },
    ({ on }) => {
      on(PaymentCompleted, async (order, ctx) => {
        const { orderId, sku, quantity } = order
        await ctx.transaction(async (tx) => {
          let enough = false
          if (params.stockTaken === 'in-one-update') {
            await tx.stock.update({ sku }, (row) => {
              enough = row.available >= quantity
              if (enough) row.available -= quantity
            })
          } else {
            const available = (await tx.stock.get(sku))?.available ?? 0
            enough = available >= quantity
            if (enough) await tx.stock.update({ sku }, { available: available - quantity })
          }
          if (!enough) {
            await tx.publish(InventoryReservationFailed, { orderId, reason: `${sku} is out of stock` })
            return
          }
          await tx.reservations.insert({
            reservationId: ctx.id('reservation'),
            orderId,
            sku,
            quantity,
            status: 'RESERVED',
          })
          await tx.publish(InventoryReserved, order)
        })
      })

      on(ShipmentScheduled, async ({ orderId }, ctx) => {
        await ctx.transaction(async (tx) => {
          await tx.reservations.update({ orderId, status: 'RESERVED' }, (row) => {
            row.status = 'SHIPPED'
          })
        })
      })

      on(ShipmentFailed, async ({ orderId }, ctx) => {
        await ctx.transaction(async (tx) => {
          const held = await tx.reservations.select({ where: { orderId, status: 'RESERVED' } })
          for (const { reservationId, sku, quantity } of held) {
            await tx.reservations.update({ reservationId }, (row) => {
              row.status = 'RELEASED'
            })
            await tx.stock.update({ sku }, (row) => {
              row.available += quantity
            })
          }
        })
      })
    },
  )
