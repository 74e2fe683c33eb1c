import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import type { Locator, Page } from 'playwright-core'
import { until } from '../support/until.ts'
import { bubble, inBrowser, isLoaded, type OpenPage, openPage, violations } from './browser.ts'
import { type Demo, startDemo } from './demo-process.ts'

/**
 * What bots send and customers touch, in the whole demo: from the desk through the bridge to the phone, and what is touched there
 * through LINE and the bridge back to the desk.
 */

let demo: Demo
let open: OpenPage | undefined
let page: Page

beforeAll(async () => {
  demo = await startDemo()
  open = await openPage(demo.page)
  if (!open) return
  page = open.page
  await until('the opening is over', async () => (await count('Carried').innerText()) === '8', 30_000)
}, 70_000)

afterAll(async () => {
  await open?.close()
  await demo?.kill()
})

const phone = () => page.locator('#panel')
const desk = () => page.locator('#lines')
const count = (label: string) => page.locator('#proof div', { hasText: label }).locator('dd')

async function choose(kind: string): Promise<void> {
  await page.click('#bots')
  await page.click(`[data-bot=${kind}]`)
}

/** Resolves when the phone shows one message more, so that nothing older is touched instead. */
async function arrives(act: () => Promise<void>): Promise<void> {
  const shown = () => phone().locator('[data-id]').count()
  const before = await shown()
  await act()
  await until('a message on the phone', async () => (await shown()) > before)
}

const botSends = (kind: string): Promise<void> => arrives(() => choose(kind))
const agentSends = (): Promise<void> => arrives(() => page.press('#answer', 'Enter'))

/** The newest thing on the phone that is called so. */
const onPhone = (name: string): Locator => phone().getByRole('button', { name, exact: true }).last()

/** What the desk says of the newest answer. */
async function answer(kind: string, label: string): Promise<string> {
  const shown = desk().locator('.answer', { hasText: kind }).filter({ hasText: label }).last()
  await shown.waitFor()
  return (await shown.innerText()).replace(/\s+/g, ' ')
}

/** The number of the newest message of the agent's side on the desk. */
const asked = () => desk().locator('.dm.me > .meta .no').last().innerText()

describe('in a browser', () => {
  inBrowser('a touched quick reply reaches the desk with its payload, and the quick replies are gone', async () => {
    await choose('quick')
    expect(await page.inputValue('#answer')).toBe('สะดวกรับสินค้าแบบไหนคะ')
    await agentSends()
    await onPhone('จัดส่ง').click()
    const no = await asked()
    expect(await answer('Quick reply', 'จัดส่ง')).toBe(`Quick reply answers ${no} จัดส่ง payload delivery`)
    await bubble(phone(), 'จัดส่ง').waitFor()
    expect(await phone().locator('.qr').count()).toBe(0)
  })

  inBrowser('a question of one’s own may have quick replies of one’s own', async () => {
    await choose('quick')
    await page.fill('#answer', 'ไซซ์ไหนคะ')
    await page.locator('#qs input').first().fill('38')
    await agentSends()
    await onPhone('38').click()
    expect(await answer('Quick reply', '38')).toContain('payload 38')
  })

  inBrowser('a carousel has its pictures, and its button reaches the desk with its payload', async () => {
    await botSends('carousel')
    const cards = phone().locator('.cards').last()
    await until('three cards', async () => (await cards.locator('.fx-bubble').count()) === 3)
    for (const index of [0, 1, 2]) await isLoaded(cards.locator('img').nth(index))
    expect(await cards.locator('img').first().getAttribute('src')).toContain(`${demo.bridge}/media/`)
    await onPhone('จองสีส้ม').click()
    const no = await asked()
    expect(await answer('Button', 'จองสีส้ม')).toBe(`Button answers ${no} จองสีส้ม payload reserve-orange`)
    await isLoaded(desk().locator('.panel img').last())
  })

  inBrowser('a date that is chosen on the phone reaches the desk as the moment in the market’s time', async () => {
    await botSends('dates')
    await onPhone('เลือกวันและเวลา').click()
    const input = page.locator('#moment')
    const first = String(await input.getAttribute('min'))
    expect(first).toMatch(/^\d{4}-\d{2}-\d{2}T09:00$/)
    const chosen = first.replace('T09:00', 'T15:30')
    await input.fill(chosen)
    await page.click('#sheet .send')
    const moment = new Date(`${chosen}+07:00`).toISOString()
    const no = await asked()
    const words = await answer('Date', moment)
    expect(words).toContain(`Date answers ${no}`)
    expect(words).toContain('15:30')
    await phone().locator('.did', { hasText: 'Chosen' }).waitFor()
  })

  inBrowser('a date outside of what is offered cannot be chosen, and the picker can be left', async () => {
    await botSends('dates')
    await onPhone('เลือกวันและเวลา').click()
    await page.locator('#moment').fill('2001-01-01T10:00')
    await page.click('#sheet .send')
    expect(await page.locator('#sheet').isVisible()).toBe(true)
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    expect(await page.locator('#sheet').isVisible()).toBe(false)
    expect(await page.evaluate('document.activeElement.textContent')).toBe('เลือกวันและเวลา')
  })

  inBrowser('one of several times, a row of a list and a button of a template are answers too', async () => {
    await botSends('times')
    await phone().getByRole('button', { name: /14:30/ }).last().click()
    expect(await answer('Date', '14:30')).toMatch(/payload \S+T07:30:00.000Z$/)
    await botSends('list')
    await onPhone('สาขาอารีย์ เหลือ 1 คู่').click()
    expect(await answer('Button', 'สาขาอารีย์')).toContain('payload branch-ari')
    await botSends('template')
    await bubble(phone(), 'คำสั่งซื้อ TH-20418').waitFor()
    await onPhone('รับทราบ').click()
    expect(await answer('Button', 'รับทราบ')).toContain('payload parcel-thanks')
  })

  inBrowser('a card, a place and a link arrive with all that they say', async () => {
    await botSends('card')
    await bubble(phone(), '฿2,490').waitFor()
    const link = phone().getByRole('link', { name: 'ดูรายละเอียด' }).last()
    expect(await link.getAttribute('href')).toBe('https://shop.example/wares/1')
    await botSends('location')
    await bubble(phone(), 'ถนนพระราม 1').waitFor()
    await botSends('link')
    await bubble(phone(), 'รองเท้ารุ่นฝนแรก').waitFor()
  })

  inBrowser('a message that is taken back is gone from the phone, and the agent is told', async () => {
    await page.fill('#say', 'ขอโทษค่ะ ผิดแชต')
    await page.press('#say', 'Enter')
    await bubble(desk(), 'ขอโทษค่ะ ผิดแชต').waitFor()
    await bubble(phone(), 'ขอโทษค่ะ ผิดแชต').hover()
    await bubble(phone(), 'ขอโทษค่ะ ผิดแชต').getByText('Unsend').click()
    await phone().locator('.did', { hasText: 'You unsent a message' }).waitFor()
    expect(await phone().getByText('ขอโทษค่ะ ผิดแชต').count()).toBe(0)
    await bubble(desk(), '[ลูกค้ายกเลิกข้อความ]').waitFor()
  })

  inBrowser('everything was carried once and in order, twice the same too', async () => {
    await botSends('location')
    await until('all arrived', async () => (await count('Waiting').innerText()) === '0')
    for (const label of ['Failed', 'Lost', 'Doubled', 'Out of order'])
      expect([label, await count(label).innerText()]).toEqual([label, '0'])
  })

  inBrowser('the menu of the bot opens and closes by keyboard', async () => {
    await page.locator('#bots').focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('#bots').getAttribute('aria-expanded')).toBe('true')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    expect(await page.locator('#botmenu').isVisible()).toBe(false)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1024, 1440])
      inBrowser(`cards and answers stand in nobody’s way, ${colorScheme}, ${width} px`, async () => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.setViewportSize({ width, height: 900 })
        expect(await violations(page)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
      })

  inBrowser('the browser had nothing to complain about, the content security policy included', async () => {
    expect(open?.complaints).toEqual([])
  })
})
