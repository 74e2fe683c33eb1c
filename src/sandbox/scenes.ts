import sharp from 'sharp'

/** What the page shows and offers for one brand, besides what the demo's world says of it. All people and goods are invented. */
export interface Scene {
  /** Two letters of the market. */
  readonly code: string
  /** Symbols of the page's `art.svg`. */
  readonly art: { readonly account: string; readonly customer: string }
  readonly place: {
    readonly title: string
    readonly address: string
    readonly latitude: number
    readonly longitude: number
  }
  /** "Customer sends 5 at once". */
  readonly burst: readonly string[]
  readonly quickReplies: readonly string[]
  readonly cards: readonly { readonly title: string; readonly description: string; readonly button: string }[]
}

const thai: Scene = {
  code: 'TH',
  art: { account: 'f-th', customer: 'f-mango' },
  place: {
    title: 'ออฟฟิศ อาคารพระราม 4',
    address: 'ถนนพระราม 4 เขตปทุมวัน กรุงเทพฯ 10330',
    latitude: 13.7293,
    longitude: 100.5367,
  },
  burst: ['ข้อความที่ 1', 'ข้อความที่ 2', 'ข้อความที่ 3', 'ข้อความที่ 4', 'ข้อความที่ 5'],
  quickReplies: ['รับที่สาขา', 'จัดส่ง', 'ดูรุ่นอื่น'],
  cards: [
    { title: 'น้ำใส 2 สีคราม', description: '฿2,490', button: 'จองสีคราม' },
    { title: 'น้ำใส 2 สีส้ม', description: '฿2,490', button: 'จองสีส้ม' },
    { title: 'น้ำใส 2 สีมรกต', description: '฿2,690', button: 'จองสีมรกต' },
  ],
}

const taiwanese: Scene = {
  code: 'TW',
  art: { account: 'f-tw', customer: 'f-boba' },
  place: { title: '信義門市', address: '台北市信義區松高路', latitude: 25.0393, longitude: 121.5666 },
  burst: ['第一則訊息', '第二則訊息', '第三則訊息', '第四則訊息', '第五則訊息'],
  quickReplies: ['門市取貨', '宅配到府', '聯絡專人'],
  cards: [
    { title: '晴空 1 藍', description: 'NT$1,980', button: '預訂藍色' },
    { title: '晴空 1 橘', description: 'NT$1,980', button: '預訂橘色' },
    { title: '晴空 1 綠', description: 'NT$2,180', button: '預訂綠色' },
  ],
}

const scenes: Readonly<Record<string, Scene>> = { Thailand: thai, Taiwan: taiwanese }

/** The scene of a market; markets without one borrow Thailand's. */
export const sceneOf = (market: string): Scene => scenes[market] ?? thai

const shoe = `<svg xmlns="http://www.w3.org/2000/svg" width="960" height="640" viewBox="-18 -14 160 106.667">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#f6efe3"/><stop offset="1" stop-color="#dfe6ee"/></linearGradient></defs>
<path fill="url(#g)" d="M-18-14h160v108H-18z"/><ellipse cx="62" cy="75" rx="58" ry="5" fill="#12181b" opacity=".12"/>
<path fill="#3b4ba8" d="M14 26c10 4 18 1 25-8 8 14 26 24 48 27 14 2 25 6 27 15H12c-4-13-3-24 2-34z"/>
<path fill="#fff" stroke="#5a666d" stroke-width="2" d="M9 60h106v5c0 6-4 9-11 9H19c-7 0-11-5-10-14z"/>
<path d="m46 31 8-7m0 13 8-7m1 12 8-7" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/>
<path d="M22 46c14 6 26 6 38 2" stroke="#fff" stroke-width="3.4" fill="none" stroke-linecap="round"/></svg>`

/** A picture of a shoe, JPEG, for the agent to send: our own drawing, so that the demo brings no photograph along. */
export const shoePicture = (): Promise<Buffer> => sharp(Buffer.from(shoe)).jpeg({ quality: 88 }).toBuffer()
