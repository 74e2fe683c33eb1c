import type { Answer, Call, Route } from '../fake-server.ts'
import type { Ids } from '../ids.ts'
import { refuse } from './answers.ts'
import type { GenesysClient, GenesysEndpoint } from './cloud.ts'

/** A file that an agent attached. */
export interface DownloadableFile {
  readonly bytes: Buffer
  readonly mime: string
  readonly fileName: string
}

/** Agents' files, for holders of a token only. */
export interface Downloads {
  readonly route: Route<GenesysEndpoint>
  /** Returns the file's id and its path on this server. */
  add(file: DownloadableFile): { readonly id: string; readonly path: string }
  clear(): void
}

export function createDownloads(made: {
  readonly ids: Ids
  readonly clientOf: (headers: Call<GenesysEndpoint>['request']['headers']) => GenesysClient | Answer
}): Downloads {
  const files = new Map<string, DownloadableFile>()
  return {
    add: (file) => {
      const id = made.ids.uuid()
      files.set(id, file)
      return { id, path: `/api/v2/downloads/${id}` }
    },
    clear: () => files.clear(),
    route: {
      endpoint: 'download',
      method: 'GET',
      path: '/api/v2/downloads/:id',
      answer: ({ request, params }) => {
        const client = made.clientOf(request.headers)
        if ('status' in client) return client
        const file = files.get(params.id ?? '')
        if (!file) return refuse(404)
        const name = encodeURIComponent(file.fileName)
        return {
          status: 200,
          bytes: file.bytes,
          headers: { 'content-type': file.mime, 'content-disposition': `attachment; filename*=UTF-8''${name}` },
        }
      },
    },
  }
}
