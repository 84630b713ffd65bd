import type { ApiName, ResponseOf } from '../protocol/api.ts'

/**
 * Answers a request, once, at once or later, perhaps before `handle` has returned. undefined: the broker closes the
 * connection instead. A Produce request with acks=0 gets no answer but that.
 */
export type Respond<Api extends ApiName> = (response: ResponseOf<Api> | undefined) => void
