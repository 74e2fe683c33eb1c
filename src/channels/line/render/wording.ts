/** Fit for a label or title: no control characters, no lines, no half characters, nothing around it. */
export const oneLine = (text: string | undefined): string =>
  (text ?? '')
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()

/** As {@link oneLine}, but lines stay. */
export const paragraphs = (text: string | undefined): string =>
  (text ?? '')
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n]+/gu, ' ')
    .trim()

/** One line of a list that is told in words. */
export const bullet = (text: string): string => `• ${text}`
