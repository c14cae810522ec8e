// When: one slot for each dose of `scenario.doses`, which end up in `scenario.slotIds`.

import { act, branch, js, type Named, type Target } from './building.ts'
import { MENU, pick } from './asking.ts'
import { ask } from './scheduling.ts'

interface Times {
  /** Where it goes once there is a slot for every dose. */
  chosen: Target
  /** Where outcomes lead that are about more than times. */
  unknownLocation: Target
  unknownService: Target
  needsInput: Target
  notFound: Target
}

/**
 * From `times` on. Enters also at `taken`, after a reply whose alternatives stand for one of the slots, with that in
 * `scenario.reply`. Reads `scenario.site`, `.service`, `.practitionerId`, and `.moving` when an appointment is moved.
 */
export function times({ chosen, unknownLocation, unknownService, needsInput, notFound }: Times): Named[] {
  return [
    act('times', js`scenario.slotIds = []; scenario.at = 0; scenario.replacing = false;`, { label: 'Choose times' }),
    ...pick('when', {
      menu: js`
var say = scenario.doses.length > 1 ? scenario.t.dose + ' ' + scenario.doses[scenario.at] + ': ' + scenario.t.whenDose : scenario.t.when;
var names = ['today', 'tomorrow', 'thisWeek', 'nextWeek', 'weekend'];
var choices = [{ title: scenario.t.soonest, value: '@soonest' }];
var later = scenario.at > 0;
for (var i = 0; i < names.length; i++) if (!later) choices.push({ title: scenario.t[names[i]], value: names[i] });
var parts = ['anyTime', 'morning', 'afternoon', 'evening'];
var times = [];
for (var j = 0; j < parts.length; j++) times.push({ title: scenario.t[parts[j]], value: parts[j] });
menu(say, choices, [], { dates: true, parts: times, after: [scenario.t.orDate], body: [
  {
    type: 'Input.Date', id: 'date', label: scenario.t.day, placeholder: scenario.t.day,
    // Where the clinic is, it may still be yesterday.
    min: moment().subtract(1, 'day').format('YYYY-MM-DD'), errorMessage: scenario.t.pastDay
  },
  { type: 'Input.ChoiceSet', id: 'picked', label: scenario.t.orWhen, placeholder: scenario.t.orWhen, style: 'compact', value: '@soonest', choices: choices },
  { type: 'Input.ChoiceSet', id: 'part', label: scenario.t.partOfDay, placeholder: scenario.t.partOfDay, style: 'compact', value: 'anyTime', choices: times }
], actions: [{ type: 'Action.Submit', title: scenario.t.submit }] });
scenario.part = '';`,
      chosen: 'whenKeep',
    }),
    act(
      'whenKeep',
      js`
var picked = scenario.picked;
scenario.search = { dose: scenario.doses[scenario.at] };
if (/^\d{4}-/.test(picked)) scenario.search.date = picked;
else if (picked !== '@soonest') scenario.search.when = picked;
if (scenario.at > 0) scenario.search.after = scenario.slotIds[scenario.at - 1];
if (scenario.moving) scenario.search.move = scenario.moving;`,
      { label: 'Keep when' },
    ),
    branch(
      'partKnown',
      'scenario.sms',
      { yes: 'part', no: 'partKeep' },
      { label: 'Did a card ask for the time of day?' },
    ),
    ...pick('part', {
      textOnly: true,
      menu: js`
var names = ['anyTime', 'morning', 'afternoon', 'evening'];
var choices = [];
for (var i = 0; i < names.length; i++) choices.push({ title: scenario.t[names[i]], value: names[i] });
menu(scenario.t.partOfDay, choices, []);`,
      chosen: 'partTake',
    }),
    act('partTake', js`scenario.part = scenario.picked;`, { label: 'Take the time of day' }),
    act('partKeep', js`if (scenario.part && scenario.part !== 'anyTime') scenario.search.partOfDay = scenario.part;`, {
      label: 'Keep the time of day',
    }),
    ...ask(
      'slots',
      'get-slots',
      js`"locationId": scenario.site.id, "serviceId": scenario.service.id, "practitionerId": scenario.practitionerId,
  "date": scenario.search.date, "when": scenario.search.when, "partOfDay": scenario.search.partOfDay,
  "dose": scenario.search.dose, "after": scenario.search.after, "move": scenario.search.move,
  "cursor": scenario.search.cursor, "limit": 12`,
      {
        ok: 'days',
        noSlots: 'otherTimes',
        bookElsewhere: 'wayOn',
        unknownLocation,
        unknownService,
        needsInput,
        notFound,
        tooManyAttempts: 'wayOn',
      },
    ),
    branch(
      'days',
      '!scenario.search.date && scenario.reply.days.length > 1',
      { yes: 'day', no: 'slot' },
      {
        label: 'Are there several days?',
      },
    ),
    ...pick('day', {
      menu: js`menu(scenario.reply.say + ' ' + scenario.t.whichDay, scenario.reply.menus.days.choices, [{ title: scenario.t.otherDay, value: '@other' }]);`,
      cases: { '@other': 'when' },
      chosen: 'dayKeep',
    }),
    act('dayKeep', js`scenario.search.date = scenario.picked; delete scenario.search.when;`, {
      label: 'Keep the day',
      next: 'slots',
    }),
    ...pick('slot', {
      menu: js`
var buttons = [{ title: scenario.t.otherDay, value: '@other' }];
if (scenario.reply.cursor) buttons.unshift({ title: scenario.t.moreTimes, value: '@more' });
var days = scenario.reply.days;
menu((days.length === 1 ? days[0].label + '. ' : '') + scenario.t.whichTime, scenario.reply.menus.slots.choices, buttons);`,
      cases: { '@other': 'otherDay', '@more': 'more' },
      chosen: 'slotKeep',
    }),
    act('more', js`scenario.search.cursor = scenario.reply.cursor;`, { label: 'The next page', next: 'slots' }),
    act('otherDay', js`scenario.slotIds = scenario.slotIds.slice(0, scenario.at); scenario.replacing = false;`, {
      label: 'Another day',
      next: 'when',
    }),
    act(
      'slotKeep',
      js`
scenario.slotIds[scenario.at] = scenario.picked;
scenario.at = scenario.replacing ? scenario.doses.length : scenario.at + 1;`,
      { label: 'Keep the slot' },
    ),
    branch(
      'allDoses',
      'scenario.at < scenario.doses.length',
      { yes: 'when', no: chosen },
      {
        label: 'Is there a dose without a time?',
      },
    ),
    act(
      'taken',
      js`
scenario.replacing = true;
scenario.at = 0;
for (var i = 0; i < scenario.doses.length; i++) if (scenario.doses[i] === scenario.reply.taken[0]) scenario.at = i;`,
      { label: 'Somebody else was faster' },
    ),
    branch(
      'otherTimes',
      'scenario.reply.menus.alternatives',
      { yes: 'instead', no: 'wayOn' },
      {
        label: 'Are there other times?',
      },
    ),
    act(
      'instead',
      js`${MENU}menu(scenario.reply.say + ' ' + scenario.t.instead, scenario.reply.menus.alternatives.choices, [{ title: scenario.t.otherDay, value: '@other' }]);`,
      { label: 'Offer other times', next: 'slotChannel' },
    ),
  ]
}
