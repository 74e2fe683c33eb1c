import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Size } from './film-size.ts'
import { oneByOne } from './one-by-one.ts'

/** What can be found out about a film or a sound. */
export interface Seen {
  readonly durationMs?: number
  readonly size?: Size
}

/** What ffmpeg's programs tell of films and sounds, where they are installed. Never rejects: what they cannot do is undefined. */
export interface FilmTools {
  look(file: string, signal: AbortSignal): Promise<Seen | undefined>
  /** One picture of a film as JPEG, at most 1,024 pixels a side; of its second second, where it has one. */
  frame(file: string, durationMs: number | undefined, signal: AbortSignal): Promise<Buffer | undefined>
}

/** Formats that name no other files, unlike playlists, which could make the program read what it should not. */
const formats = 'mov,matroska,mp3,aac,ogg,wav,amr,flac'
const pictureCodecs =
  'h264,hevc,mpeg4,h263,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mjpeg,mpeg2video,mpeg1video'

/** Files came from strangers: they are opened as files and nothing else (https://ffmpeg.org/ffmpeg-formats.html#Format-Options). */
const guarded = ['-protocol_whitelist', 'file', '-format_whitelist', formats]

const quarterTurn = (degrees: number | undefined): boolean => Math.abs(degrees ?? 0) % 180 === 90

/** ffprobe's JSON, the part of it that is asked for: https://ffmpeg.org/ffprobe.html */
const probed = z.object({
  format: z.object({ duration: z.coerce.number().positive().optional().catch(undefined) }).optional(),
  streams: z
    .array(
      z.object({
        width: z.number().positive().optional(),
        height: z.number().positive().optional(),
        // Versions differ in where they tell a turn.
        tags: z.object({ rotate: z.coerce.number().optional().catch(undefined) }).optional(),
        side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
      }),
    )
    .optional(),
})

function seenIn(output: Buffer): Seen | undefined {
  let json: unknown
  try {
    json = JSON.parse(output.toString('utf8'))
  } catch {
    return undefined
  }
  const { success, data } = probed.safeParse(json)
  if (!success) return undefined
  const duration = data.format?.duration
  const stream = data.streams?.find(({ width, height }) => width && height)
  const turn = stream?.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation ?? stream?.tags?.rotate
  const { width, height } = stream ?? {}
  return {
    ...(duration === undefined ? {} : { durationMs: Math.max(1, Math.round(duration * 1000)) }),
    ...(width && height ? { size: quarterTurn(turn) ? { width: height, height: width } : { width, height } } : {}),
  }
}

/** The program's absolute path. Relative folders are passed over: they depend on where the process was started. */
async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue
    const program = path.join(folder, name)
    const there = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return program
  }
  return undefined
}

/**
 * Runs `ffprobe` and `ffmpeg`, one at a time. No shell, none of our environment, no other file, an end after ten seconds.
 * @param settings.searchPath as in `PATH`; absent: there are no such programs
 * @param settings.timeoutMs for each run
 */
export function createFilmTools(settings: {
  readonly searchPath: string | undefined
  readonly timeoutMs?: number
}): FilmTools {
  const { searchPath, timeoutMs = 10_000 } = settings
  const alone = oneByOne()
  const programs = new Map<string, Promise<string | undefined>>()

  function program(name: string): Promise<string | undefined> {
    const known = programs.get(name) ?? (searchPath ? findProgram(name, searchPath) : Promise.resolve(undefined))
    programs.set(name, known)
    return known
  }

  /** What it wrote, or undefined when it is not there, failed, wrote too much or took too long. */
  async function run(
    name: string,
    parameters: readonly string[],
    limits: { readonly maxBuffer: number; readonly signal: AbortSignal },
  ): Promise<Buffer | undefined> {
    const found = await program(name)
    if (!found) return undefined
    const options = {
      ...limits,
      encoding: 'buffer',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      windowsHide: true,
      // Secrets come in the environment.
      env: { PATH: searchPath, LC_ALL: 'C' },
    } as const
    return alone(
      () =>
        new Promise((resolve) => {
          try {
            execFile(found, parameters, options, (error, output) => resolve(error ? undefined : output)).stdin?.end()
          } catch {
            // A path that no program can be given, as with a zero byte in it.
            resolve(undefined)
          }
        }),
    )
  }

  // A program that outlives us, because we were killed, ends itself.
  const limitSeconds = String(Math.ceil(timeoutMs / 1000))
  const frameAt = (file: string, seconds: number, signal: AbortSignal) =>
    run(
      'ffmpeg',
      [
        ...['-nostdin', '-hide_banner', '-v', 'error', '-timelimit', limitSeconds, '-threads', '1'],
        ...[...guarded, '-codec_whitelist', pictureCodecs, '-max_pixels', '40000000'],
        ...['-ss', String(seconds), '-i', `file:${file}`, '-map', '0:v:0', '-frames:v', '1'],
        ...['-vf', "scale=w='min(1024,iw)':h='min(1024,ih)':force_original_aspect_ratio=decrease"],
        ...['-c:v', 'mjpeg', '-q:v', '3', '-f', 'image2pipe', 'pipe:1'],
      ],
      { maxBuffer: 8_000_000, signal },
    )

  return {
    async look(file, signal) {
      const entries = 'format=duration:stream=width,height:stream_tags=rotate:stream_side_data=rotation'
      const output = await run(
        'ffprobe',
        [
          ...['-hide_banner', '-v', 'error', ...guarded, '-select_streams', 'v:0', '-show_entries', entries],
          ...['-of', 'json', '-i', `file:${file}`],
        ],
        { maxBuffer: 100_000, signal },
      )
      return output && seenIn(output)
    },

    async frame(file, durationMs, signal) {
      // The very first picture is often black.
      for (const seconds of durationMs !== undefined && durationMs <= 1_000 ? [0] : [1, 0]) {
        const picture = await frameAt(file, seconds, signal)
        // Nothing is written, and no failure told, where a film ends before.
        if (!picture || picture.length > 0) return picture
      }
      return undefined
    },
  }
}
