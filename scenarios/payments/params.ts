import { choice, count, type ParamsOf } from 'faultline'

/** The switches of the system; every default is right. */
export const params = {
  unknown: choice(
    ['pending', 'failed'],
    'what a payment is of which nobody knows whether it was made: one to ask for again, or a failed one',
  ),
  key: choice(
    ['of-the-payment', 'of-the-request'],
    'what the provider recognises a repeated request by: a key of the payment, or a new one each time',
  ),
  webhooks: choice(
    ['while-pending', 'last-wins'],
    'what a webhook changes: a payment that still waits for just this answer, or whatever there is',
  ),
  signature: choice(['checked', 'ignored'], 'whether a webhook must be signed by the provider'),
  goesBack: choice(
    ['never', 'kept', 'anew'],
    'whether buyers go back to the form when they have paid, and send it again as it was or as it is made anew',
  ),
  forgeries: count(
    0,
    { min: 0, max: 1_000 },
    'every so many buyers send a webhook of their own instead of money; 0: none',
  ),
  declinesOneIn: count(0, { min: 0, max: 1_000 }, 'the provider declines one card in so many; 0: none'),
  slowOneIn: count(
    6,
    { min: 0, max: 1_000 },
    'the provider executes one request in so many 8 s late; 0: none',
  ),
  errorsOneIn: count(
    6,
    { min: 0, max: 1_000 },
    'the provider answers one request in so many with an error; 0: none',
  ),
}

/** The params with their values. */
export type Params = ParamsOf<typeof params>
