import type { Conversation } from './message.ts'

/** Remembers for some days what was written in either direction, so that a quote can be shown. Whatever is lost of it is no harm. */
export interface Quotes {
  /** Soon, and nobody waits for it. @param id the platform's id of the message that held the text */
  keep(conversation: Conversation, id: string, text: string): void
  /** Undefined for what was never kept, is too old, or cannot be read now. Never rejects. */
  find(conversation: Conversation, id: string): Promise<string | undefined>
}
