/** Where most customers who read a language live; others have to be told by the operator. */
const zones: Readonly<Record<string, string>> = {
  th: 'Asia/Bangkok',
  ja: 'Asia/Tokyo',
  ko: 'Asia/Seoul',
  'zh-TW': 'Asia/Taipei',
  'zh-Hant': 'Asia/Taipei',
  'zh-Hant-TW': 'Asia/Taipei',
  'zh-HK': 'Asia/Hong_Kong',
  vi: 'Asia/Ho_Chi_Minh',
  id: 'Asia/Jakarta',
}

/** Is it a time zone of the IANA database, such as `Asia/Tokyo`? */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The time zone to assume where none was configured. @param language BCP 47 */
export function timeZoneOf(language: string | undefined): string {
  const [first = ''] = language?.split('-') ?? []
  return zones[language ?? ''] ?? zones[first] ?? 'UTC'
}
