import { integer, ledger, text, topic } from 'faultline'

export const letters = topic('letters', { partitions: 3, key: 'address' })

export const LetterSent = letters.event('LetterSent', { letterId: text, address: text, number: integer })

/** What readers tell of letters that they have taken. */
export const receipts = topic('receipts', { partitions: 1, key: 'letterId' })

export const LetterTaken = receipts.event('LetterTaken', { letterId: text, number: integer })

/** A letter. */
export type Letter = {
  readonly letterId: string
  readonly address: string
  readonly number: number
}

/** Addresses, each in a partition of its own; every third letter goes to the same one. */
const ADDRESSES = ['lime', 'oak', 'ash'] as const

/** The nth letter, from 1. */
export function letterOf(number: number): Letter {
  return { letterId: `letter-${number}`, address: ADDRESSES[number % ADDRESSES.length] ?? '', number }
}

/** The letters of which the cluster has said that it has them. */
export const acknowledged = ledger<Letter>('users.acknowledged')
