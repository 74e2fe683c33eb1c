import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { createFilmTools } from '../../src/media/film-tools.ts'
import { until } from '../support/until.ts'
import { temporaryFolder } from './samples.ts'

const { signal } = new AbortController()

/** Programs of these names in a folder of their own, as shell scripts, and the tools that find them there. */
async function programs(folder: string, scripts: Readonly<Record<string, string>>, timeoutMs = 10_000) {
  const bin = path.join(folder, 'bin')
  await mkdir(bin)
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(bin, name), 0o755)
  }
  const searchPath = [bin, process.env.PATH].join(path.delimiter)
  return { bin, searchPath, tools: createFilmTools({ searchPath, timeoutMs }), file: path.join(folder, 'content') }
}

const answer = (json: unknown): string => `cat <<'END'\n${JSON.stringify(json)}\nEND`

describe('ffprobe', () => {
  test.each([
    [
      'playing time and size',
      { format: { duration: '3.0405' }, streams: [{ width: 1280, height: 720 }] },
      { durationMs: 3041, size: { width: 1280, height: 720 } },
    ],
    [
      'the size of a film that is shown after a quarter turn',
      { format: {}, streams: [{ width: 1280, height: 720, side_data_list: [{}, { rotation: -90 }] }] },
      { size: { width: 720, height: 1280 } },
    ],
    [
      'the same as older versions tell it',
      { streams: [{ width: 1280, height: 720, tags: { rotate: '270' } }] },
      { size: { width: 720, height: 1280 } },
    ],
    ['a sound', { format: { duration: '2.000000' }, streams: [] }, { durationMs: 2000 }],
    ['nothing', { format: { duration: 'N/A' }, programs: [] }, {}],
    ['something else', ['?'], undefined],
  ])('tells %s', async (_, told, seen) => {
    await using place = await temporaryFolder()
    const { tools, file } = await programs(place.folder, { ffprobe: answer(told) })
    expect(await tools.look(file, signal)).toEqual(seen)
  })

  test('is given the file as a file, and may open nothing else', async () => {
    await using place = await temporaryFolder()
    const { tools, file, bin } = await programs(place.folder, {
      ffprobe: `printf '%s\\n' "$@" > "$(dirname "$0")/args"; env > "$(dirname "$0")/env"; ${answer({})}`,
    })
    process.env.FILM_TOOLS_SECRET = 'a secret'
    expect(await tools.look(file, signal)).toEqual({})
    delete process.env.FILM_TOOLS_SECRET
    const given = (await readFile(path.join(bin, 'args'), 'utf8')).split('\n')
    expect(given[given.indexOf('-protocol_whitelist') + 1]).toBe('file')
    expect(given[given.indexOf('-i') + 1]).toBe(`file:${file}`)
    expect(given[given.indexOf('-format_whitelist') + 1]).not.toMatch(/hls|concat|dash/)
    expect(await readFile(path.join(bin, 'env'), 'utf8')).not.toContain('a secret')
  })

  test('is not missed where it is not installed, fails, or says nothing of sense', async () => {
    await using place = await temporaryFolder()
    const { tools, file, bin } = await programs(place.folder, { ffprobe: 'echo "{}"; exit 1' })
    expect(await tools.look(file, signal)).toBeUndefined()
    await writeFile(path.join(bin, 'ffprobe'), '#!/bin/sh\necho "not JSON"\n')
    expect(await tools.look(file, signal)).toBeUndefined()
    expect(await createFilmTools({ searchPath: undefined }).look(file, signal)).toBeUndefined()
    expect(await createFilmTools({ searchPath: place.folder }).look(file, signal)).toBeUndefined()
    expect(await tools.look('a\u0000b', signal)).toBeUndefined()
  })

  test('is not run from a folder that is named from where the process stands', async () => {
    await using place = await temporaryFolder()
    const { bin, file } = await programs(place.folder, { ffprobe: `echo '{"format":{"duration":"1"}}'` })
    expect(await createFilmTools({ searchPath: bin }).look(file, signal)).toEqual({ durationMs: 1000 })
    const relative = path.relative(process.cwd(), bin)
    expect(await createFilmTools({ searchPath: relative }).look(file, signal)).toBeUndefined()
  })
})

describe('ffmpeg', () => {
  test('takes the picture of the second second, or the first one where the film is shorter or ends before', async () => {
    await using place = await temporaryFolder()
    const { tools, file, bin } = await programs(place.folder, {
      ffmpeg: `while [ "$1" != -ss ]; do shift; done
echo "$2" >> "$(dirname "$0")/seconds"
if [ "$2" = 0 ] || [ ! -e "$(dirname "$0")/short" ]; then printf 'picture at %s' "$2"; fi`,
    })
    const seconds = async () => (await readFile(path.join(bin, 'seconds'), 'utf8')).trim().split('\n').join()
    expect((await tools.frame(file, 5_000, signal))?.toString()).toBe('picture at 1')
    expect((await tools.frame(file, 900, signal))?.toString()).toBe('picture at 0')
    expect(await seconds()).toBe('1,0')
    await writeFile(path.join(bin, 'short'), '')
    expect((await tools.frame(file, undefined, signal))?.toString()).toBe('picture at 0')
    expect(await seconds()).toBe('1,0,1,0')
  })

  test('is ended when it takes too long', async () => {
    await using place = await temporaryFolder()
    const { tools, file, bin } = await programs(
      place.folder,
      { ffmpeg: `echo $$ > "$(dirname "$0")/pid"; exec sleep 600` },
      2_000,
    )
    expect(await tools.frame(file, 5_000, signal)).toBeUndefined()
    const pid = Number(await readFile(path.join(bin, 'pid'), 'utf8'))
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })

  test('is ended when the process stops', async () => {
    await using place = await temporaryFolder()
    const { tools, file, bin } = await programs(place.folder, {
      ffmpeg: `echo $$ > "$(dirname "$0")/pid.new"; mv "$(dirname "$0")/pid.new" "$(dirname "$0")/pid"; exec sleep 600`,
    })
    const stop = new AbortController()
    const made = tools.frame(file, 5_000, stop.signal)
    const pid = await until('the program to run', () => readFile(path.join(bin, 'pid'), 'utf8').catch(() => undefined))
    stop.abort()
    expect(await made).toBeUndefined()
    await until('the program to be gone', () => {
      try {
        return !process.kill(Number(pid), 0)
      } catch {
        return true
      }
    })
  })

  test('is ended when it writes without end', async () => {
    await using place = await temporaryFolder()
    const { tools, file } = await programs(place.folder, { ffmpeg: 'exec yes' })
    expect(await tools.frame(file, 5_000, signal)).toBeUndefined()
  })

  test('is run for one file at a time', async () => {
    await using place = await temporaryFolder()
    const { tools, file, bin } = await programs(place.folder, {
      ffmpeg: 'echo begin >> "$(dirname "$0")/log"; sleep 0.1; echo end >> "$(dirname "$0")/log"; echo picture',
    })
    await Promise.all([1, 2, 3].map(() => tools.frame(file, 5_000, signal)))
    expect(await readFile(path.join(bin, 'log'), 'utf8')).toBe('begin\nend\n'.repeat(3))
  })
})
