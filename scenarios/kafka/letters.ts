import { integer, text, topic } from 'faultline'

/** What is written: the numbers of the letters to one address rise. */
export const letters = topic('letters', { partitions: 3, key: 'address' })

export const LetterSent = letters.event('LetterSent', { letterId: text, address: text, number: integer })

/** A letter. */
export type Letter = {
  readonly letterId: string
  readonly address: string
  readonly number: number
}
