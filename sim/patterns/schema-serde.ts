import { SimError } from '../kernel/error.ts'
import type { Plain } from '../kernel/value.ts'
import type { BaseContext } from '../service/context.ts'
import type { HttpResponse } from '../service/http.ts'
import { checkOptionNames } from '../service/option.ts'
import { integer, plain } from '../service/schema.ts'
import { checkAvroSchema } from './avro-check.ts'
import { decodeAvro, encodeAvro } from './avro-data.ts'
import type { AvroSchema } from './avro-schema.ts'
import type { SchemaRegistry } from './schema-registry.ts'

/** What an event carries instead of its data: the id of the schema, and what was written with it (Confluent's wire format). */
export interface SchemaEncoded {
  readonly schemaId: number
  readonly payload: Plain
}

/** The fields of an event type for that: `orders.event('OrderPlaced', { orderId: text, ...SCHEMA_ENCODED })`. */
export const SCHEMA_ENCODED = { schemaId: integer, payload: plain<Plain>() } as const

/** How data are written and read. */
export interface SchemaSerdeOptions {
  readonly registry: SchemaRegistry
  /** `order-events-value`, … */
  readonly subject: string
  /** What this code writes, and what it wants to read. */
  readonly schema: AvroSchema
  /**
   * Which id is put on what is written: that of the schema it was written with is right; `latest` puts the newest of the
   * subject on data of older code, which nobody can read then.
   */
  readonly stamp?: 'own' | 'latest'
}

/** The registry does not take the schema of this code: nothing of it may be published. */
export class IncompatibleSchemaError extends Error {
  override readonly name = 'IncompatibleSchemaError'
}

/** The registry has answered neither yes nor no. */
export class SchemaRegistryError extends Error {
  override readonly name = 'SchemaRegistryError'
}

/**
 * Writes and reads data by the schemas of a registry, in one life of an instance: made in a service's factory. What it has
 * learned it keeps, so that the registry is asked once per schema.
 */
export class SchemaSerde<Data extends Plain> {
  private readonly options: Required<SchemaSerdeOptions>
  private ownId: number | undefined = undefined
  private readonly schemas = new Map<number, AvroSchema>()

  /** @throws SimError 'definition' for options that there are not, those that are missing, and a schema that is none */
  constructor(options: SchemaSerdeOptions) {
    checkOptionNames('schema serde', options, {
      registry: 'any',
      subject: 'any',
      schema: 'any',
      stamp: ['own', 'latest'],
    })
    for (const name of ['registry', 'subject', 'schema'] as const)
      if (options[name] === undefined || options[name] === '')
        throw new SimError('definition', `schema serde: ${name}: expected one, got none`)
    checkAvroSchema(options.schema, 'schema serde: schema')
    this.options = { stamp: 'own', ...options }
  }

  /**
   * Writes data with this code's schema, which is registered first.
   * @throws IncompatibleSchemaError when the registry refuses it
   * @throws AvroDataError when the data do not fit it
   */
  async encode(ctx: Pick<BaseContext, 'call'>, data: Data): Promise<SchemaEncoded> {
    const { registry, subject, schema, stamp } = this.options
    const payload = encodeAvro(schema, data)
    this.ownId ??= await this.register(ctx)
    if (stamp === 'own') return { schemaId: this.ownId, payload }
    const { id } = answered(await ctx.call(registry.latest, { subject }))
    return { schemaId: id, payload }
  }

  /**
   * Reads data as this code's schema says, whatever they were written with.
   * @throws AvroDataError when that is not possible
   */
  async decode(ctx: Pick<BaseContext, 'call'>, { schemaId, payload }: SchemaEncoded): Promise<Data> {
    let writer = this.schemas.get(schemaId)
    if (writer === undefined) {
      writer = answered(await ctx.call(this.options.registry.byId, { id: schemaId })).schema
      this.schemas.set(schemaId, writer)
    }
    return decodeAvro(this.options.schema, writer, payload) as Data
  }

  private async register(ctx: Pick<BaseContext, 'call'>): Promise<number> {
    const { registry, subject, schema } = this.options
    const answer = await ctx.call(registry.register, { subject, schema })
    if (answer.status === 409) throw new IncompatibleSchemaError(answer.body.message)
    return answered(answer).id
  }
}

function answered<Body>({ status, body }: HttpResponse<Body>): Body {
  if (status === 200) return body
  throw new SchemaRegistryError(`the schema registry answered ${status}: ${JSON.stringify(body)}`)
}
