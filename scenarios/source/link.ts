import { afterHead, MENU } from './asking.ts'
import { act, branch, end, js, say, type Source } from './building.ts'
import { ask, ending, start } from './scheduling.ts'

export default {
  name: 'Scheduling: the booking page',
  trigger: 'scheduling_link',
  description: 'Shows the pages on which patients book by themselves, as Microsoft Bookings publishes them.',
  steps: [
    start(),
    ...ask('locations', 'get-locations', js`"near": scenario.near, "limit": 5`, {
      ok: 'pages',
      noLocations: 'onlyOne',
      needsInput: 'onlyOne',
    }),
    act(
      'pages',
      js`${MENU}
var all = scenario.reply.locations;
var lines = [scenario.t.pages];
scenario.cards = [];
for (var i = 0; i < all.length; i++) {
  if (!all[i].bookingPage) continue;
  lines.push(all[i].name + ': ' + all[i].bookingPage);
  scenario.cards.push(
    heading(all[i].label, lines.length > 2),
    { type: 'ActionSet', actions: [
      { type: 'Action.OpenUrl', title: titled(scenario.t.pageOf + ' ' + all[i].name, scenario.t.openPage), url: all[i].bookingPage }
    ] }
  );
}
scenario.lines = lines;`,
      { label: 'Every clinic with a page' },
    ),
    branch('anyPages', 'scenario.cards.length > 0', { yes: 'byChannel', no: 'onlyOne' }, { label: 'Are there any?' }),
    branch('byChannel', 'scenario.sms', { yes: 'pagesText', no: 'pagesCard' }, { label: 'A text message?' }),
    say('pagesText', afterHead("scenario.lines.join('\\n')"), { next: end }),
    say('pagesCard', afterHead('scenario.t.pages'), {
      next: end,
      card: js`{
  "type": "AdaptiveCard",
  "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
  "version": "1.2",
  "speak": scenario.t.pages,
  "body": scenario.cards
}`,
    }),
    act(
      'onlyOne',
      js`
var page = scenario.settings.page;
var text = page ? scenario.t.pageText : scenario.t.noPages;
scenario.reply = { outcome: '', say: text, text: text, wayOn: { handoff: true, bookingPage: page } };`,
      { label: 'The page of the settings', next: 'wayOn' },
    ),
    ...ending({ retries: ['locations'] }),
  ],
} satisfies Source
