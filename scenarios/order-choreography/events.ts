import { integer, money, text, topic } from 'faultline'

/** What later services need to know about an order travels with every event (event-carried state). */
const order = { orderId: text, customerId: text, sku: text, quantity: integer, amount: money, address: text }

export const orderEvents = topic('order-events', { partitions: 6, key: 'orderId' })
export const OrderCreated = orderEvents.event('OrderCreated', order)
export const OrderConfirmed = orderEvents.event('OrderConfirmed', { orderId: text, customerId: text })
export const OrderCancelled = orderEvents.event('OrderCancelled', {
  orderId: text,
  customerId: text,
  reason: text,
})

export const paymentEvents = topic('payment-events', { partitions: 6, key: 'orderId' })
export const PaymentCompleted = paymentEvents.event('PaymentCompleted', order)
export const PaymentFailed = paymentEvents.event('PaymentFailed', { orderId: text, reason: text })
export const PaymentRefunded = paymentEvents.event('PaymentRefunded', { orderId: text, amount: money })

export const inventoryEvents = topic('inventory-events', { partitions: 6, key: 'orderId' })
export const InventoryReserved = inventoryEvents.event('InventoryReserved', order)
export const InventoryReservationFailed = inventoryEvents.event('InventoryReservationFailed', {
  orderId: text,
  reason: text,
})

export const shippingEvents = topic('shipping-events', { partitions: 6, key: 'orderId' })
export const ShipmentScheduled = shippingEvents.event('ShipmentScheduled', { orderId: text })
export const ShipmentFailed = shippingEvents.event('ShipmentFailed', { orderId: text, reason: text })
