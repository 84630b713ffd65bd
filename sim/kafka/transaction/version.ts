/**
 * Level of the feature transaction.version (KIP-890): 0 is the original protocol, 1 has flexible records in
 * __transaction_state, 2 bumps the producer epoch with every transaction and adds partitions with the first write.
 */
export type TransactionVersion = 0 | 1 | 2

/** Whether EndTxn bumps the epoch. Source: TransactionVersion.supportsEpochBump. */
export function supportsEpochBump(version: TransactionVersion): boolean {
  return version >= 2
}

/** The transaction version that a client which sends this version of EndTxn speaks. */
export function versionForEndTxn(apiVersion: number): TransactionVersion {
  return apiVersion > 4 ? 2 : 0
}

/** The transaction version that who sends this version of AddPartitionsToTxn speaks. */
export function versionForAddPartitionsToTxn(apiVersion: number): TransactionVersion {
  return apiVersion > 3 ? 2 : 0
}
