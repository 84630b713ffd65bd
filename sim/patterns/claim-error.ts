/** Somebody else has claimed what is to be done, or this claim was lost: it is tried again later. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError'
}
