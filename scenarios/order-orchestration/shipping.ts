import { answerOnce, DONE, type Outcome, requestTable, service, table, text } from 'faultline'
import { SagaReplied, ScheduleShipment } from './events.ts'
import { messaging, type Params } from './params.ts'

export const UNDELIVERABLE = 'nowhere'

/** Schedules shipments when it is asked to; an address that cannot be delivered to is a refusal. */
export const shippingService = (params: Params) =>
  service(
    'shipping',
    {
      tables: {
        shipments: table(
          { shipmentId: text, orderId: text, address: text },
          { key: 'shipmentId', indexes: ['orderId'] },
        ),
        requests: requestTable(),
      },
      ...messaging(params),
    },
    ({ on }) => {
      on(ScheduleShipment, async ({ sagaId: orderId, requestId, address }, ctx) => {
        await answerOnce(
          ctx,
          requestId,
          async (tx): Promise<Outcome> => {
            if (address === UNDELIVERABLE)
              return { succeeded: false, reason: 'the address cannot be delivered to' }
            await tx.shipments.insert({ shipmentId: ctx.id('shipment'), orderId, address })
            return DONE
          },
          (tx, outcome) => tx.publish(SagaReplied, { sagaId: orderId, requestId, ...outcome }),
        )
      })
    },
  )
