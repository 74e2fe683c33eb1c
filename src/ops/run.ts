import type {
  ChannelsJson,
  DeadLetterJson,
  DeadLettersJson,
  MessagesJson,
  MovedJson,
  PausedJson,
} from '../console/api/shapes.ts'
import type { OpsClient } from './client.ts'
import type { Command, Filter } from './command-line.ts'
import {
  channelsText,
  type ListedLetters,
  lettersText,
  letterText,
  messagesText,
  movedText,
  pausedText,
} from './texts.ts'

/** What a command prints, and the program's exit code. */
export interface Outcome {
  readonly answer: object
  readonly text: string
  readonly exitCode: 0 | 1
}

/** Carries a command out. @throws {OpsRefused} */
export async function runCommand(command: Command, client: OpsClient): Promise<Outcome> {
  switch (command.do) {
    case 'channels': {
      const answer = await client.get<ChannelsJson>('/channels')
      return { answer, text: channelsText(answer), exitCode: 0 }
    }
    case 'find': {
      const answer = await client.get<MessagesJson>('/messages', { q: command.id })
      return { answer, text: messagesText(answer), exitCode: answer.items.length > 0 ? 0 : 1 }
    }
    case 'list': {
      const answer = await list(client, command.filter, command.limit)
      return { answer, text: lettersText(answer), exitCode: 0 }
    }
    case 'show': {
      const query = { content: command.content ? '1' : undefined }
      const answer = await client.get<DeadLetterJson>(`/dead-letters/${encodeURIComponent(command.id)}`, query)
      return { answer, text: letterText(answer), exitCode: 0 }
    }
    case 'replay':
    case 'discard': {
      const { chosen, because: reason, confirmUncertain } = command
      const answer = await client.post<MovedJson>(`/dead-letters/${command.do}`, {
        ...chosen,
        reason,
        ...(confirmUncertain && { confirmUncertain }),
      })
      return { answer, text: movedText(command.do, answer), exitCode: answer.skipped.length > 0 ? 1 : 0 }
    }
    case 'pause':
    case 'resume': {
      const { channel, direction, because: reason } = command
      const path = `/channels/${encodeURIComponent(channel)}/${direction}/${command.do}`
      const answer = await client.post<PausedJson>(path, { reason })
      return { answer, text: pausedText(answer), exitCode: 0 }
    }
  }
}

const pageSize = 500

/** Page by page; a page may be empty although there are more. */
async function list(client: OpsClient, filter: Filter, limit: number): Promise<ListedLetters> {
  const items: DeadLetterJson[] = []
  let next: string | null = null
  do {
    const page: DeadLettersJson = await client.get('/dead-letters', {
      ...filter,
      limit: String(Math.min(limit, pageSize)),
      cursor: next ?? undefined,
    })
    items.push(...page.items)
    next = page.next
  } while (next !== null && items.length < limit)
  return { items: items.slice(0, limit), more: next !== null || items.length > limit }
}
