import type { AcceptedPush, LineAccount, LineFriend, LineGroup, PhoneFile, ShownMessage } from './platform.ts'

/** A customer's file in the content API. */
export interface StoredContent {
  readonly file: PhoneFile
  readonly kind: 'image' | 'video' | 'audio' | 'file'
  /** 202s still to be answered. */
  notReadyAnswers: number
  unsent: boolean
}

/** A group or room that the account is in. */
export interface GroupState extends Omit<LineGroup, 'members'> {
  readonly members: Map<string, LineFriend>
}

/** Everything that one Official Account knows. A *chat* is a user id, or the id of a group or room. */
export interface AccountState {
  account: LineAccount
  readonly friends: Map<string, LineFriend>
  readonly groups: Map<string, GroupState>
  readonly blocked: Set<string>
  readonly contents: Map<string, StoredContent>
  /** By chat. */
  readonly shown: Map<string, ShownMessage[]>
  /** By chat: the shown message whose quick replies can still be tapped. */
  readonly quickRepliesOf: Map<string, string>
  /** By chat: until when the loading animation runs, in ms since the epoch. */
  readonly loadingUntil: Map<string, number>
  /** Reply tokens that were sent, and to which chat they lead. */
  readonly replyTokens: Map<string, { readonly userId: string; readonly sentAt: number }>
  /** Read tokens that were sent, and what they mark. */
  readonly readTokens: Map<string, { readonly chat: string; readonly messageId: string }>
  /** Messages counted this month, one per recipient who got them. */
  used: number
}

/** The accounts by name, and the pushes of all of them. */
export interface LineState {
  readonly accounts: ReadonlyMap<string, AccountState>
  readonly pushes: AcceptedPush[]
  /** @throws {Error} for a name that was never configured */
  get(name: string): AccountState
  /** Forgets what was sent and seen; accounts, friends and groups stay. */
  clear(): void
}

/** Group ids start with `C`, room ids with `R`. https://developers.line.biz/en/reference/messaging-api/#source-group */
export const chatKind = (chat: string): 'group' | 'room' => (chat.startsWith('R') ? 'room' : 'group')

export function createLineState(accounts: readonly LineAccount[]): LineState {
  const states = new Map<string, AccountState>()
  const pushes: AcceptedPush[] = []
  for (const account of accounts) {
    states.set(account.name, {
      account,
      friends: new Map(account.friends.map((friend) => [friend.userId, friend])),
      groups: new Map(),
      blocked: new Set(),
      contents: new Map(),
      shown: new Map(),
      quickRepliesOf: new Map(),
      loadingUntil: new Map(),
      replyTokens: new Map(),
      readTokens: new Map(),
      used: 0,
    })
  }
  return {
    accounts: states,
    pushes,
    get: (name) => {
      const state = states.get(name)
      if (!state) throw new Error(`There is no LINE account named ${name} in this sandbox.`)
      return state
    },
    clear: () => {
      for (const one of states.values()) {
        for (const store of [one.blocked, one.contents, one.shown, one.quickRepliesOf, one.loadingUntil]) store.clear()
        for (const store of [one.replyTokens, one.readTokens]) store.clear()
        one.used = 0
      }
      pushes.length = 0
    },
  }
}
