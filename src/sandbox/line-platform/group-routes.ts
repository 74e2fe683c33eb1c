import type { Answer } from '../fake-server.ts'
import { refuse } from './answers.ts'
import type { AuthenticatedRoute } from './authenticated.ts'
import type { AccountState, GroupState } from './state.ts'

const forms = { group: /^C[0-9a-f]{32}$/, room: /^R[0-9a-f]{32}$/ } as const

/** Groups and rooms with the account in them: their members, their names, and the way out. */
export function groupRoutes(made: {
  /** The account is in it no more. */
  readonly left: (account: string, groupId: string) => void
}): AuthenticatedRoute[] {
  const inside = (
    kind: 'group' | 'room',
    state: AccountState,
    id: string | undefined,
    answer: (group: GroupState) => Answer,
  ): Answer => {
    if (!forms[kind].test(id ?? '')) return refuse(400, `The value for the '${kind}Id' parameter is invalid`)
    const group = state.groups.get(id ?? '')
    return group ? answer(group) : refuse(404, 'Not found')
  }
  const routesOf = (kind: 'group' | 'room'): AuthenticatedRoute[] => [
    {
      endpoint: 'member',
      method: 'GET',
      path: `/v2/bot/${kind}/:chat/member/:userId`,
      // Friend or not, blocked or not. https://developers.line.biz/en/reference/messaging-api/#get-group-member-profile
      answer: ({ params }, state) =>
        inside(kind, state, params.chat, ({ members }) => {
          const member = members.get(params.userId ?? '')
          if (!member) return refuse(404, 'Not found')
          const { userId, displayName, pictureUrl } = member
          return { status: 200, json: { userId, displayName, ...(pictureUrl === undefined ? {} : { pictureUrl }) } }
        }),
    },
    {
      endpoint: 'leave',
      method: 'POST',
      path: `/v2/bot/${kind}/:chat/leave`,
      // https://developers.line.biz/en/reference/messaging-api/#leave-group
      answer: ({ params }, state) =>
        inside(kind, state, params.chat, ({ groupId }) => {
          state.groups.delete(groupId)
          made.left(state.account.name, groupId)
          return { status: 200, json: {} }
        }),
    },
  ]
  return [
    ...routesOf('group'),
    ...routesOf('room'),
    {
      endpoint: 'group',
      method: 'GET',
      path: '/v2/bot/group/:chat/summary',
      // Rooms have none. https://developers.line.biz/en/reference/messaging-api/#get-group-summary
      answer: ({ params }, state) =>
        inside('group', state, params.chat, ({ groupId, name = 'Group' }) => ({
          status: 200,
          json: { groupId, groupName: name },
        })),
    },
  ]
}
