/** Something to buy, as bots show it. */
export interface Ware {
  readonly title: string
  readonly price: string
  /** What its button says, and what the bot wants to hear when it is touched. */
  readonly button: string
  readonly payload: string
  /** Of the picture, as in SVG. */
  readonly colour: string
}

interface Place {
  readonly title: string
  readonly address: string
  readonly latitude: number
  readonly longitude: number
}

/** What the page shows and offers for one brand, besides what the demo's world says of it. All people and goods are invented. */
export interface Scene {
  /** Two letters of the market. */
  readonly code: string
  /** Of the IANA database, and the whole hours that it is ahead of UTC all year. */
  readonly timeZone: string
  readonly utcOffsetHours: number
  /** Symbols of the page's `art.svg`. */
  readonly art: { readonly account: string; readonly customer: string }
  /** Where the customer is. */
  readonly place: Place
  /** A shop of the brand. */
  readonly shop: Place
  /** "Customer sends 5 at once". */
  readonly burst: readonly string[]
  readonly question: string
  readonly quickReplies: readonly { readonly text: string; readonly payload: string }[]
  readonly wares: readonly [Ware, Ware, Ware]
  /** On the button that leads to the shop's page. */
  readonly details: string
  /** Asks for one of several times. */
  readonly fitting: { readonly title: string; readonly subtitle: string }
  /** Asks for any time in the next weeks. */
  readonly delivery: { readonly title: string; readonly subtitle: string }
  readonly branches: {
    readonly title: string
    readonly sections: readonly {
      readonly title: string
      readonly items: readonly { readonly id: string; readonly title: string; readonly subtitle: string }[]
    }[]
  }
  /** `{{1}}` in the body is the order's number. */
  readonly parcel: {
    readonly header: string
    readonly body: string
    readonly footer: string
    readonly thanks: string
    readonly track: string
    readonly call: string
  }
  readonly news: { readonly title: string; readonly text: string; readonly label: string }
}

const thai: Scene = {
  code: 'TH',
  timeZone: 'Asia/Bangkok',
  utcOffsetHours: 7,
  art: { account: 'f-th', customer: 'f-mango' },
  place: {
    title: 'ออฟฟิศ อาคารพระราม 4',
    address: 'ถนนพระราม 4 เขตปทุมวัน กรุงเทพฯ 10330',
    latitude: 13.7293,
    longitude: 100.5367,
  },
  shop: { title: 'สาขาสยาม', address: 'ถนนพระราม 1 เขตปทุมวัน กรุงเทพฯ 10330', latitude: 13.7456, longitude: 100.5341 },
  burst: ['ข้อความที่ 1', 'ข้อความที่ 2', 'ข้อความที่ 3', 'ข้อความที่ 4', 'ข้อความที่ 5'],
  question: 'สะดวกรับสินค้าแบบไหนคะ',
  quickReplies: [
    { text: 'รับที่สาขา', payload: 'pickup' },
    { text: 'จัดส่ง', payload: 'delivery' },
    { text: 'ดูรุ่นอื่น', payload: 'other' },
  ],
  wares: [
    { title: 'น้ำใส 2 สีคราม', price: '฿2,490', button: 'จองสีคราม', payload: 'reserve-indigo', colour: '#3b4ba8' },
    { title: 'น้ำใส 2 สีส้ม', price: '฿2,490', button: 'จองสีส้ม', payload: 'reserve-orange', colour: '#c2552d' },
    { title: 'น้ำใส 2 สีมรกต', price: '฿2,690', button: 'จองสีมรกต', payload: 'reserve-emerald', colour: '#2c7a67' },
  ],
  details: 'ดูรายละเอียด',
  fitting: { title: 'นัดลองรองเท้า', subtitle: 'เลือกเวลาที่สะดวก' },
  delivery: { title: 'นัดวันจัดส่ง', subtitle: 'ภายใน 30 วันนี้' },
  branches: {
    title: 'รับที่สาขาไหนดีคะ',
    sections: [
      {
        title: 'กรุงเทพฯ',
        items: [
          { id: 'branch-siam', title: 'สาขาสยาม', subtitle: 'เหลือ 4 คู่' },
          { id: 'branch-ari', title: 'สาขาอารีย์', subtitle: 'เหลือ 1 คู่' },
        ],
      },
      {
        title: 'เชียงใหม่',
        items: [{ id: 'branch-nimman', title: 'สาขานิมมาน', subtitle: 'เหลือ 2 คู่' }],
      },
    ],
  },
  parcel: {
    header: 'พัสดุออกจากคลังแล้ว',
    body: 'คำสั่งซื้อ {{1}} จะถึงคุณภายในวันพรุ่งนี้ค่ะ',
    footer: 'ขอบคุณที่อุดหนุนค่ะ',
    thanks: 'รับทราบ',
    track: 'ติดตามพัสดุ',
    call: 'โทรหาเรา',
  },
  news: { title: 'คอลเลกชันใหม่', text: 'รองเท้ารุ่นฝนแรก เริ่มวางขายวันนี้', label: 'ดูทั้งหมด' },
}

const taiwanese: Scene = {
  code: 'TW',
  timeZone: 'Asia/Taipei',
  utcOffsetHours: 8,
  art: { account: 'f-tw', customer: 'f-boba' },
  place: { title: '信義路五段公司', address: '台北市信義區信義路五段', latitude: 25.033, longitude: 121.5654 },
  shop: { title: '信義門市', address: '台北市信義區松高路', latitude: 25.0393, longitude: 121.5666 },
  burst: ['第一則訊息', '第二則訊息', '第三則訊息', '第四則訊息', '第五則訊息'],
  question: '請問您想怎麼取貨？',
  quickReplies: [
    { text: '門市取貨', payload: 'pickup' },
    { text: '宅配到府', payload: 'delivery' },
    { text: '聯絡專人', payload: 'agent' },
  ],
  wares: [
    { title: '晴空 1 藍', price: 'NT$1,980', button: '預訂藍色', payload: 'reserve-blue', colour: '#3b6fa8' },
    { title: '晴空 1 橘', price: 'NT$1,980', button: '預訂橘色', payload: 'reserve-orange', colour: '#c2552d' },
    { title: '晴空 1 綠', price: 'NT$2,180', button: '預訂綠色', payload: 'reserve-green', colour: '#2c7a67' },
  ],
  details: '查看詳情',
  fitting: { title: '預約試穿', subtitle: '請選擇方便的時間' },
  delivery: { title: '指定送達時間', subtitle: '三十天內皆可' },
  branches: {
    title: '請選擇取貨門市',
    sections: [
      {
        title: '台北',
        items: [
          { id: 'branch-xinyi', title: '信義門市', subtitle: '尚有 4 雙' },
          { id: 'branch-zhongshan', title: '中山門市', subtitle: '尚有 1 雙' },
        ],
      },
      { title: '台中', items: [{ id: 'branch-taichung', title: '勤美門市', subtitle: '尚有 2 雙' }] },
    ],
  },
  parcel: {
    header: '包裹已出貨',
    body: '訂單 {{1}} 將於明天送達。',
    footer: '感謝您的惠顧',
    thanks: '知道了',
    track: '查詢包裹',
    call: '撥打客服',
  },
  news: { title: '新品上市', text: '「初雨」系列今天開始販售', label: '查看全部' },
}

const japanese: Scene = {
  code: 'JP',
  timeZone: 'Asia/Tokyo',
  utcOffsetHours: 9,
  art: { account: 'f-tw', customer: 'f-boba' },
  place: { title: '会社', address: '東京都港区六本木', latitude: 35.6627, longitude: 139.7311 },
  shop: { title: '表参道店', address: '東京都渋谷区神宮前', latitude: 35.6655, longitude: 139.7121 },
  burst: ['1通目です', '2通目です', '3通目です', '4通目です', '5通目です'],
  question: '受け取り方法をお選びください。',
  quickReplies: [
    { text: '店舗で受け取る', payload: 'pickup' },
    { text: '配送してほしい', payload: 'delivery' },
    { text: '担当者と話す', payload: 'agent' },
  ],
  wares: [
    { title: 'せせらぎ 2 藍', price: '¥9,800', button: '藍を予約', payload: 'reserve-indigo', colour: '#3b4ba8' },
    { title: 'せせらぎ 2 橙', price: '¥9,800', button: '橙を予約', payload: 'reserve-orange', colour: '#c2552d' },
    { title: 'せせらぎ 2 翠', price: '¥10,500', button: '翠を予約', payload: 'reserve-green', colour: '#2c7a67' },
  ],
  details: '詳しく見る',
  fitting: { title: 'ご試着の予約', subtitle: 'ご都合のよい時間をお選びください' },
  delivery: { title: '配達日時の指定', subtitle: '30日以内でお選びください' },
  branches: {
    title: '受け取り店舗',
    sections: [
      {
        title: '東京',
        items: [
          { id: 'branch-omotesando', title: '表参道店', subtitle: '残り4足' },
          { id: 'branch-kichijoji', title: '吉祥寺店', subtitle: '残り1足' },
        ],
      },
      { title: '大阪', items: [{ id: 'branch-umeda', title: '梅田店', subtitle: '残り2足' }] },
    ],
  },
  parcel: {
    header: '発送のお知らせ',
    body: 'ご注文 {{1}} は明日お届けします。',
    footer: 'ご利用ありがとうございます',
    thanks: '了解しました',
    track: '配送状況を見る',
    call: '電話する',
  },
  news: { title: '新商品', text: '「初雨」シリーズ、本日発売です', label: 'すべて見る' },
}

const scenes: Readonly<Record<string, Scene>> = { Thailand: thai, Taiwan: taiwanese, Japan: japanese }

/** The scene of a market; markets without one borrow Thailand's. */
export const sceneOf = (market: string): Scene => scenes[market] ?? thai
