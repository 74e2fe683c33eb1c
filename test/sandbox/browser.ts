import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from '@jest/globals'
import { chromium, type Locator, type Page } from 'playwright-core'
import { until } from '../support/until.ts'

/** A real browser for the tests of the sandbox page. Where there is none, they are skipped, and that is said. */

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
if (!chromiumPath)
  // biome-ignore lint/suspicious/noConsole: what is not tested has to be said
  console.warn('There is no Chromium on this machine: the tests of the sandbox page in a browser are SKIPPED.')

/** A test that needs the browser. */
export const inBrowser = (name: string, run: () => Promise<void>, timeoutMs?: number): void =>
  chromiumPath ? test(name, run, timeoutMs) : test.skip(`SKIPPED, no Chromium: ${name}`, run)

/** The page in a browser of its own; `complaints` is what the browser wrote to its console. */
export interface OpenPage {
  readonly page: Page
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** Undefined without a browser. */
export async function openPage(url: string): Promise<OpenPage | undefined> {
  if (!chromiumPath) return undefined
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    timeout: 50_000,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' })
  const complaints: string[] = []
  page.setDefaultTimeout(8_000)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { page, complaints, close: () => browser.close() }
}

/** The newest bubble with this text, in one of the panes. */
export const bubble = (pane: Locator, text: string): Locator => pane.locator('[data-id]', { hasText: text }).last()

/** Waits until a picture is there and drawn. */
export async function isLoaded(image: Locator): Promise<void> {
  await image.waitFor()
  const width = () => image.evaluate((node: unknown) => (node as { readonly naturalWidth: number }).naturalWidth)
  await until('the picture is loaded', async () => (await width()) > 0)
}

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Until what comes in has come in: half-transparent text has too little contrast. */
const settled = `Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
  .map((one) => one.finished.catch(() => {})))`

/** What axe-core finds against WCAG 2.2 AA and good practice on the page as it is now. */
export async function violations(page: Page): Promise<unknown> {
  await page.evaluate(`${settled}.then(() => {})`)
  await page.evaluate(await axe)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  return page.evaluate(
    `axe.run({ runOnly: ${JSON.stringify(tags)} }).then(({ violations }) =>
      violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')))`,
  )
}
