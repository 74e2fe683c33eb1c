import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root = fileURLToPath(new URL('../', import.meta.url))

const program = 'src/main.ts'

/**
 * The shell line that runs a program just as `npm start` runs the bridge, with the same variables and Node flags; read from
 * package.json, so that what is measured is what is started.
 * @param script `scripts.start` of package.json
 * @param instead another program than the bridge's, relative to the checkout
 * @param flags further flags of Node, such as `--cpu-prof`
 * @throws {Error} when the script does not run the bridge as one plain command
 */
export function startLine(script: string, instead = program, flags: readonly string[] = []): string {
  const variables = /^(?:\w+=\S*\s+)*/.exec(script)?.[0] ?? ''
  const command = script.slice(variables.length)
  if (!command.startsWith('node ') || !command.endsWith(` ${program}`) || /[;&|]/.test(script))
    throw new Error(`package.json: "start" is no plain command that runs ${program}.`)
  const nodeFlags = command.slice('node'.length, -program.length).trim()
  // `exec` and `env`, so that the process has the id that is watched, and no shell in front of it.
  return ['exec env', variables.trim(), 'node', nodeFlags, ...flags, instead].filter((part) => part !== '').join(' ')
}

/** @returns `scripts.start` of this checkout */
export function startScript(): string {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: { start: string } }
  return scripts.start
}
