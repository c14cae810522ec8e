// Looking up, cancelling, moving.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { choose, fill, press } from '../../headless/card.ts'
import { between, call, isOnlyText, plays } from '../played.ts'
import { booked, day, on, somebody, soonest, statuses } from './patients.ts'

describe('scheduling_manage', () => {
  const proof = (code: string, contact: string) =>
    fill({ 'Confirmation code': code, 'E-mail address, phone': contact }, 'Continue')

  test('looks up, and leaves it as it is', async () => {
    const { code, email } = await booked('flu', [day(50)])
    const played = await plays('scheduling_manage', [proof(code.toLowerCase(), email), press('Leave it')])
    assert.match(played.transcript, /You have an appointment: Flu shot/)
    assert.deepEqual(await statuses(code, email), ['booked'])
  })

  test('cancels after a preview', async () => {
    const { code, email } = await booked('flu', [day(51)])
    const played = await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Yes, cancel')])
    assert.match(played.transcript, /Cancelled: Flu shot/)
    assert.deepEqual(await statuses(code, email), ['cancelled'])
  })

  test('the same as text, with the date of birth for a proof', async () => {
    const { code, email } = await booked('flu', [day(52)])
    const played = await plays('scheduling_manage', [code, '1980-05-31', '2', 'yes'], { channel: 'sms' })
    isOnlyText(played)
    assert.deepEqual(await statuses(code, email), ['cancelled'])
  })

  test('thinks better of it', async () => {
    const { code, email } = await booked('flu', [day(53)])
    await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Leave it')])
    await plays('scheduling_manage', [proof(code, email), press('Move it'), on(day(54)), choose(1), press('Leave it')])
    assert.deepEqual(await statuses(code, email), ['booked'])
  })

  test('of a series: the second dose alone, then all of it', async () => {
    const { code, email } = await booked('vaccine', [day(55), day(55 + 21)])
    await plays('scheduling_manage', [proof(code, email), press('Cancel it'), choose('Dose 2'), press('Yes, cancel')])
    assert.deepEqual(await statuses(code, email), ['booked', 'cancelled'])
    const other = await booked('vaccine', [day(56), day(56 + 21)])
    await plays('scheduling_manage', [
      proof(other.code, other.email),
      press('Cancel it'),
      press('All of them'),
      press('Yes, cancel'),
    ])
    assert.deepEqual(await statuses(other.code, other.email), ['cancelled', 'cancelled'])
  })

  test('moves one appointment', async () => {
    const { code, email } = await booked('flu', [day(57)])
    const played = await plays('scheduling_manage', [
      proof(code, email),
      press('Move it'),
      on(day(58)),
      choose(3),
      press('Yes, move it'),
    ])
    assert.match(played.transcript, /Your appointment has moved/)
    const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
    assert.equal(reply.appointments[0].start.slice(0, 10), day(58))
  })

  test('moves the second dose, and a whole series', async () => {
    const { code, email } = await booked('vaccine', [day(59), day(59 + 21)])
    await plays('scheduling_manage', [
      proof(code, email),
      press('Move it'),
      choose('Dose 2'),
      soonest,
      choose(3),
      choose(4),
      press('Yes, move it'),
    ])
    await plays('scheduling_manage', [
      proof(code, email),
      press('Move it'),
      press('All of them'),
      on(day(61)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      press('Choose another time'),
      on(day(62)),
      choose(1),
      soonest,
      choose(1),
      choose(1),
      press('Yes, move it'),
    ])
    const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
    assert.equal(reply.appointments[0].start.slice(0, 10), day(62))
    assert.equal(reply.appointments.length, 2)
  })

  test('the same as text', async () => {
    const { code, email } = await booked('flu', [day(63)])
    const played = await plays('scheduling_manage', [code, email, '1', day(64), '1', '2', 'yes'], { channel: 'sms' })
    isOnlyText(played)
    const reply = await call('get-appointment', { confirmationCode: code, contact: { email } })
    assert.equal(reply.appointments[0].start.slice(0, 10), day(64))
  })

  test('somebody takes the time it was to be moved to', async () => {
    const { code, email } = await booked('flu', [day(65)])
    let taken = false
    const http = between(async (asked) => {
      if (asked.function !== 'reschedule' || asked.body.preview || taken) return undefined
      taken = true
      for (let i = 0; i < 2; i++) await call('book', { slotIds: asked.body.slotIds, patient: somebody() })
      return undefined
    })
    const played = await plays(
      'scheduling_manage',
      [
        proof(code, email),
        press('Move it'),
        on(day(66)),
        choose(1),
        press('Yes, move it'),
        choose(1),
        press('Yes, move it'),
      ],
      { http },
    )
    assert.match(played.transcript, /no longer free/)
    assert.match(played.transcript, /has moved/)
  })

  test('a wrong code, then the right one', async () => {
    const { code, email } = await booked('flu', [day(67)])
    const played = await plays('scheduling_manage', [
      proof('AAAAA-BBBBB', email),
      proof(code, email),
      press('Leave it'),
    ])
    assert.match(played.transcript, /You have an appointment/)
  })

  test('a code and a contact that are none are asked for again', async () => {
    const { code } = await booked('flu', [day(68)])
    const played = await plays('scheduling_manage', [
      proof('7', '1'),
      (prompt) =>
        fill(
          Object.fromEntries(
            (prompt.cards[0] as any).body.map(({ label }: any) => [
              label,
              /code/.test(label) ? code : '+1 425 555 0111',
            ]),
          ),
          'Continue',
        )(prompt),
      press('Stop here'),
    ])
    assert.ok(played.prompts.length >= 3, played.transcript)
  })

  test('too many attempts', async () => {
    const tries = Array.from({ length: 6 }, () => proof('AAAAA-CCCCC', 'guess@example.org'))
    const played = await plays('scheduling_manage', [...tries, press('Enter code'), press('Stop here')])
    assert.match(played.transcript, /[Tt]oo many/)
  })

  test('it is too late to change it', async () => {
    const { code, email } = await booked('fixed', [day(5)])
    const played = await plays('scheduling_manage', [proof(code, email), press('Stop here')])
    assert.match(played.transcript, /nothing I can change/)
  })

  test('it is cancelled already, also in the meantime', async () => {
    const { code, email } = await booked('flu', [day(69)])
    const http = between(async ({ function: name, body }) => {
      if (name === 'cancel' && !body.preview) await call('cancel', { confirmationCode: code, contact: { email } })
      return undefined
    })
    const played = await plays('scheduling_manage', [proof(code, email), press('Cancel it'), press('Yes, cancel')], {
      http,
    })
    assert.match(played.transcript, /already cancelled/)
  })

  test('what is picked from lists may be typed as well; more times, another day', async () => {
    const { code, email } = await booked('vaccine', [day(72), day(72 + 21)])
    const sms = { channel: 'sms' } as const
    isOnlyText(
      await plays(
        'scheduling_manage',
        [code, email, '1', '2', '1', '1', '1', '13', '14', day(72 + 22), '1', '1', 'yes'],
        sms,
      ),
    )
    isOnlyText(await plays('scheduling_manage', [code, email, '2', '2', 'yes'], sms))
    assert.deepEqual(await statuses(code, email), ['booked', 'cancelled'])
  })

  test('what is never understood, or not known, ends at a person', async () => {
    const http = between(({ function: name }) => (name === 'get-appointment' ? { outcome: 'moonrise' } : undefined))
    const played = await plays('scheduling_manage', ['A', 'b@example.org', 'what?', 'hm', 'well', '3'], {
      http,
      channel: 'sms',
    })
    assert.match(played.transcript, /Type "agent"/)
  })

  test('every call can be tried again', async () => {
    const { code, email } = await booked('flu', [day(70)])
    const failing = () => {
      const failed = new Set<string>()
      return between(({ function: name, body }) => {
        const key = `${name} ${body.preview}`
        if (failed.has(key)) return undefined
        failed.add(key)
        throw new Error('connection refused')
      })
    }
    const again = press('Try again')
    await plays(
      'scheduling_manage',
      [proof(code, email), again, press('Move it'), on(day(71)), again, choose(1), again, press('Yes, move it'), again],
      { http: failing() },
    )
    await plays(
      'scheduling_manage',
      [proof(code, email), again, press('Cancel it'), again, press('Yes, cancel'), again],
      {
        http: failing(),
      },
    )
    assert.deepEqual(await statuses(code, email), ['cancelled'])
  })
})
