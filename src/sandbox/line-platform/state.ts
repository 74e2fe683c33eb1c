import type { AcceptedPush, LineAccount, LineFriend, PhoneFile, ShownMessage } from './platform.ts'

/** A customer's file in the content API. */
export interface StoredContent {
  readonly file: PhoneFile
  readonly kind: 'image' | 'video' | 'audio' | 'file'
  /** 202s still to be answered. */
  notReadyAnswers: number
  unsent: boolean
}

/** Everything that one Official Account knows. */
export interface AccountState {
  account: LineAccount
  readonly friends: Map<string, LineFriend>
  readonly blocked: Set<string>
  readonly contents: Map<string, StoredContent>
  readonly shown: Map<string, ShownMessage[]>
  /** Reply tokens that were sent, and to whom they lead. */
  readonly replyTokens: Map<string, { readonly userId: string; readonly sentAt: number }>
  readonly markAsReadTokens: Set<string>
  /** Messages counted this month, one per recipient who got them. */
  used: number
}

/** The accounts by name, and the pushes of all of them. */
export interface LineState {
  readonly accounts: ReadonlyMap<string, AccountState>
  readonly pushes: AcceptedPush[]
  /** @throws {Error} for a name that was never configured */
  get(name: string): AccountState
}

export function createLineState(accounts: readonly LineAccount[]): LineState {
  const states = new Map<string, AccountState>()
  for (const account of accounts) {
    states.set(account.name, {
      account,
      friends: new Map(account.friends.map((friend) => [friend.userId, friend])),
      blocked: new Set(),
      contents: new Map(),
      shown: new Map(),
      replyTokens: new Map(),
      markAsReadTokens: new Set(),
      used: 0,
    })
  }
  return {
    accounts: states,
    pushes: [],
    get: (name) => {
      const state = states.get(name)
      if (!state) throw new Error(`There is no LINE account named ${name} in this sandbox.`)
      return state
    },
  }
}
