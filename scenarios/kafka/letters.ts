import { integer, text, topic } from 'faultline'

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
