import { integer, text, topic } from 'faultline'
import type { Params } from './params.ts'

/** What is written: the numbers of the letters to one address rise. */
export const letters = topic('letters', { partitions: 3, key: 'address' })

const letterFields = { letterId: text, address: text, number: integer }

export const LetterSent = letters.event('LetterSent', letterFields)

export const stamped = topic('stamped', { partitions: 3, key: 'address' })
export const filed = topic('filed', { partitions: 3, key: 'address' })

/** A letter that the stamper has passed on to the reader. */
export const LetterStamped = stamped.event('LetterStamped', letterFields)
/** The same letter, for the archive. */
export const LetterFiled = filed.event('LetterFiled', letterFields)

/** The same again, in the topic and the partition of the letter for the reader. */
export const LetterShelved = stamped.event('LetterShelved', letterFields)

/** A letter. */
export type Letter = {
  readonly letterId: string
  readonly address: string
  readonly number: number
}

/** Where a letter goes: with a colleague, who writes every second one, both write to an address in turns. */
export function addressOf(number: number, { addresses, colleague }: Params): string {
  return `address-${1 + (Math.floor(number / (colleague === 'none' ? 1 : 2)) % addresses)}`
}

/** The number of the letter before one to its address; undefined if it is the first. */
export function numberBefore(number: number, params: Params): number | undefined {
  const address = addressOf(number, params)
  for (let earlier = number - 1; earlier > 0; earlier--)
    if (addressOf(earlier, params) === address) return earlier
  return undefined
}
