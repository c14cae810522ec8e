// What all scenarios here have in common: how they start, how they call the scheduler, and how a patient goes on when
// something does not work.

import { act, call, choose, end, js, replace, say, together, type Named, type Target } from './building.ts'
import { afterHead, LOST, pick, STOP } from './asking.ts'

/** What every request says: the language, and that faults are wanted as outcomes, since a script sees only good replies. */
export const COMMON = js`"locale": scenario.locale, "faults": "outcome"`

/** What a scenario that this one plays needs to know. */
export const ARGS = js`"channel": scenario.sms ? "sms" : "webchat", "locale": scenario.locale, "location": scenario.args.location,
  "head": scenario.head`

/** The generator puts the default texts here: those that the scenario uses. */
export const DEFAULT_TEXTS = '/*DEFAULT_TEXTS*/{}'

/** Texts, language and channel. All of them can be told in the arguments; the web page of the bot knows some. */
export function start(): Named {
  return act(
    'start',
    js`
var args = scenario.args = scenario.scenarioArgs || {};
var visitor = conversation.initConversationEvent || {};
var strings = typeof customLocalizedStrings === 'undefined' ? {} : customLocalizedStrings;
var texts = ${DEFAULT_TEXTS};
scenario.t = {};
for (var key in texts) scenario.t[key] = strings['scheduling/' + key] || texts[key];
scenario.locale = args.locale || visitor.locale || (session.preferredLocale && session.preferredLocale()) || 'en-US';
var channel = args.channel || conversation.schedulingChannel || (session.message && session.message.source) || '';
scenario.sms = channel === 'sms' || channel === 'twilio' || channel === 'whatsapp';
scenario.tries = 0;
// What was pressed in the scenario that plays this one.
scenario.head = args.head || '';
function setting(name) {
  // What becomes of one that is not set is written down nowhere.
  try { return getEnv(name) || ''; } catch (error) { return ''; }
}
scenario.settings = {
  phone: setting('schedulingPhone'), page: setting('schedulingBookingPage'), country: setting('schedulingCountry')
};
var place = args.location || visitor.location;
if (place && place.lat && place.long) scenario.near = { latitude: Number(place.lat), longitude: Number(place.long) };
`,
  )
}

/**
 * A function of the scheduler, and where its outcomes lead. `unavailable` and what cannot be told at all lead to the ways
 * on; an outcome that nobody named is owned up to.
 */
export function ask(name: string, function_: string, payload: string, outcomes: Record<string, Target>): Named[] {
  return together(
    name,
    [],
    [
      act(name, js`scenario.retry = '${name}';`, { label: `${function_}: remember where to try again` }),
      call(
        `${name}Call`,
        function_,
        `{ ${payload}, ${COMMON} }`,
        { into: 'reply', fails: 'fault' },
        { label: function_ },
      ),
      choose(
        `${name}Outcome`,
        'scenario.reply && scenario.reply.outcome',
        { ...outcomes, unavailable: 'wayOn' },
        'unexpected',
        { label: `${function_}: outcome` },
      ),
    ],
  )
}

/** What a conversation has come to know of a patient is nobody's business after it. */
const FORGET = js`
var kept = { t: 1, locale: 1, sms: 1, settings: 1, args: 1, scenarioArgs: 1 };
for (var name in scenario) if (!kept[name]) scenario[name] = null;`

interface Ways {
  /** The calls that can be tried again. */
  retries: string[]
  /** Those that write: after one that may have been done, nothing else is offered than to ask for it again. */
  writes?: string[]
  /** What else this scenario can do: JavaScript that adds to `ways`. */
  ways?: string
  cases?: Record<string, Target>
}

/** How to go on after what did not succeed: `wayOn`, `fault`, `unexpected`, `lost`, `bye`. */
export function ending({ retries, writes = [], ways = '', cases = {} }: Ways): Named[] {
  const calls = retries.length > 0
  const again: Record<string, Target> = calls ? { '@retry': retries.length > 1 ? 'retry' : `${retries[0]}Call` } : {}
  const failed = (name: string, text: string, label: string) =>
    act(name, js`scenario.reply = { outcome: 'unavailable', say: ${text}, text: ${text}, wayOn: { handoff: true } };`, {
      label,
      next: 'wayOn',
    })
  return [
    ...(calls
      ? [
          failed('fault', 'scenario.t.unreachable', 'The scheduler cannot be reached'),
          failed('unexpected', 'scenario.t.unexpected', 'An outcome that is not known'),
        ]
      : []),
    act(
      'lost',
      js`
scenario.tries = 0;
// Whether something may have been done is not forgotten over it.
var before = scenario.reply && scenario.reply.outcome;
var outcome = before === 'unavailable' || before === 'inProgress' ? before : '';
scenario.reply = { outcome: outcome, say: scenario.t.lost, text: scenario.t.lost, wayOn: { handoff: true } };`,
      { label: 'Three answers were not understood' },
    ),
    ...pick('wayOn', {
      menu: js`
var reply = scenario.reply;
var on = reply.wayOn || {};
var site = scenario.site || {};
var phone = on.phone || site.phone || scenario.settings.phone;
var page = on.bookingPage || site.bookingPage || scenario.settings.page;
var ways = [];
var again = reply.outcome === 'unavailable' || reply.outcome === 'inProgress';
var doubtful = again && ${JSON.stringify(writes)}.indexOf(scenario.retry) >= 0;
if (again) ways.push({ title: scenario.t.tryAgain, value: '@retry' });
if (!doubtful) {
${ways}
}
if (on.handoff) ways.push({ title: scenario.t.person, value: '@person' });
var told = reply.say + (doubtful ? ' ' + scenario.t.maybeDone : '');
var shape = { before: [], body: [], links: [] };
if (phone) {
  shape.before.push(scenario.t.call + ': ' + phone);
  shape.body.push({ type: 'TextBlock', wrap: true, text: plain(scenario.t.call + ': ' + phone) });
}
if (page) {
  shape.before.push(scenario.t.openPage + ': ' + page);
  shape.links.push({ type: 'Action.OpenUrl', title: scenario.t.openPage, url: page });
}
shape.before.push(scenario.t.howOn);
menu(told, ways, [], shape);
`,
      cases: { ...again, '@person': 'handOver', ...cases },
      chosen: STOP,
    }),
    ...(retries.length > 1
      ? [
          choose(
            'retry',
            'scenario.retry',
            Object.fromEntries(retries.slice(0, -1).map((name) => [name, `${name}Call`])),
            `${retries.at(-1)}Call`,
            { label: 'Try again what failed' },
          ),
        ]
      : []),
    say(STOP, afterHead('scenario.t.bye')),
    act('forget', FORGET, { label: 'Forget who it was', next: end }),
    act(
      'handOver',
      js`var head = scenario.head;${FORGET}
scenario.head = head;`,
      { label: 'Forget who it was, and hand over' },
    ),
    replace('person', 'scheduling_person', `{ ${ARGS} }`, { label: 'Hand over to a person' }),
  ]
}

export { LOST, STOP }
