import { flag, integer, money, text, topic } from 'faultline'

/** What participants need to know about an order. */
const order = { orderId: text, customerId: text, sku: text, quantity: integer, amount: money, address: text }

export const orderEvents = topic('order-events', { partitions: 6, key: 'orderId' })
export const OrderCreated = orderEvents.event('OrderCreated', order)
export const OrderConfirmed = orderEvents.event('OrderConfirmed', { orderId: text, customerId: text })
export const OrderCancelled = orderEvents.event('OrderCancelled', {
  orderId: text,
  customerId: text,
  reason: text,
})

/** Every command says which saga asks for what, and which action it undoes. */
const asked = { routingKey: text, sagaId: text, requestId: text, actionId: text }

export const paymentCommands = topic('payment-commands', { partitions: 6, key: 'routingKey' })
export const ChargePayment = paymentCommands.event('ChargePayment', {
  ...asked,
  customerId: text,
  amount: money,
})
export const RefundPayment = paymentCommands.event('RefundPayment', asked)

export const inventoryCommands = topic('inventory-commands', { partitions: 6, key: 'routingKey' })
export const ReserveStock = inventoryCommands.event('ReserveStock', {
  ...asked,
  sku: text,
  quantity: integer,
})
export const ReleaseStock = inventoryCommands.event('ReleaseStock', asked)

export const shippingCommands = topic('shipping-commands', { partitions: 6, key: 'routingKey' })
export const ScheduleShipment = shippingCommands.event('ScheduleShipment', { ...asked, address: text })

export const orderCommands = topic('order-commands', { partitions: 6, key: 'routingKey' })
export const CompleteOrder = orderCommands.event('CompleteOrder', asked)
export const CancelOrder = orderCommands.event('CancelOrder', asked)

export const sagaReplies = topic('saga-replies', { partitions: 6, key: 'sagaId' })
export const SagaReplied = sagaReplies.event('SagaReplied', {
  sagaId: text,
  requestId: text,
  succeeded: flag,
  reason: text,
})
