// Every script, in the order in which they are recorded.

import { scripts as classicGroups } from './classic-groups.mjs'
import { scripts as commits } from './commits.mjs'
import { scripts as consumerGroups } from './consumer-groups.mjs'
import { scripts as fetches } from './fetches.mjs'
import { scripts as idempotence } from './idempotence.mjs'
import { scripts as joins } from './joins.mjs'
import { scripts as produce } from './produce.mjs'
import { scripts as replication } from './replication.mjs'
import { scripts as retention } from './retention.mjs'
import { tables as clientTables } from './tables.mjs'
import { scripts as transactionOffsets } from './transaction-offsets.mjs'
import { scripts as transactions } from './transactions.mjs'

/** @type {import('../recorder/script.ts').Script[]} */
export const scripts = [
  ...produce,
  ...idempotence,
  ...fetches,
  ...joins,
  ...classicGroups,
  ...commits,
  ...consumerGroups,
  ...transactions,
  ...transactionOffsets,
  ...retention,
  ...replication,
]

/** @type {import('../recorder/script.ts').TableScript[]} */
export const tables = clientTables
