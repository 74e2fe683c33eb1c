/**
 * LINE's numbers. Texts are counted in UTF-16 units:
 * https://developers.line.biz/en/docs/messaging-api/text-character-count/
 */

/** https://developers.line.biz/en/reference/messaging-api/#text-message */
export const maxTextUnits = 5_000

/** Message objects in one push: https://developers.line.biz/en/reference/messaging-api/#send-push-message */
export const maxMessagesPerPush = 5

/** JPEG or PNG: https://developers.line.biz/en/reference/messaging-api/#image-message */
export const maxImageBytes = 10 * 1024 * 1024

/** MP4: https://developers.line.biz/en/reference/messaging-api/#video-message */
export const maxVideoBytes = 200 * 1024 * 1024

/** MP3 or M4A: https://developers.line.biz/en/reference/messaging-api/#audio-message */
export const maxAudioBytes = 200 * 1024 * 1024

/** How long a token v2.1 may live: https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/ */
export const maxTokenSeconds = 30 * 24 * 60 * 60

/**
 * How far ahead a JWT assertion may expire: https://developers.line.biz/en/docs/messaging-api/generate-json-web-token/
 */
export const maxAssertionSeconds = 30 * 60
