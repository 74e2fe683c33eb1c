import { maxTextUnits } from '../limits.ts'
import type { LineOutgoing } from '../wire.ts'
import { splitText } from './split-text.ts'

const isBlank = (text: string): boolean => text.trim() === ''

/**
 * As many text messages as a text needs; none for a blank one. Half a surrogate pair cannot be shown and would make LINE refuse
 * the whole message, and LINE refuses blank ones. Never `textV2`, in which braces mean something:
 * https://developers.line.biz/en/reference/messaging-api/#text-message
 */
export const textMessages = (text: string): LineOutgoing[] =>
  splitText(text.toWellFormed(), maxTextUnits)
    .filter((piece) => !isBlank(piece))
    .map((piece) => ({ type: 'text', text: piece }))
