import { SimError } from '../kernel/error.ts'
import type { Plain } from '../kernel/value.ts'
import { HttpError } from '../service/http.ts'
import { checkOptionNames, expectOneOf } from '../service/option.ts'
import { integer, named, plain, type Route, type RowOf, route, table, text } from '../service/schema.ts'
import { type ServiceSpec, service } from '../service/service.ts'
import type { TransactionScope } from '../service/transaction.ts'
import { checkAvroSchema } from './avro-check.ts'
import type { AvroSchema } from './avro-schema.ts'
import { canonicalText } from './canonical-text.ts'
import { COMPATIBILITY_MODES, type Compatibility, incompatibilities } from './compatibility.ts'
import { inbox } from './inbox.ts'
import { outbox } from './outbox.ts'

/** Options of a schema registry. */
export interface SchemaRegistryOptions {
  /** Name of its service. Default: `schema-registry`. */
  readonly name?: string
  readonly instances?: number
  /** What a new schema must be compatible with. Default: `BACKWARD`, as Confluent's. `NONE` checks nothing (Z85). */
  readonly compatibility?: Compatibility
  /** Modes of single subjects. */
  readonly subjects?: Readonly<Record<string, Compatibility>>
}

/** A schema under which a subject was registered. */
export interface RegisteredSchema {
  /** The same for the same schema, in whatever subject. */
  readonly id: number
  /** From 1, of the subject. */
  readonly version: number
  readonly schema: AvroSchema
}

/** A registry as a system declares it: a service with routes. */
export interface SchemaRegistry {
  readonly service: ServiceSpec<{ readonly schemas: typeof SCHEMAS }>
  /** Registers a schema, once. Answers 409 with what is not compatible, 422 to what is no schema. */
  readonly register: Route<
    { readonly subject: string; readonly schema: AvroSchema },
    { readonly id: number; readonly message?: string }
  >
  /** The schema of an id. Answers 404 for one that is unknown. */
  readonly byId: Route<{ readonly id: number }, { readonly schema: AvroSchema }>
  /** The last version of a subject. Answers 404 where there is none. */
  readonly latest: Route<{ readonly subject: string }, RegisteredSchema>
}

const COLUMNS = {
  versionId: text,
  subject: text,
  version: integer,
  id: integer,
  fingerprint: text,
  schema: plain<AvroSchema>(),
} as const
const SCHEMAS = named(
  'schemas',
  table(COLUMNS, { key: 'versionId', indexes: ['subject', 'fingerprint', 'id'] }),
)
type SchemaRow = RowOf<typeof COLUMNS>

/**
 * A schema registry (Confluent's REST API): subjects with versions, each compatible with those before as the mode of its
 * subject says, and ids by which consumers find the schema that something was written with.
 */
export function schemaRegistry(options: SchemaRegistryOptions = {}): SchemaRegistry {
  checkOptionNames('schema registry', options, {
    name: 'any',
    instances: 'any',
    compatibility: COMPATIBILITY_MODES,
    subjects: 'any',
  })
  for (const [subject, mode] of Object.entries(options.subjects ?? {}))
    expectOneOf(`schema registry: subject ${subject}`, mode, COMPATIBILITY_MODES)
  const { name = 'schema-registry', instances = 1, compatibility = 'BACKWARD', subjects = {} } = options
  const register: SchemaRegistry['register'] = route(name, 'POST /subjects/versions')
  const byId: SchemaRegistry['byId'] = route(name, 'GET /schemas/ids')
  const latest: SchemaRegistry['latest'] = route(name, 'GET /subjects/versions/latest')
  // It neither consumes nor publishes: an outbox without tables and relay.
  const messaging = { inbox: inbox('none'), outbox: outbox({ mode: 'dual-write' }) }
  const spec = service(
    name,
    { instances, tables: { schemas: SCHEMAS }, ...messaging },
    ({ route: answer }) => {
      answer(register, ({ subject, schema }, ctx) =>
        ctx.transaction((tx) =>
          registerOnce(
            tx as unknown as TransactionScope,
            subject,
            schema,
            subjects[subject] ?? compatibility,
          ),
        ),
      )
      answer(byId, async ({ id }, ctx) => {
        const [found] = await ctx.db.schemas.select({ where: { id }, limit: 1 })
        if (found === undefined)
          throw new HttpError(404, { errorCode: 40403, message: `Schema ${id} not found.` })
        return { schema: found.schema }
      })
      answer(latest, async ({ subject }, ctx) => {
        const last = (await ctx.db.schemas.select({ where: { subject }, orderBy: 'version' })).at(-1)
        if (last === undefined)
          throw new HttpError(404, { errorCode: 40401, message: `Subject '${subject}' not found.` })
        return { id: last.id, version: last.version, schema: last.schema }
      })
    },
  )
  return { service: spec, register, byId, latest }
}

/** @throws HttpError 422 for what is no schema, with Confluent's code for it */
function expectSchema(schema: unknown): void {
  try {
    checkAvroSchema(schema, 'schema')
  } catch (error) {
    if (!(error instanceof SimError)) throw error
    throw new HttpError(422, { errorCode: 42201, message: `Invalid schema: ${error.message}` })
  }
}

/** Registers a schema unless it is known, one after another: only the leader of a registry writes. */
async function registerOnce(
  tx: TransactionScope,
  subject: string,
  schema: AvroSchema,
  mode: Compatibility,
): Promise<{ readonly id: number }> {
  expectSchema(schema)
  await tx.lock('schemas')
  const fingerprint = canonicalText(schema as unknown as Plain)
  const schemas = tx.table(SCHEMAS)
  const versions = await schemas.select({ where: { subject }, orderBy: 'version' })
  const known = versions.find((version) => version.fingerprint === fingerprint)
  if (known !== undefined) return { id: known.id }
  const earlier = versions.map((version) => version.schema)
  const problems = incompatibilities(mode, schema, earlier)
  if (problems.length > 0) {
    const message = `Schema being registered is incompatible with an earlier schema for subject "${subject}" (${mode}): ${problems.join('; ')}`
    throw new HttpError(409, { errorCode: 409, message })
  }
  const version = (versions.at(-1)?.version ?? 0) + 1
  const id = await idOf(tx, fingerprint)
  const row: SchemaRow = { versionId: `${subject}/${version}`, subject, version, id, fingerprint, schema }
  await schemas.insert(row)
  return { id }
}

async function idOf(tx: TransactionScope, fingerprint: string): Promise<number> {
  const all = await tx.table(SCHEMAS).select({ orderBy: 'id' })
  return all.find((row) => row.fingerprint === fingerprint)?.id ?? (all.at(-1)?.id ?? 0) + 1
}
