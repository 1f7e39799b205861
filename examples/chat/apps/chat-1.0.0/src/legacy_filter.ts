/** Words that are not shown. */

const HIDDEN = /\b(?:darn|heck)\b/gi

/** The text without them. */
export const clean = (text: string): string => text.replace(HIDDEN, '***')
