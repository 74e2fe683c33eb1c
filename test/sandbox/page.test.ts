import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { demoBrands } from '../../src/sandbox/demo-world.ts'
import { until } from '../support/until.ts'
import { bubble, inBrowser, isLoaded, type OpenPage, openPage, violations } from './browser.ts'
import { type Demo, startDemo } from './demo-process.ts'

/**
 * The whole demo as a visitor meets it: `npm run demo` as a process of its own with the real bridge in it, and a real browser.
 */

let demo: Demo
let open: OpenPage | undefined
let page: Page

beforeAll(async () => {
  demo = await startDemo()
  open = await openPage(demo.page)
  if (open) page = open.page
}, 70_000)

afterAll(async () => {
  await open?.close()
  await demo?.kill()
})

const phone = () => page.locator('#panel')
const desk = () => page.locator('#lines')
const path = () => page.locator('#path')
const count = (label: string) => page.locator('#proof div', { hasText: label }).locator('dd')

async function customerWrites(text: string): Promise<void> {
  await page.fill('#say', text)
  await page.press('#say', 'Enter')
}

async function agentWrites(text: string): Promise<void> {
  await page.fill('#answer', text)
  await page.press('#answer', 'Enter')
}

const turn = (fault: string, isOn: boolean) => page.locator(`[data-fault=${fault}]`).setChecked(isOn)

async function picture(colour: string): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const buffer = await sharp({ create: { width: 320, height: 200, channels: 3, background: colour } })
    .png()
    .toBuffer()
  return { name: 'shelf.png', mimeType: 'image/png', buffer }
}

describe('in a browser', () => {
  inBrowser(
    'the first look shows a conversation in each market, carried without loss, doubles or disorder',
    async () => {
      await bubble(desk(), 'สวัสดีค่ะ มีค่ะ').getByText('Delivered').waitFor({ timeout: 20_000 })
      await page.locator('[data-conversation=retail_taiwan]').waitFor()
      await until('all eight are carried', async () => (await count('Carried').innerText()) === '8')
      await until('nothing waits', async () => (await count('Waiting').innerText()) === '0')
      for (const label of ['Failed', 'Lost', 'Doubled', 'Out of order'])
        expect(await count(label).innerText()).toBe('0')
      await isLoaded(phone().locator('img.photo'))
    },
  )

  inBrowser('what the customer types appears on the desk, with market and brand', async () => {
    await customerWrites('มีสีขาวไหมคะ <b>ขาว</b>')
    await bubble(desk(), 'มีสีขาวไหมคะ <b>ขาว</b>').waitFor()
    expect(await desk().locator('b').count()).toBe(0)
    const attributes = await page.locator('#attrs').innerText()
    expect(attributes).toMatch(/market\s+Thailand/)
    expect(attributes).toMatch(/brand\s+Retail_Thai/)
    expect(await page.locator('#route').innerText()).toMatch(/TH_Retail_Chat\s+because market is Thailand/)
  })

  inBrowser('the other market has its own phone, customer and route', async () => {
    await page.locator('[role=tab]').first().focus()
    await page.keyboard.press('ArrowRight')
    await customerWrites('有白色嗎？')
    const conversation = page.locator('[data-conversation=retail_taiwan]')
    await conversation.getByText('有白色嗎？').waitFor()
    expect(await conversation.innerText()).toMatch(/unread/)
    await conversation.click()
    await bubble(desk(), '有白色嗎？').waitFor()
    expect(await page.locator('#attrs').innerText()).toMatch(/market\s+Taiwan/)
    await page.locator('#tab-retail_thailand').click()
    await page.locator('[data-conversation=retail_thailand]').click()
  })

  inBrowser('a sticker, a location, a photograph and a file reach the desk', async () => {
    await page.click('#stick')
    await page.click('[aria-label="Sticker: thanks, heart"]')
    await bubble(desk(), '[LINE STICKER: thanks, heart]').waitFor()
    await page.click('#loc')
    await bubble(desk(), 'query=13.7293,100.5367').waitFor()
    await page.setInputFiles('#photofile', await picture('#2fa56b'))
    await isLoaded(desk().locator('.dm:not(.me) img').last())
    await isLoaded(phone().locator('.mine img').last())
    await page.setInputFiles('#anyfile', { name: 'ใบเสร็จ.txt', mimeType: 'text/plain', buffer: Buffer.from('2,490') })
    const link = bubble(desk(), 'ใบเสร็จ.txt').locator('a')
    const answer = await fetch((await link.getAttribute('href')) ?? '')
    expect(await answer.text()).toBe('2,490')
  })

  inBrowser('what the agent writes and attaches appears on the phone, and is reported as delivered', async () => {
    await agentWrites('มีค่ะ ดูที่ https://example.com/white ได้เลย')
    await bubble(phone(), 'มีค่ะ ดูที่').waitFor()
    await bubble(desk(), 'มีค่ะ ดูที่').getByText('Delivered').waitFor()
    const before = await phone().locator('.pm:not(.mine) img').count()
    await page.setInputFiles('#attachfile', await picture('#4340b8'))
    await until(
      'another picture on the phone',
      async () => (await phone().locator('.pm:not(.mine) img').count()) === before + 1,
    )
    const shown = phone().locator('.pm:not(.mine) img').last()
    await isLoaded(shown)
    expect(await shown.getAttribute('src')).toContain(`${demo.bridge}/media/`)
    await bubble(desk(), 'shelf.png').getByText('Delivered').waitFor()
  })

  inBrowser('while LINE answers 500 the answer waits, the next one waits behind it, and both arrive once', async () => {
    await turn('line500', true)
    await agentWrites('ส่งพรุ่งนี้ค่ะ')
    await agentWrites('ถึงวันศุกร์ค่ะ')
    await path()
      .getByText(/500 ×\d+, again in/)
      .waitFor()
    await path()
      .getByText(/waits behind \d+/)
      .waitFor()
    expect(await phone().getByText('ส่งพรุ่งนี้ค่ะ').count()).toBe(0)
    await path().locator('.msg.waiting .head').first().click()
    await path().getByText('attempt 1: LINE 500, will try again').waitFor()
    await turn('line500', false)
    await bubble(desk(), 'ถึงวันศุกร์ค่ะ').getByText('Delivered').waitFor()
    const shown = (await phone().locator('.bub').allInnerTexts()).filter((text) => /พรุ่งนี้|วันศุกร์/.test(text))
    expect(shown).toEqual(['ส่งพรุ่งนี้ค่ะ', 'ถึงวันศุกร์ค่ะ'])
    expect(await count('Doubled').innerText()).toBe('0')
  })

  inBrowser('an answer whose acceptance was lost is asked for again with the same key and shown once', async () => {
    await turn('drop', true)
    await agentWrites('ขอบคุณที่รอค่ะ')
    await path().getByText('answer lost, shown once').waitFor()
    await turn('drop', false)
    expect(await phone().getByText('ขอบคุณที่รอค่ะ').count()).toBe(1)
    expect(await count('Doubled').innerText()).toBe('0')
  })

  inBrowser('five messages at once keep their order while Genesys answers 429', async () => {
    await turn('genesys429', true)
    await page.click('#burst')
    await path()
      .getByText(/429, waits/)
      .waitFor()
    expect(await desk().getByText('ข้อความที่ 1').count()).toBe(0)
    await turn('genesys429', false)
    await bubble(desk(), 'ข้อความที่ 5').waitFor({ timeout: 12_000 })
    const shown = (await desk().locator('.txt').allInnerTexts()).filter((text) => text.includes('ข้อความที่'))
    expect(shown).toEqual([1, 2, 3, 4, 5].map((number) => `ข้อความที่ ${number}`))
    expect(await count('Out of order').innerText()).toBe('0')
  })

  inBrowser('the agent learns that a customer has blocked the account', async () => {
    await page.locator('#block').check()
    await page.locator('#blocked').waitFor()
    await agentWrites('ยังอยู่ไหมคะ')
    await bubble(desk(), 'ยังอยู่ไหมคะ').getByText('Failed').waitFor()
    expect(await bubble(desk(), 'ยังอยู่ไหมคะ').locator('.why').innerText()).toMatch(/blocked/)
    await page.locator('#block').uncheck()
    await page.locator('#blocked').waitFor({ state: 'hidden' })
  })

  inBrowser('the loading animation runs while the agent is writing, until the message comes', async () => {
    // Soon after a message the animation is not asked for again, so it takes some typing.
    const types = async () => {
      await page.locator('#answer').pressSequentially('อ', { delay: 50 })
      return (await phone().locator('.dots').count()) > 0
    }
    await until('the dots', types, 12_000)
    await agentWrites('รอสักครู่นะคะ')
    await bubble(phone(), 'รอสักครู่นะคะ').waitFor()
    await phone().locator('.dots').waitFor({ state: 'detached' })
  })

  inBrowser('the phone shows who wrote, and that what it wrote was read', async () => {
    const [thailand] = demoBrands
    const { human } = thailand.line.senders
    await customerWrites('อ่านแล้วหรือยังคะ')
    await bubble(desk(), 'อ่านแล้วหรือยังคะ').waitFor()
    await agentWrites('อ่านแล้วค่ะ')
    expect(await bubble(phone(), 'อ่านแล้วค่ะ').innerText()).toContain(`${human} from ‘Retail Thailand’`)
    await bubble(phone(), 'อ่านแล้วหรือยังคะ').getByText('Read').waitFor()
  })

  inBrowser('pointing at a message lights it in all three places', async () => {
    await agentWrites('ชี้ที่นี่')
    await bubble(desk(), 'ชี้ที่นี่').getByText('Delivered').waitFor()
    await bubble(desk(), 'ชี้ที่นี่').hover()
    expect(await page.locator('.lit').count()).toBe(3)
    await page.mouse.move(0, 0)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1024, 1440])
      inBrowser(`nothing stands in the way of assistive technology, ${colorScheme}, ${width} px`, async () => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.setViewportSize({ width, height: 900 })
        expect(await violations(page)).toEqual([])
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(overflow).toBe(0)
      })

  inBrowser('starting over empties the world, and what is written then begins a new one', async () => {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.click('#over')
    await path().getByText('Nothing has crossed yet').waitFor()
    expect(await phone().innerText()).toContain('Say hello')
    expect(await count('Carried').innerText()).toBe('0')
    expect(await violations(page)).toEqual([])
    await customerWrites('เริ่มใหม่')
    await bubble(desk(), 'เริ่มใหม่').waitFor()
    expect(await bubble(phone(), 'เริ่มใหม่').locator('.no').innerText()).toBe('1')
  })

  inBrowser(
    'the demo still runs, and the browser had nothing to complain about, the content security policy included',
    async () => {
      const { exitCode, signalCode } = demo.process
      const complaints = open?.complaints
      expect({ complaints, exitCode, signalCode, output: demo.output() }).toEqual({
        complaints: [],
        exitCode: null,
        signalCode: null,
        output: expect.any(String),
      })
    },
  )
})
