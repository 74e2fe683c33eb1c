/** The playing time of an audio or video file in ms, or undefined when the file does not tell. */
export async function playingTimeMs(path: string): Promise<number | undefined> {
  const { parseFile } = await import('music-metadata')
  try {
    const { format } = await parseFile(path, { duration: true, skipCovers: true })
    // A film without sound tells it of its tracks only.
    const tracks = format.trackInfo.map(({ duration }) => duration ?? 0)
    const seconds = format.duration ?? Math.max(0, ...tracks)
    return seconds > 0 && Number.isFinite(seconds) ? Math.max(1, Math.round(seconds * 1000)) : undefined
  } catch {
    return undefined
  }
}
