import type { ErrorCode } from '../error-code.ts'
import {
  MAX_PRODUCER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TransactionMetadata,
  type TxnTransitMetadata,
} from './metadata.ts'
import { isPreparing } from './state.ts'
import { supportsEpochBump, type TransactionVersion } from './version.ts'

/** An EndTxn, from a client or from the coordinator itself when it aborts. */
export interface EndTxn {
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  readonly fromClient: boolean
  readonly version: TransactionVersion
}

/** A new producer id, or why there is none at the moment. */
export type NextProducerId = (nowMillis: number) => number | ErrorCode

/** The transition that an EndTxn asks for, or what to answer at once: NONE to a retry of one that is complete. */
export interface EndTxnDecision {
  readonly outcome: TxnTransitMetadata | ErrorCode
  /** The epoch is already bumped in memory, to fence: if the write fails, the next attempt must not bump it again. */
  readonly bumpedInMemory: boolean
}

/** Decides on an EndTxn (rule T4). Source: TransactionCoordinator.endTransaction and endTransactionWithTV1. */
export function decideEndTxn(
  metadata: TransactionMetadata,
  endTxn: EndTxn,
  nextProducerId: NextProducerId,
  nowMillis: number,
): EndTxnDecision {
  const fences = metadata.pendingState === 'PrepareEpochFence'
  if (supportsEpochBump(endTxn.version)) {
    const outcome = decideWithBump(metadata, endTxn, fences, nextProducerId, nowMillis)
    return { outcome, bumpedInMemory: false }
  }
  const outcome = decideWithoutBump(metadata, endTxn, nowMillis)
  return { outcome, bumpedInMemory: fences && !endTxn.committed && typeof outcome === 'object' }
}

/**
 * Versions 0 and 1: an EndTxn is of the current transaction or a retry by its epoch, which both have (rule T5). So a
 * delayed one that was answered long ago ends a later transaction of the same producer (KAFKA-17754).
 */
function decideWithoutBump(
  metadata: TransactionMetadata,
  { producerId, producerEpoch, committed, fromClient }: EndTxn,
  nowMillis: number,
): TxnTransitMetadata | ErrorCode {
  if (metadata.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  if ((fromClient && producerEpoch !== metadata.producerEpoch) || producerEpoch < metadata.producerEpoch)
    return 'PRODUCER_FENCED'
  const { pendingState, state } = metadata
  if (pendingState !== undefined && pendingState !== 'PrepareEpochFence') return 'CONCURRENT_TRANSACTIONS'
  switch (state) {
    case 'Ongoing':
      if (!committed && pendingState === 'PrepareEpochFence') {
        metadata.pendingState = undefined
        metadata.producerEpoch = producerEpoch
        metadata.lastProducerEpoch = NO_PRODUCER_EPOCH
      }
      return metadata.prepareAbortOrCommit(
        committed ? 'PrepareCommit' : 'PrepareAbort',
        0,
        NO_PRODUCER_ID,
        nowMillis,
        false,
      )
    case 'CompleteCommit':
      return committed ? 'NONE' : 'INVALID_TXN_STATE'
    case 'CompleteAbort':
      return committed ? 'INVALID_TXN_STATE' : 'NONE'
    case 'PrepareCommit':
      return committed ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE'
    case 'PrepareAbort':
      return committed ? 'INVALID_TXN_STATE' : 'CONCURRENT_TRANSACTIONS'
    case 'Empty':
      return 'INVALID_TXN_STATE'
    case 'Dead':
    case 'PrepareEpochFence':
      throw new Error(`${metadata.transactionalId} can never be ${state}`)
  }
}

/**
 * Version 2: a retry has the epoch before the bump, the next transaction the one after it. A producer that does not
 * know how it stands may abort although no transaction has begun.
 */
function decideWithBump(
  metadata: TransactionMetadata,
  endTxn: EndTxn,
  fences: boolean,
  nextProducerId: NextProducerId,
  nowMillis: number,
): TxnTransitMetadata | ErrorCode {
  const { producerId, producerEpoch, committed } = endTxn
  const { state, pendingState } = metadata
  const overflowed =
    !fences &&
    metadata.prevProducerId === producerId &&
    producerEpoch === MAX_PRODUCER_EPOCH - 1 &&
    metadata.producerEpoch === 0
  const bumped = !fences && metadata.producerEpoch === producerEpoch + 1
  if (pendingState !== undefined && pendingState !== 'PrepareEpochFence') return 'CONCURRENT_TRANSACTIONS'
  if (metadata.producerId !== producerId && !overflowed) return 'INVALID_PRODUCER_ID_MAPPING'
  if (!isValidEpoch(metadata, endTxn, fences, bumped, overflowed)) return 'PRODUCER_FENCED'
  const retry = bumped || overflowed
  switch (state) {
    case 'Ongoing':
      return end(metadata, endTxn, fences, false, nextProducerId, nowMillis)
    case 'CompleteCommit':
      if (retry) return committed ? 'NONE' : 'INVALID_TXN_STATE'
      break
    case 'CompleteAbort':
      if (retry) return committed ? 'INVALID_TXN_STATE' : 'NONE'
      break
    case 'PrepareCommit':
      return committed ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE'
    case 'PrepareAbort':
      return committed ? 'INVALID_TXN_STATE' : 'CONCURRENT_TRANSACTIONS'
    case 'Empty':
      break
    case 'Dead':
    case 'PrepareEpochFence':
      throw new Error(`${metadata.transactionalId} can never be ${state}`)
  }
  if (committed) return 'INVALID_TXN_STATE'
  return end(metadata, endTxn, fences, true, nextProducerId, nowMillis)
}

function isValidEpoch(
  metadata: TransactionMetadata,
  { producerEpoch, fromClient }: EndTxn,
  fences: boolean,
  bumped: boolean,
  overflowed: boolean,
): boolean {
  const current = producerEpoch === metadata.producerEpoch
  if (fences) return (!fromClient || current) && producerEpoch >= metadata.producerEpoch
  if (isPreparing(metadata.state)) return bumped
  if (metadata.state === 'CompleteCommit' || metadata.state === 'CompleteAbort')
    return bumped || overflowed || current
  return current
}

function end(
  metadata: TransactionMetadata,
  { committed, version }: EndTxn,
  fences: boolean,
  noPartitionAdded: boolean,
  nextProducerId: NextProducerId,
  nowMillis: number,
): TxnTransitMetadata | ErrorCode {
  const next = metadata.isProducerEpochExhausted ? nextProducerId(nowMillis) : NO_PRODUCER_ID
  if (!committed && fences) metadata.pendingState = undefined
  if (typeof next === 'string') return next
  const state = committed ? 'PrepareCommit' : 'PrepareAbort'
  return metadata.prepareAbortOrCommit(state, version, next, nowMillis, noPartitionAdded)
}

/**
 * The decision is in the log: prepares the completion, which is written after the markers.
 * @returns the reason if something has come between
 */
export function prepareCompletion(
  metadata: TransactionMetadata,
  { producerId, producerEpoch, committed, version }: EndTxn,
  nowMillis: number,
): TxnTransitMetadata | ErrorCode {
  if (metadata.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  const bumped = supportsEpochBump(version) && metadata.producerEpoch === producerEpoch + 1
  if (metadata.producerEpoch !== producerEpoch && !bumped) return 'PRODUCER_FENCED'
  if (metadata.pendingState !== undefined) return 'CONCURRENT_TRANSACTIONS'
  if (metadata.state !== (committed ? 'PrepareCommit' : 'PrepareAbort')) return 'INVALID_TXN_STATE'
  return metadata.prepareComplete(nowMillis)
}
