// Microsoft's Web Chat: the very file that their container sample loads, with all that is in it. It is a plain script, which
// puts itself on the window.

import bundle from '../node_modules/botframework-webchat/dist/webchat.js?url'
import type { DirectLine } from './direct-line.ts'
import { byId, element } from './element.ts'

interface WebChat {
  createStore(): unknown
  renderWebChat(props: Record<string, unknown>, root: HTMLElement): void
}

declare global {
  interface Window {
    WebChat?: WebChat
  }
}

let shown = 0

export async function loadWebChat(): Promise<void> {
  const script = element('script', { src: bundle })
  await new Promise((resolve, reject) => {
    script.addEventListener('load', resolve)
    script.addEventListener('error', () => reject(new Error('Web Chat cannot be loaded')))
    document.head.append(script)
  })
}

/** A new chat in the place of the old one. */
export function showChat(directLine: DirectLine, locale: string): void {
  const { createStore, renderWebChat } = window.WebChat!
  const root = byId('webchat')
  root.lang = locale
  renderWebChat(
    {
      // Another key, another chat: of the old one React keeps nothing.
      key: `chat-${++shown}`,
      directLine,
      store: createStore(),
      userID: 'patient',
      locale,
      nonce: nonce(),
      styleOptions: STYLE,
      adaptiveCardsHostConfig: HOST_CONFIG,
    },
    root,
  )
}

/** Of the style elements that Web Chat makes: the policy of the page names it. */
function nonce(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce
}

// --- its colours are those of the page, light and dark; its measures and its font are what patients have

const STYLE = {
  hideUploadButton: true,
  accent: 'var(--accent)',
  backgroundColor: 'var(--ground)',
  subtle: 'var(--muted)',
  bubbleBackground: 'var(--surface)',
  bubbleBorderColor: 'var(--line)',
  bubbleTextColor: 'var(--text)',
  bubbleFromUserBackground: 'var(--soft)',
  bubbleFromUserBorderColor: 'var(--line)',
  bubbleFromUserTextColor: 'var(--text)',
  cardEmphasisBackgroundColor: 'var(--ground)',
  cardPushButtonBackgroundColor: 'var(--accent)',
  cardPushButtonTextColor: 'var(--on-accent)',
  sendBoxBackground: 'var(--surface)',
  sendBoxTextColor: 'var(--text)',
  sendBoxPlaceholderColor: 'var(--muted)',
  sendBoxButtonColor: 'var(--accent)',
  sendBoxButtonColorOnHover: 'var(--text)',
  sendBoxButtonColorOnFocus: 'var(--accent)',
  sendBoxBorderTop: 'solid 1px var(--line)',
  timestampColor: 'var(--muted)',
  transcriptTerminatorBackgroundColor: 'var(--muted)',
  transcriptTerminatorColor: 'var(--surface)',
  transcriptActivityVisualKeyboardIndicatorColor: 'var(--muted)',
  transcriptVisualKeyboardIndicatorColor: 'var(--accent)',
  transcriptOverlayButtonBackground: 'var(--accent)',
  transcriptOverlayButtonColor: 'var(--on-accent)',
}

const COLOURS = {
  default: { default: 'var(--text)', subtle: 'var(--muted)' },
  dark: { default: 'var(--text)', subtle: 'var(--muted)' },
  light: { default: 'var(--muted)', subtle: 'var(--muted)' },
  accent: { default: 'var(--accent)', subtle: 'var(--accent)' },
  good: { default: 'var(--good)', subtle: 'var(--good)' },
  warning: { default: 'var(--note)', subtle: 'var(--note)' },
  attention: { default: 'var(--problem)', subtle: 'var(--problem)' },
}

/** As Web Chat writes it. */
const FONT = "'Calibri', 'Helvetica Neue', 'Arial', 'sans-serif'"

const GROUNDS = {
  default: undefined,
  emphasis: 'var(--ground)',
  accent: 'var(--soft)',
  good: 'var(--soft)',
  attention: 'var(--problem-ground)',
  warning: 'var(--note-ground)',
}

/** Takes the place of Web Chat's own, of which all but the colours is repeated here: there is no way to change a part of it. */
const HOST_CONFIG = {
  containerStyles: Object.fromEntries(
    Object.entries(GROUNDS).map(([name, backgroundColor]) => [name, { backgroundColor, foregroundColors: COLOURS }]),
  ),
  supportsInteractivity: true,
  fontFamily: FONT,
  imageSizes: { small: 40, medium: 80, large: 160 },
  actions: {
    actionAlignment: 'stretch',
    actionsOrientation: 'vertical',
    buttonSpacing: 8,
    maxActions: 100,
    showCard: { actionMode: 'inline', inlineTopMargin: 8 },
    spacing: 'default',
  },
  adaptiveCard: { allowCustomStyle: false },
  imageSet: { imageSize: 'medium', maxImageHeight: 100 },
  factSet: {
    title: { color: 'default', size: 'default', isSubtle: false, weight: 'bolder', wrap: true, maxWidth: 150 },
    value: { color: 'default', size: 'default', isSubtle: false, weight: 'default', wrap: true },
    spacing: 8,
  },
  textBlock: { headingLevel: 2 },
}
