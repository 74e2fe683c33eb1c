/** `npm run say`: see {@link sayUsage}. A program of its own: it reads the command line and sets the exit code. */
import { SayUsageError, sampleWebhook, sayUsage } from './say-command.ts'

try {
  const webhook = sampleWebhook({ arguments: process.argv.slice(2), environment: process.env, now: Date.now() })
  if (!webhook) process.stdout.write(sayUsage)
  else {
    const { url, headers, body } = webhook
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
    process.stdout.write(`${answer.status} ${await answer.text()}\n`)
    process.exitCode = answer.ok ? 0 : 1
  }
} catch (error) {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${cause}\n`)
  if (error instanceof SayUsageError) process.stderr.write(`\n${sayUsage}`)
  process.exitCode = error instanceof SayUsageError ? 64 : 1
}
