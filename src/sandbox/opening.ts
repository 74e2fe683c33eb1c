import { setTimeout as sleep } from 'node:timers/promises'
import type { PageActions, PageBrand } from './page-actions.ts'
import { shoePicture } from './shoe-picture.ts'
import type { MessageView } from './story.ts'

/** How long one line of the opening may take to arrive before the rest is left out. */
const patienceMs = 10_000

/** What the two people of a market say, in turns; every line really crosses the bridge. */
type Lines = (brand: PageBrand, actions: PageActions) => readonly (() => Promise<void>)[]

const thai: Lines = (brand, actions) => [
  () => actions.customerSends(brand, { type: 'text', text: 'สวัสดีค่ะ รองเท้ารุ่นน้ำใส 2 มีไซซ์ 38 ไหมคะ' }),
  () => actions.customerSendsSticker(brand, 'hello'),
  () => actions.agentSends(brand, 'สวัสดีค่ะ มีค่ะ 😊 เหลือ 4 คู่ที่สาขาสยาม'),
  async () => actions.agentSendsFile(brand, { bytes: await shoePicture(), mime: 'image/jpeg', name: 'namsai-2.jpg' }),
  () => actions.customerSendsPlace(brand),
  () => actions.agentSends(brand, 'ส่งถึงที่นี่ภายใน 2 วันทำการค่ะ ส่งฟรีเมื่อซื้อครบ 1,500 บาท'),
]

const taiwanese: Lines = (brand, actions) => [
  () => actions.customerSends(brand, { type: 'text', text: '您好，昨天訂的外套寄出了嗎？' }),
  () => actions.customerSends(brand, { type: 'text', text: '訂單編號是 TW-20418' }),
]

const linesOf: Readonly<Record<string, Lines>> = { Thailand: thai, Taiwan: taiwanese }

/**
 * A short conversation in every market, so that the first look at the page shows a bridge at work. Nobody speaks before what was
 * said last has arrived. Ends quietly when the bridge does not carry: the page then shows what waits.
 */
export async function playOpening(stage: {
  readonly brands: readonly PageBrand[]
  readonly actions: PageActions
  readonly messages: () => readonly MessageView[]
  readonly signal?: AbortSignal
}): Promise<void> {
  const { brands, actions, messages, signal } = stage

  const hasArrived = async (channel: string, count: number): Promise<boolean> => {
    for (const until = Date.now() + patienceMs; Date.now() < until && !signal?.aborted; await sleep(10)) {
      const through = messages().filter((one) => one.channel === channel && one.state === 'delivered')
      if (through.length >= count) return true
    }
    return false
  }
  const play = async (brand: PageBrand): Promise<void> => {
    const lines = linesOf[brand.market]?.(brand, actions) ?? []
    const before = messages().filter((one) => one.channel === brand.name && one.state === 'delivered').length
    for (const [index, line] of lines.entries()) {
      await line()
      if (!(await hasArrived(brand.name, before + index + 1))) return
    }
  }
  await Promise.all(brands.map(play))
}
