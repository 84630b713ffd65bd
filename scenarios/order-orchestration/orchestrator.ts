import { command, Orchestrator, type SagaDefinition, type SagaView, sagaTable, service } from 'faultline'
import {
  CancelOrder,
  ChargePayment,
  CompleteOrder,
  OrderCreated,
  RefundPayment,
  ReleaseStock,
  ReserveStock,
  SagaReplied,
  ScheduleShipment,
} from './events.ts'
import { messaging, type Params } from './params.ts'

/** What the saga knows of its order. */
type Order = {
  readonly customerId: string
  readonly sku: string
  readonly quantity: number
  readonly amount: number
  readonly address: string
}

function orderSaga({ commandKey, ...params }: Params): SagaDefinition<Order> {
  const asked = ({ sagaId, requestId, actionId }: SagaView<Order>) => ({
    routingKey: commandKey === 'saga' ? sagaId : requestId,
    sagaId,
    requestId,
    actionId,
  })
  return {
    timeout: params.stepTimeout,
    attempts: params.stepAttempts,
    compensationAttempts: params.compensationAttempts,
    steps: [
      { name: 'order', state: 'CREATED', compensation: command(CancelOrder, asked) },
      {
        name: 'payment',
        state: 'PAYMENT_PENDING',
        action: command(ChargePayment, (saga) => {
          const { customerId, amount } = saga.data
          return { ...asked(saga), customerId, amount }
        }),
        compensation: command(RefundPayment, asked),
      },
      {
        name: 'inventory',
        state: 'INVENTORY_PENDING',
        action: command(ReserveStock, (saga) => {
          const { sku, quantity } = saga.data
          return { ...asked(saga), sku, quantity }
        }),
        compensation: command(ReleaseStock, asked),
      },
      {
        name: 'shipping',
        state: 'SHIPPING_PENDING',
        kind: 'pivot',
        action: command(ScheduleShipment, (saga) => ({ ...asked(saga), address: saga.data.address })),
      },
      {
        name: 'confirmation',
        state: 'CONFIRMATION_PENDING',
        kind: 'retriable',
        action: command(CompleteOrder, asked),
      },
    ],
  }
}

/** Conducts every order from payment to shipment, and undoes what was done when a step fails. */
export const orchestratorService = (params: Params) =>
  service(
    'orchestrator',
    {
      instances: params.orchestrators,
      tables: { sagas: sagaTable() },
      ...messaging(params),
    },
    ({ on, onTimer }) => {
      const saga = new Orchestrator(orderSaga(params), {
        store: params.sagaStore,
        commands: params.sagaCommands,
        replies: params.sagaReplies,
        versions: params.sagaVersions,
        registration: params.sagaRegistration,
        undo: params.sagaUndo,
        failedCompensation: params.sagaFailedCompensation,
        timeouts: params.sagaTimeouts,
      })
      on(OrderCreated, ({ orderId, ...order }, ctx) => saga.start(ctx, orderId, order))
      on(SagaReplied, (reply, ctx) => saga.replied(ctx, reply))
      onTimer(saga.timeout, ({ payload }, ctx) => saga.timedOut(ctx, payload))
    },
  )
