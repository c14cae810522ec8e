// The page, the menu, a person.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { choose, press } from '../../headless/card.ts'
import { between, isOnlyText, plays } from '../played.ts'

describe('scheduling_link', () => {
  test('shows the pages as cards, and as text', async () => {
    const rich = await plays('scheduling_link', [])
    assert.match(JSON.stringify(rich.messages[0]!.cards), /Action\.OpenUrl.*example\.org\/book\/eastside/)
    const text = await plays('scheduling_link', [], { channel: 'sms' })
    isOnlyText(text)
    assert.match(text.transcript, /Harbor Health: https:\/\/example\.org\/book\/harbor/)
  })

  test('when no clinic has one, or none answers, there is the page of the settings', async () => {
    const env = { schedulingBookingPage: 'https://example.org/book' }
    const http = between(() => ({ outcome: 'noLocations' }))
    const played = await plays('scheduling_link', [press('Stop here')], { http, env })
    assert.match(played.transcript, /Here is the page/)
    const none = between(() => ({ outcome: 'ok', locations: [{ name: 'A', label: 'A', bookingPage: null }] }))
    await plays('scheduling_link', [press('Stop here')], { http: none })
    const unknown = between(() => ({ outcome: 'moonrise' }))
    await plays('scheduling_link', [press('Stop here')], { http: unknown })
    let down = true
    const refused = between(() => {
      if (down) {
        down = false
        throw new Error('connection refused')
      }
    })
    await plays('scheduling_link', [press('Try again')], { http: refused })
  })

  test('what is typed there is read too', async () => {
    const http = between(() => ({ outcome: 'noLocations' }))
    await plays('scheduling_link', ['what?', 'hm', 'well', '1'], { http, channel: 'sms' })
  })
})

describe('scheduling_menu', () => {
  test('begins each of the others, and goes on until there is nothing else', async () => {
    const stop = press('Stop here')
    const played = await plays('scheduling_menu', [
      choose('Book an appointment'),
      stop,
      choose('Book a vaccination'),
      stop,
      choose('Find, move'),
      stop,
      choose('Use the booking page'),
      choose('Talk to a person'),
    ])
    assert.match(played.transcript, /Is there anything else/)
    assert.match(played.transcript, /Type "agent"/)
  })

  test('as text, and with the phone of the settings', async () => {
    const played = await plays('scheduling_menu', ['nothing', 'no', 'hm', '1'], {
      channel: 'sms',
      env: { schedulingPhone: '+1 425 555 0100' },
    })
    isOnlyText(played)
    assert.match(played.transcript, /You can also call: \+1 425 555 0100/)
  })

  test('stops when it is told to, and knows how to go on when it does not understand', async () => {
    await plays('scheduling_menu', [press('Stop here')])
    await plays('scheduling_menu', ['what?', 'hm', 'well', press('Stop here')])
  })
})
