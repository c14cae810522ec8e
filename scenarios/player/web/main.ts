// The page of the scenario player: a chat, and what happens inside. See player.ts for what ties them together.

import { Bar } from './bar.ts'
import { Chat } from './chat.ts'
import { env } from './environment.ts'
import { Inspector } from './inspector.ts'
import { Library } from './library.ts'
import { takeExports } from './loading.ts'
import { Player } from './player.ts'

const library = new Library()
const player = new Player(library.scenarios, env)
const problem = (text: string) => player.problem(text)
const play = () => void player.play(bar.setting)
const bar = new Bar(library, play)

player.showIn(new Chat({ startOver: play, problem }), new Inspector(library.scenarios))
takeExports(library, (triggers) => {
  bar.offer(triggers[0]!)
  play()
})

// Nothing fails unseen.
addEventListener('error', ({ message }) => problem(`the page failed: ${message}`))
addEventListener('unhandledrejection', ({ reason }) => problem(`the page failed: ${reason}`))
addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
  problem(`the policy of this page does not let it load ${blockedURI || 'this'} (${effectiveDirective})`)
})

play()
