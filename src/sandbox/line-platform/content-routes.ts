import type { Answer } from '../fake-server.ts'
import { refuse } from './answers.ts'
import type { AuthenticatedRoute } from './authenticated.ts'
import type { AccountState, StoredContent } from './state.ts'

/** Where the customer's message does not say; what LINE commonly answers. */
const usualTypes = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/x-m4a',
  file: 'application/octet-stream',
} as const

/** The Content-Type that the content API answers. */
export const typeOfContent = ({ file, kind }: StoredContent): string => file.mime ?? usualTypes[kind]

/** Customers' files, on a host of their own. https://developers.line.biz/en/reference/messaging-api/#get-content */
export const contentRoutes: readonly AuthenticatedRoute[] = [
  {
    endpoint: 'content',
    method: 'GET',
    path: '/v2/bot/message/:messageId/content',
    answer: ({ params }, state) =>
      withContent(state, params.messageId, (content) => {
        if (content.notReadyAnswers > 0) {
          content.notReadyAnswers -= 1
          return { status: 202 }
        }
        return { status: 200, bytes: content.file.bytes, headers: { 'content-type': typeOfContent(content) } }
      }),
  },
  {
    endpoint: 'preview',
    method: 'GET',
    path: '/v2/bot/message/:messageId/content/preview',
    answer: ({ params }, state) =>
      withContent(state, params.messageId, (content) =>
        content.kind === 'image'
          ? { status: 200, bytes: content.file.bytes, headers: { 'content-type': typeOfContent(content) } }
          : refuse(400, 'The content can not be previewed'),
      ),
  },
  {
    endpoint: 'transcoding',
    method: 'GET',
    path: '/v2/bot/message/:messageId/content/transcoding',
    answer: ({ params }, state) =>
      withContent(state, params.messageId, (content) => {
        if (content.kind !== 'video' && content.kind !== 'audio') {
          return refuse(400, "Transcoding status doesn't support this type of content")
        }
        if (content.file.transcodingFails) return { status: 200, json: { status: 'failed' } }
        // Asking counts as much as fetching, so that a client that polls this endpoint also gets there.
        if (content.notReadyAnswers === 0) return { status: 200, json: { status: 'succeeded' } }
        content.notReadyAnswers -= 1
        return { status: 200, json: { status: 'processing' } }
      }),
  },
]

function withContent(
  state: AccountState,
  messageId: string | undefined,
  answer: (content: StoredContent) => Answer,
): Answer {
  const content = state.contents.get(messageId ?? '')
  if (!content || content.file.expired || content.file.externalUrl !== undefined) return refuse(404, 'not found')
  return content.unsent ? refuse(410, 'The content is gone') : answer(content)
}
