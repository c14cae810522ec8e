// The page of the scenario player: a chat, and what happens inside. See player.ts for what ties them together.

import { Bar } from './bar.ts'
import { Chat } from './chat.ts'
import { env } from './environment.ts'
import { Inspector } from './inspector.ts'
import { Library } from './library.ts'
import { takeExports } from './loading.ts'
import { Notices } from './notices.ts'
import { Player } from './player.ts'
import { loadWebChat } from './web-chat.ts'

const library = new Library()
const player = new Player(library.scenarios, env)
const problem = (text: string) => player.problem(text)
const loaded = loadWebChat()
const play = () => void loaded.then(() => player.play(bar.setting))
const bar = new Bar(library, play)

player.showIn(new Chat(new Notices(play)), new Inspector(library.scenarios))
takeExports(library, (triggers) => {
  bar.offer(triggers[0]!)
  play()
})

// Nothing fails unseen.
addEventListener('error', ({ message }) => problem(`the page failed: ${message}`))
addEventListener('unhandledrejection', ({ reason }) => problem(`the page failed: ${reason}`))
addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
  if (effectiveDirective.endsWith('-attr')) problem('Web Chat leaves out the styles and scripts of HTML')
  else problem(`the policy of this page does not let it load ${blockedURI || 'this'} (${effectiveDirective})`)
})

// Web Chat says on the console what it leaves out, such as a card.
for (const level of ['warn', 'error'] as const) {
  const log = console[level].bind(console)
  console[level] = (...said: unknown[]) => {
    log(...said)
    problem(said.map(worded).join(' '))
  }
}

function worded(said: unknown): string {
  if (Array.isArray(said)) return said.map(worded).join(', ')
  return said instanceof Error ? said.message : String(said)
}

play()
