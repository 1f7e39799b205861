/** How a line of chat is shown. */

/** One line of text for a message. */
export const render = (from: string, text: string): string => `${from}: ${text}`
