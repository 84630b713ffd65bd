/** The public door of faultline: what systems, suites and pages import. */
export { always, eventually, type Property } from './check/property.ts'
export type { Read, Rows } from './check/view.ts'
export { DatabaseError } from './database/error.ts'
export { gt, gte, isIn, lt, lte } from './database/predicate.ts'
export { type Mail, type Mailer, mailer } from './external/mailer.ts'
export {
  type Charge,
  IdempotencyError,
  type PaymentProvider,
  paymentProvider,
  type Refund,
} from './external/payment-provider.ts'
export type { FaultSpec } from './faults/spec.ts'
export { SimError } from './kernel/error.ts'
export { ledger, type Readable } from './kernel/ledger.ts'
export { INBOX_MODES, inbox } from './patterns/inbox.ts'
export { OUTBOX_MODES, outbox } from './patterns/outbox.ts'
export { type PreparedSystem, prepare, type RunOptions, type RunResult, run } from './run/run.ts'
export { type Scenario, type ScenarioInput, scenarioOf } from './run/scenario.ts'
export { COMMIT_MODES, COMMIT_REACHES, HANDLING_ORDERS, REVOCATIONS } from './service/consumer-options.ts'
export type { HandlerContext } from './service/context.ts'
export { CallTimeoutError, ConnectionResetError, HttpError } from './service/http.ts'
export { JOB_PLACES } from './service/job-options.ts'
export { RejectError } from './service/queue-consumption.ts'
export type { RetryPolicy } from './service/retry.ts'
export {
  flag,
  integer,
  money,
  oneOf,
  optional,
  plain,
  route,
  table,
  text,
  timer,
  topic,
} from './service/schema.ts'
export { type ContextOf, service } from './service/service.ts'
export {
  choice,
  count,
  defineSystem,
  duration,
  type ParamsOf,
  type System,
  toggle,
  type UserContext,
} from './service/system.ts'
export { TIMER_STORES } from './service/timers.ts'
export { type QueueSpec, type RabbitOptions, rabbitmq, type SqsOptions, sqs } from './service/transport.ts'
