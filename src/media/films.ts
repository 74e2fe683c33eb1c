import { filmSize } from './film-size.ts'
import { createFilmTools, type Seen } from './film-tools.ts'
import { playingTimeMs } from './playing-time.ts'

/** Finds out what phones are told of films and sounds. */
export interface Films {
  /** With ffmpeg's programs where they are installed, else from what the file says of itself. Never rejects. */
  look(file: { readonly path: string; readonly mime: string }, signal: AbortSignal): Promise<Seen>
  /** One picture of a film, or undefined without ffmpeg, and where it can make nothing of the file. Never rejects. */
  frame(path: string, seen: Seen, signal: AbortSignal): Promise<Buffer | undefined>
}

/** @param settings.searchPath where ffmpeg's programs are looked for, as in `PATH` */
export function createFilms(settings: { readonly searchPath: string | undefined }): Films {
  const tools = createFilmTools(settings)

  return {
    async look({ path, mime }, signal) {
      const seen = await tools.look(path, signal)
      const durationMs = seen?.durationMs ?? (await playingTimeMs(path))
      const size = mime.startsWith('video/') ? (seen?.size ?? (await filmSize(path).catch(() => undefined))) : undefined
      return { ...(durationMs === undefined ? {} : { durationMs }), ...(size ? { size } : {}) }
    },

    frame: (path, { durationMs }, signal) => tools.frame(path, durationMs, signal),
  }
}
