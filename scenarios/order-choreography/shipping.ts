import { service, table, text } from 'faultline'
import { InventoryReserved, ShipmentFailed, ShipmentScheduled } from './events.ts'
import { messaging, type Params } from './params.ts'

export const UNDELIVERABLE = 'nowhere'

/** Schedules shipments; an address that cannot be delivered to is a failure that later events must undo. */
export const shippingService = (params: Params) =>
  service(
    'shipping',
    {
      tables: {
        shipments: table(
          { shipmentId: text, orderId: text, address: text },
          { key: 'shipmentId', indexes: ['orderId'] },
        ),
      },
      ...messaging(params),
    },
    ({ on }) => {
      on(InventoryReserved, async ({ orderId, address }, ctx) => {
        await ctx.transaction(async (tx) => {
          if (address === UNDELIVERABLE) {
            await tx.publish(ShipmentFailed, { orderId, reason: 'the address cannot be delivered to' })
            return
          }
          await tx.shipments.insert({ shipmentId: ctx.id('shipment'), orderId, address })
          await tx.publish(ShipmentScheduled, { orderId })
        })
      })
    },
  )
