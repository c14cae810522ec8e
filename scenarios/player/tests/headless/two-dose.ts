// Booking a series.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { choose, fill, press, send } from '../../headless/card.ts'
import { between, call, codeIn, isOnlyText, plays, seeing } from '../played.ts'
import { day, details, on, somebody, soonest, statuses, toEastside, toLakeside } from './patients.ts'

describe('scheduling_two_dose', () => {
  const twoDoses = [...toEastside, press('Vaccine')]
  const adult = { 'Date of birth': '1980-05-31', 'I agree': 'yes' }

  test('books both doses, in one go', async () => {
    const who = somebody()
    const played = await plays('scheduling_two_dose', [
      ...twoDoses,
      on(day(10)),
      choose(3),
      seeing((prompt) => assert.match(prompt.text, /Dose 2/), soonest),
      choose(1),
      choose(4),
      details(who, adult),
      press('Yes, book it'),
    ])
    assert.match(played.transcript, /booked for 2 doses/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('the same as text', async () => {
    const played = await plays(
      'scheduling_two_dose',
      [
        '1',
        '98052',
        '1',
        '1',
        day(11),
        '1',
        '1',
        '1',
        '1',
        '1',
        '1',
        'Pat Text',
        '1980-05-31',
        'pat2text@example.org',
        '1',
        'yes',
      ],
      { channel: 'sms' },
    )
    isOnlyText(played)
    assert.deepEqual(await statuses(codeIn(played), 'pat2text@example.org'), ['booked', 'booked'])
  })

  test('a service with several doses is handed over by scheduling_book, without asking anything twice', async () => {
    const who = somebody()
    const played = await plays('scheduling_book', [
      ...toEastside,
      choose('Vaccine'),
      on(day(12)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      details(who, adult),
      press('Yes, book it'),
    ])
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('somebody takes the second dose: nothing is booked, another time for it is, and the first stays', async () => {
    const who = somebody()
    let taken = false
    const http = between(async (asked) => {
      if (asked.function !== 'book' || asked.body.preview || taken) return undefined
      taken = true
      // Both who give it are busy then, with something else.
      const second = await call('get-slots', {
        locationId: 'embedded:eastside',
        serviceId: 'flu',
        date: day(13 + 21),
        limit: 1000,
      })
      const start = JSON.parse(Buffer.from(asked.body.slotIds[1].slice(3), 'base64url').toString())[2]
      const same = second.slots.find((slot: any) => Date.parse(slot.start) / 1000 === start)
      for (let i = 0; i < 2; i++) {
        const reply = await call('book', { slotId: same.id, patient: somebody() })
        assert.equal(reply.outcome, 'booked', JSON.stringify(reply))
      }
      return undefined
    })
    const played = await plays(
      'scheduling_two_dose',
      [
        ...twoDoses,
        on(day(13)),
        choose(1),
        on(day(13 + 21)),
        choose(5),
        details(who, adult),
        press('Yes, book it'),
        choose(1),
        press('Yes, book it'),
      ],
      { http },
    )
    assert.match(played.transcript, /time for dose 2 is no longer free/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('a series that does not fit is refused as a whole, and chosen anew', async () => {
    const who = somebody()
    const heard: any[] = []
    const early = await call('get-slots', {
      locationId: 'embedded:eastside',
      serviceId: 'vaccine',
      date: day(15),
      limit: 1,
    })
    const http = between((asked) => {
      heard.push(asked)
      // The second dose on the day after the first, as no menu offers it.
      if (
        asked.function === 'get-slots' &&
        asked.body.dose === 2 &&
        heard.filter((one) => one.body.dose === 2).length === 1
      ) {
        return { ...early, slots: [{ ...early.slots[0], dose: 2 }] }
      }
      return undefined
    })
    const played = await plays(
      'scheduling_two_dose',
      [
        ...twoDoses,
        on(day(14)),
        choose(1),
        on(day(15)),
        choose(1),
        details(who, adult),
        press('Choose another time'),
        on(day(16)),
        choose(1),
        soonest,
        choose(1),
        choose(1),
        press('Yes, book it'),
      ],
      { http },
    )
    assert.match(played.transcript, /Dose 2 has to be 21 to 28 days after dose 1/)
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('a clinic without a series', async () => {
    const played = await plays('scheduling_two_dose', [
      ...toLakeside,
      press('Look somewhere else'),
      fill({}, 'Continue'),
      press('Stop here'),
    ])
    assert.match(played.transcript, /nothing in several doses/)
  })

  test('another place, more times, another day, what will not do, and a handler that is down', async () => {
    const who = somebody()
    let calls = 0
    const http = between(({ function: name, body }) => {
      if (name === 'book' && body.preview && ++calls === 2) throw new Error('connection refused')
    })
    const played = await plays(
      'scheduling_two_dose',
      [
        press('For me'),
        fill({ 'Postal code': '00000' }, 'Continue'),
        fill({ 'Postal code': '98052' }, 'Continue'),
        press('Book at Eastside'),
        press('Vaccine'),
        on(day(18)),
        press('More times'),
        press('Another day'),
        on(day(18)),
        choose(1),
        soonest,
        choose(1),
        choose(1),
        details({ ...who, email: 'pat at example' }, adult),
        fill({ 'E-mail': who.email }, 'Continue'),
        press('Try again'),
        press('Yes, book it'),
      ],
      { http },
    )
    assert.deepEqual(await statuses(codeIn(played), who.email), ['booked', 'booked'])
  })

  test('an outcome that nobody knows is owned up to', async () => {
    const http = between(({ function: name }) => (name === 'get-slots' ? { outcome: 'moonrise' } : undefined))
    await plays('scheduling_two_dose', [...twoDoses, soonest, press('Talk to a person')], { http })
  })

  test('what is not understood three times leads to other ways', async () => {
    isOnlyText(await plays('scheduling_two_dose', ['what?', 'hm', 'well', '0'], { channel: 'sms' }))
  })

  test('with a certain person, as a card and as text', async () => {
    const rich = await plays('scheduling_two_dose', [
      ...toEastside,
      press('Course'),
      press('Dr. Watt'),
      soonest,
      choose(1),
      choose(1),
      press('Stop here'),
    ])
    assert.match(rich.transcript, /somebody you would like to see/)
    isOnlyText(await plays('scheduling_two_dose', ['1', '98052', '1', '2', '1', '0'], { channel: 'sms' }))
  })

  test('who does not agree is not booked', async () => {
    const played = await plays('scheduling_two_dose', [
      ...twoDoses,
      on(day(17)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      send(
        { 'Your first and last name': 'Pat Doe', 'Date of birth': '1980-05-31', 'E-mail': 'pat@example.org' },
        'Continue',
      ),
      press('Stop here'),
    ])
    assert.doesNotMatch(played.transcript, /booked/)
  })
})
