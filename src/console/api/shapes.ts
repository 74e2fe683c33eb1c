/**
 * The console's JSON API as its callers see it: the pages, the terminal command, scripts. Times are ISO-8601 in UTC. No
 * answer holds a secret, a name or a text, except for the `payload` that somebody asked for.
 */

import type { MessageIds } from '../../bridge/events.ts'
import type { Direction, FailureReason } from '../../bridge/message.ts'

/** Every error. `code` is for programs and stays; `message` is for people. */
export interface ErrorJson {
  readonly error: { readonly code: string; readonly message: string }
}

/** `GET channels` */
export interface ChannelsJson {
  readonly items: readonly ChannelJson[]
}

/** One channel and how it stands. */
export interface ChannelJson {
  readonly name: string
  readonly type: string
  readonly market: string
  readonly brand: string
  /** By the word that stands in the webhook's path: `line`, `genesys`. */
  readonly sides: Readonly<Record<string, SideJson>>
  /** Null: messages flow. */
  readonly paused: Readonly<Record<Direction, PauseJson | null>>
  /** Messages that have not ended, those being delivered included. `receipts` are about outbound ones. */
  readonly waiting: Readonly<Record<Direction | 'receipts', number>>
  readonly deadLetters: Readonly<Record<Direction, number>>
}

/** One of a channel's two platforms. */
export interface SideJson {
  /** What is to be entered as webhook address at the platform. */
  readonly webhookUrl: string
  /** The last webhook that was taken, right to a second; null: none yet. */
  readonly lastWebhookAt: string | null
  /** The last one that was refused, with the HTTP status of our answer. */
  readonly lastRefused: { readonly at: string; readonly status: number } | null
  readonly token: TokenJson
}

/** The credential with which a platform is called. */
export interface TokenJson {
  readonly kind: string
  /** Of the token that the answering process holds; null while it holds none, or when it never ends. */
  readonly expiresAt: string | null
}

/** Somebody has stopped deliveries. */
export interface PauseJson {
  readonly reason: string
  readonly who: string
  readonly at: string
}

/** `GET messages?q=`: newest first. */
export interface MessagesJson {
  readonly items: readonly MessageJson[]
  /** False: the search ended at its time limit or at the most items, so that there may be more. */
  readonly complete: boolean
}

/** One message's timeline. */
export interface MessageJson {
  readonly ids: MessageIds
  readonly channel: string
  readonly direction: Direction
  /**
   * Not ended: `waiting`, `delivering`, `retrying`, `held` (until the set-up is mended), `paused` (by an operator). Ended:
   * `delivered`, `dead`, `refused` (it could certainly not be sent, and was never tried), `discarded`, `withdrawn` (the customer unsent
   * it). `noted`: an event that carried no message.
   */
  readonly state: string
  /**
   * The oldest first, which is always `received`. `attempt` counts from 1; `status` is the platform's HTTP status. An
   * attempt that failed is `failed`, `held` (set-up) or `postponed` (request budget) by what followed from it.
   */
  readonly steps: readonly StepJson[]
}

export interface StepJson {
  readonly at: string
  readonly what: string
  readonly status?: number
  readonly attempt?: number
}

/** `GET dead-letters`: the latest given up first. `next` goes into `cursor` of the next call; null at the end. */
export interface DeadLettersJson {
  readonly items: readonly DeadLetterJson[]
  readonly next: string | null
}

/** `GET dead-letters/{id}`, there with `payload` if `content=1` was asked for. */
export interface DeadLetterJson {
  readonly id: string
  readonly channel: string
  readonly direction: Direction
  /**
   * `message`: refused for what it is. `expired`: tried for as long as it made sense. `uncertain`: nobody knows whether it
   * arrived, and a replay may bring it twice.
   */
  readonly kind: string
  readonly reason: FailureReason
  readonly attempts: number
  readonly firstAt: string
  readonly lastAt: string
  /** Only `remote`, while nobody knows which message the platform's report is about. */
  readonly ids: Partial<MessageIds>
  /** Null: erased, never kept, or (`unreadable`) sealed with a key that is no longer configured. */
  readonly payload?: object | null
  readonly unreadable?: true
}

/** `POST dead-letters/replay` and `/discard`. `why`: `not_found`, `uncertain`, `no_content`, `unknown_channel`, `busy`. */
export interface MovedJson {
  readonly done: number
  readonly skipped: readonly { readonly id: string; readonly why: string }[]
}

/** `POST channels/{channel}/{direction}/pause` and `/resume`. */
export interface PausedJson {
  readonly channel: string
  readonly direction: Direction
  readonly paused: PauseJson | null
}
