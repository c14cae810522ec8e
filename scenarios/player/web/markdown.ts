// Markdown of statements and cards, as HTML. HTML in it stays text, and styles become classes: the policy of the page allows
// no style attributes.

import MarkdownIt from 'markdown-it'

import { mayOpen } from './link.ts'

const PICTURE = /^data:image\/(png|gif|jpeg|webp);/

// A line ends only with an empty one, as in Web Chat: https://github.com/microsoft/BotFramework-WebChat/pull/1988.
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false })
markdown.validateLink = (url) => mayOpen(url) || PICTURE.test(url)
// `please.Call` is no address.
markdown.linkify.set({ fuzzyLink: false })

const { rules } = markdown.renderer
rules.link_open = (tokens, index, options, _, self) => {
  tokens[index]!.attrSet('target', '_blank')
  tokens[index]!.attrSet('rel', 'noopener noreferrer')
  return self.renderToken(tokens, index, options)
}
rules.th_open = rules.td_open = (tokens, index, options, _, self) => {
  const token = tokens[index]!
  const side = /text-align:(\w+)/.exec(String(token.attrGet('style')))?.[1]
  token.attrs = side ? [['class', `to-${side}`]] : null
  return self.renderToken(tokens, index, options)
}

export function html(text: string): string {
  return markdown.render(text)
}
