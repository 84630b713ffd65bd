/** The public door of faultline: what systems, suites and pages import. */
export { agreement, endsInTime, everyEnds } from './check/agreement.ts'
export { inboxTellsTruth, offsetsTellTruth } from './check/bookkeeping.ts'
export { answeredAlike, noHotLoop } from './check/conduct.ts'
export { atMost, conserved, refundsCovered } from './check/conservation.ts'
export { deliveries, type Hearer, type ServiceBooks, type Traffic } from './check/deliveries.ts'
export {
  appliedInOrder,
  everyFactHandled,
  keepsUp,
  noLostResponsibility,
  noPhantomEvent,
  oneFactPerId,
} from './check/delivery.ts'
export { countOf, type Measure, minus, plus, sumOf } from './check/measure.ts'
export { gapless, projectionConverges } from './check/projection.ts'
export { always, eventually, type Property, sometimes } from './check/property.ts'
export { oneSagaAtATime, transitionsOnly, versionsRise } from './check/transition.ts'
export type { Read, Rows } from './check/view.ts'
export { DatabaseError } from './database/error.ts'
export { KeyValueError, type KeyValues } from './database/key-value-client.ts'
export type { Isolation, TransactionOptions } from './database/options.ts'
export { asc, desc, eq, gt, gte, isIn, lt, lte, ne } from './database/predicate.ts'
export { databaseClock, databaseNow, horizon, transactionId } from './database/server-value.ts'
export { type NeededFault, type Shrunk, shrink } from './explore/shrink.ts'
export { targetsOf } from './explore/survey.ts'
export { type Mail, type Mailer, mailer } from './external/mailer.ts'
export {
  type Authorization,
  type Capture,
  type Charge,
  IdempotencyError,
  type KeyReport,
  type PaymentClient,
  ProviderError,
  type Refund,
  type Void,
} from './external/payment.ts'
export {
  type PaymentProvider,
  type PaymentProviderOptions,
  paymentProvider,
} from './external/payment-provider.ts'
export { changeMind, type Habits, insist } from './external/person.ts'
export type { VerificationOptions } from './external/signature.ts'
export { isSigned, type WebhookEvent, type WebhookOptions } from './external/webhook.ts'
export { typical } from './faults/aim.ts'
export { FAULT_KINDS } from './faults/registry.ts'
export type { FaultSpec } from './faults/spec.ts'
export { SimError } from './kernel/error.ts'
export { ledger, type Readable } from './kernel/ledger.ts'
export { suggestion } from './kernel/suggestion.ts'
export { durationMicros, formatSeconds, readDuration } from './kernel/time.ts'
export type { Trace, TraceRecord } from './kernel/trace.ts'
export { AvroDataError } from './patterns/avro-data.ts'
export type { AvroEnum, AvroField, AvroPrimitive, AvroRecord, AvroSchema } from './patterns/avro-schema.ts'
export { Bulkhead, BulkheadFullError } from './patterns/bulkhead.ts'
export { CACHE_CHANGES, CacheAside, type CacheAsideOptions } from './patterns/cache-aside.ts'
export { COMPATIBILITY_MODES, type Compatibility } from './patterns/compatibility.ts'
export { type ConsumerDrivenOptions, consumerDriven } from './patterns/consumer-driven.ts'
export {
  type Aggregate,
  type DomainEvent,
  EventStore,
  type EventStoreOptions,
  type LoadedStream,
  type StoredEvent,
} from './patterns/event-store.ts'
export { BREAKER_MODES, blocking, closing, deadLettering, retryTopics, skipping } from './patterns/failure.ts'
export { IdempotencyKeys, type IdempotencyOptions, type Phases } from './patterns/idempotency.ts'
export { INBOX_MODES, type InboxMode, inbox, naturalKeyInbox, windowInbox } from './patterns/inbox.ts'
export { type LeaseInboxOptions, leaseInbox } from './patterns/inbox-lease.ts'
export { type SequenceInboxOptions, sequenceInbox } from './patterns/inbox-sequence.ts'
export { type Guard, LOCK_RELEASES, Lock, LockError, type LockOptions } from './patterns/lock.ts'
export { OUTBOX_MODES, outbox } from './patterns/outbox.ts'
export { PARKING_SCOPES, type ParkingOptions, parking, REDRIVES } from './patterns/parking.ts'
export { answerOnce, DONE, type Outcome, requestTable, undoOnce } from './patterns/participant.ts'
export type { PoisonPolicy, UnorderedPoisonPolicy } from './patterns/poison.ts'
export {
  type EventSource,
  Projection,
  type ProjectionDefinition,
  type ProjectionOptions,
  type ViewRow,
} from './patterns/projection.ts'
export {
  Reconciliation,
  type ReconciliationDefinition,
  type ReconciliationOptions,
} from './patterns/reconciliation.ts'
export type { Relay, RelayOptions, UnorderedRelayOptions } from './patterns/relay.ts'
export { type AdvisoryLockRelayOptions, advisoryLockRelay } from './patterns/relay-advisory-lock.ts'
export { type CdcRelayOptions, cdcRelay, MISSING_SLOTS } from './patterns/relay-cdc.ts'
export { type CursorRelayOptions, cursorRelay } from './patterns/relay-cursor.ts'
export { deleteRelay } from './patterns/relay-delete.ts'
export { type GroupLockRelayOptions, groupLockRelay } from './patterns/relay-group-lock.ts'
export { type HorizonRelayOptions, horizonRelay } from './patterns/relay-horizon.ts'
export { type ImmediateRelayOptions, immediateRelay } from './patterns/relay-immediate.ts'
export { type LeaseRelayOptions, leaseRelay } from './patterns/relay-lease.ts'
export type { PolledRelayOptions } from './patterns/relay-polled.ts'
export { type RegistryRelayOptions, registryRelay } from './patterns/relay-registry.ts'
export { type SkipLockedRelayOptions, skipLockedRelay } from './patterns/relay-skip-locked.ts'
export { statusRelay } from './patterns/relay-status.ts'
export {
  type ReservationOptions,
  type ReservationRequest,
  type ReservationState,
  Reservations,
} from './patterns/reservations.ts'
export {
  Orchestrator,
  SAGA_COMMANDS,
  SAGA_STORES,
  SAGA_TIMEOUTS,
  SAGA_VERSIONS,
  type SagaOptions,
  type SagaReply,
  sagaTable,
} from './patterns/saga.ts'
export { command, type SagaDefinition, type SagaView } from './patterns/saga-state.ts'
export {
  type RegisteredSchema,
  type SchemaRegistry,
  type SchemaRegistryOptions,
  schemaRegistry,
} from './patterns/schema-registry.ts'
export {
  IncompatibleSchemaError,
  SCHEMA_ENCODED,
  type SchemaEncoded,
  SchemaRegistryError,
  SchemaSerde,
  type SchemaSerdeOptions,
} from './patterns/schema-serde.ts'
export {
  UnknownSchemaError,
  type Upcaster,
  type UpcasterChains,
  type Upcasting,
} from './patterns/upcasting.ts'
export type { StoryLine } from './report/drafts.ts'
export { hanging } from './report/hanging.ts'
export { Narrator } from './report/phrase.ts'
export { type Story, storyOf } from './report/story.ts'
export { type RunSummary, summaryOf } from './report/summary.ts'
export { plainData, TRACE_FORMAT, type TracedRun } from './report/trace-file.ts'
export type { Workspace, WorkspaceScenario, WorkspaceSystem } from './report/workspace.ts'
export { type Judgement, judge } from './run/judgement.ts'
export { type Bundle, loadBundle } from './run/load-bundle.ts'
export { outlineOf } from './run/outline.ts'
export {
  type PreparedSystem,
  prepare,
  type RunOptions,
  type RunResult,
  run,
  runGenerated,
} from './run/run.ts'
export { type Scenario, type ScenarioInput, scenarioOf } from './run/scenario.ts'
export type { SystemOutline } from './run/system-problems.ts'
export type { Listener } from './service/component.ts'
export { COMMIT_MODES, COMMIT_REACHES, HANDLING_ORDERS, REVOCATIONS } from './service/consumer-options.ts'
export type { HandlerContext } from './service/context.ts'
export {
  answersOf,
  booksOf,
  changesOf,
  effectsOf,
  factsOf,
  failuresOf,
  handlingsOf,
  inboxOf,
  lagOf,
  offsetsOf,
  outboxOf,
  recordsIn,
} from './service/histories.ts'
export { CallTimeoutError, ConnectionResetError, HttpError } from './service/http.ts'
export { JOB_PLACES } from './service/job-options.ts'
export {
  ABORT_POSITIONS,
  FENCED_REACTIONS,
  type KafkaTransactionOptions,
  TRANSACTION_OFFSETS,
  TRANSACTIONAL_IDS,
  ZOMBIE_FENCING,
} from './service/kafka-transactions.ts'
export { type KeyValueStoreOptions, type KeyValueStoreSpec, keyValueStore } from './service/key-values.ts'
export { LEASE_CLOCKS } from './service/lease.ts'
export { type StateSpec, states } from './service/lifecycle.ts'
export { RejectError } from './service/reject-error.ts'
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
export { type ContextOf, type Registration, service } from './service/service.ts'
export type { ParamSpec } from './service/system.ts'
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
