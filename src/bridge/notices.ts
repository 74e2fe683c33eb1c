import type { MediaKind, Notice } from './message.ts'

/**
 * What the bridge itself says in a conversation, in the languages of the markets where it is used; English stands in for all others.
 * Agents read it in brackets, so that they do not take it for the customer's words.
 */
interface Words {
  readonly notices: Readonly<Record<Notice, string>>
  /** Before a text that takes the place of an earlier one. */
  readonly edited: string
  /** Above a text that quotes. `{text}` is what was quoted. */
  readonly quoted: string
  /** The same where nobody knows any more what was quoted. */
  readonly quotedUnknown: string
  /** To a customer, where quick replies come without a question. */
  readonly choose: string
  /** On the button of a card, where nothing else is said. */
  readonly open: string
  /** On the button of a date picker, and above the times that one offers. */
  readonly chooseTime: string
  /** How long something takes; `{count}` is a whole number. */
  readonly minutes: string
  /** In place of files that the operator does not want to be carried. */
  readonly refused: Readonly<Record<MediaKind, string>>
}

const english: Words = {
  notices: {
    unsent: 'The customer took a message back',
    old_button: 'The customer touched a button of an old message',
    followed: 'The customer added this account as a friend',
    unfollowed: 'The customer blocked this account',
    joined: 'This account was added to a group',
    account_linked: 'The customer linked an account',
    account_not_linked: 'The customer could not link an account',
  },
  edited: 'Edited',
  quoted: 'In reply to: “{text}”',
  quotedUnknown: 'In reply to an earlier message',
  choose: 'Please choose:',
  open: 'Open',
  chooseTime: 'Choose date and time',
  minutes: '{count} min',
  refused: {
    image: 'A picture was sent, which cannot be shown here',
    video: 'A video was sent, which cannot be shown here',
    audio: 'A voice message was sent, which cannot be played here',
    file: 'A file was sent, which cannot be shown here',
  },
}

const thai: Words = {
  notices: {
    unsent: 'ลูกค้ายกเลิกข้อความ',
    old_button: 'ลูกค้ากดปุ่มของข้อความเก่า',
    followed: 'ลูกค้าเพิ่มบัญชีนี้เป็นเพื่อน',
    unfollowed: 'ลูกค้าบล็อกบัญชีนี้',
    joined: 'บัญชีนี้ถูกเพิ่มเข้ากลุ่ม',
    account_linked: 'ลูกค้าเชื่อมโยงบัญชีแล้ว',
    account_not_linked: 'ลูกค้าเชื่อมโยงบัญชีไม่สำเร็จ',
  },
  edited: 'แก้ไขแล้ว',
  quoted: 'ตอบกลับ: “{text}”',
  quotedUnknown: 'ตอบกลับข้อความก่อนหน้า',
  choose: 'กรุณาเลือก:',
  open: 'เปิด',
  chooseTime: 'เลือกวันและเวลา',
  minutes: '{count} นาที',
  refused: {
    image: 'มีการส่งรูปภาพที่ไม่สามารถแสดงที่นี่ได้',
    video: 'มีการส่งวิดีโอที่ไม่สามารถแสดงที่นี่ได้',
    audio: 'มีการส่งข้อความเสียงที่ไม่สามารถเล่นที่นี่ได้',
    file: 'มีการส่งไฟล์ที่ไม่สามารถแสดงที่นี่ได้',
  },
}

const japanese: Words = {
  notices: {
    unsent: 'お客様がメッセージの送信を取り消しました',
    old_button: 'お客様が以前のメッセージのボタンを押しました',
    followed: 'お客様がこのアカウントを友だちに追加しました',
    unfollowed: 'お客様がこのアカウントをブロックしました',
    joined: 'このアカウントがグループに追加されました',
    account_linked: 'お客様がアカウントを連携しました',
    account_not_linked: 'お客様のアカウント連携に失敗しました',
  },
  edited: '編集済み',
  quoted: '返信元：「{text}」',
  quotedUnknown: '以前のメッセージへの返信',
  choose: 'お選びください：',
  open: '開く',
  chooseTime: '日時を選ぶ',
  minutes: '{count}分',
  refused: {
    image: 'ここでは表示できない画像が送信されました',
    video: 'ここでは表示できない動画が送信されました',
    audio: 'ここでは再生できない音声が送信されました',
    file: 'ここでは表示できないファイルが送信されました',
  },
}

const traditionalChinese: Words = {
  notices: {
    unsent: '顧客收回了一則訊息',
    old_button: '顧客點選了舊訊息的按鈕',
    followed: '顧客已將此帳號加為好友',
    unfollowed: '顧客已封鎖此帳號',
    joined: '此帳號已被加入群組',
    account_linked: '顧客已連結帳號',
    account_not_linked: '顧客連結帳號失敗',
  },
  edited: '已編輯',
  quoted: '回覆：「{text}」',
  quotedUnknown: '回覆先前的訊息',
  choose: '請選擇：',
  open: '開啟',
  chooseTime: '選擇日期與時間',
  minutes: '{count} 分鐘',
  refused: {
    image: '已傳送圖片，但無法在此顯示',
    video: '已傳送影片，但無法在此顯示',
    audio: '已傳送語音訊息，但無法在此播放',
    file: '已傳送檔案，但無法在此顯示',
  },
}

const simplifiedChinese: Words = {
  notices: {
    unsent: '客户撤回了一条消息',
    old_button: '客户点击了旧消息的按钮',
    followed: '客户已将此账号加为好友',
    unfollowed: '客户已屏蔽此账号',
    joined: '此账号已被加入群组',
    account_linked: '客户已关联账号',
    account_not_linked: '客户关联账号失败',
  },
  edited: '已编辑',
  quoted: '回复：“{text}”',
  quotedUnknown: '回复之前的消息',
  choose: '请选择：',
  open: '打开',
  chooseTime: '选择日期和时间',
  minutes: '{count} 分钟',
  refused: {
    image: '已发送图片，但无法在此显示',
    video: '已发送视频，但无法在此显示',
    audio: '已发送语音消息，但无法在此播放',
    file: '已发送文件，但无法在此显示',
  },
}

const korean: Words = {
  notices: {
    unsent: '고객이 메시지 전송을 취소했습니다',
    old_button: '고객이 이전 메시지의 버튼을 눌렀습니다',
    followed: '고객이 이 계정을 친구로 추가했습니다',
    unfollowed: '고객이 이 계정을 차단했습니다',
    joined: '이 계정이 그룹에 추가되었습니다',
    account_linked: '고객이 계정을 연결했습니다',
    account_not_linked: '고객이 계정을 연결하지 못했습니다',
  },
  edited: '수정됨',
  quoted: '답장: “{text}”',
  quotedUnknown: '이전 메시지에 대한 답장',
  choose: '선택해 주세요:',
  open: '열기',
  chooseTime: '날짜 및 시간 선택',
  minutes: '{count}분',
  refused: {
    image: '여기에 표시할 수 없는 사진이 전송되었습니다',
    video: '여기에 표시할 수 없는 동영상이 전송되었습니다',
    audio: '여기에서 재생할 수 없는 음성 메시지가 전송되었습니다',
    file: '여기에 표시할 수 없는 파일이 전송되었습니다',
  },
}

const wordsByLanguage: Readonly<Record<string, Words>> = {
  en: english,
  th: thai,
  ja: japanese,
  ko: korean,
  zh: simplifiedChinese,
  'zh-TW': traditionalChinese,
  'zh-HK': traditionalChinese,
  'zh-MO': traditionalChinese,
  'zh-Hant': traditionalChinese,
}

/**
 * The words of a language.
 * @param language BCP 47; `zh-Hant-TW` finds `zh-Hant`. Absent or unknown: English
 */
export function wordsOf(language: string | undefined): Words {
  const parts = language?.split('-') ?? []
  for (let count = parts.length; count > 0; count -= 1) {
    const words = wordsByLanguage[parts.slice(0, count).join('-')]
    if (words) return words
  }
  return english
}

/** Puts values into the places `{name}` of a text. */
export const filledIn = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place)
