// Where, and what for: the nearest clinics, then their services.

import { act, branch, js, replace, type Named, type Target } from './building.ts'
import { AGAIN, form, pick } from './asking.ts'
import { ARGS, ask } from './scheduling.ts'

/** From `where` to `chosen`, with the clinic in `scenario.site` and the service in `scenario.service`. */
export function whereAndWhat({ series, chosen }: { series: boolean; chosen: Target }): Named[] {
  return [
    branch(
      'where',
      'scenario.near || scenario.args.locationId',
      { yes: 'locations', no: 'place' },
      {
        label: 'Is it known where?',
      },
    ),
    ...form('place', {
      make: js`
scenario.given = scenario.given || {};
delete scenario.given['near.postalCode'];
// What another scenario told is not what is looked for any more.
scenario.args.locationId = '';
scenario.args.serviceId = '';
form(scenario.t.where, [{ name: 'near.postalCode', label: scenario.t.postalCode, kind: 'text', options: [], required: false }]);`,
      done: 'placeKeep',
      oneField: true,
    }),
    act('placeAgain', js`${AGAIN}again(scenario.reply);`, { label: 'That place is not known', next: 'placeChannel' }),
    act(
      'placeKeep',
      js`
var code = scenario.given['near.postalCode'];
scenario.near = code ? { postalCode: code, country: scenario.settings.country } : null;`,
      { label: 'Keep the place' },
    ),
    ...ask(
      'locations',
      'get-locations',
      js`"near": scenario.near, "locationId": scenario.args.locationId, "limit": 5`,
      { ok: 'locationsKeep', noLocations: 'wayOn', needsInput: 'placeAgain' },
    ),
    act('locationsKeep', js`scenario.locations = scenario.reply; scenario.tries = 0;`, { label: 'Keep the clinics' }),
    branch(
      'locationGiven',
      'scenario.args.locationId',
      { yes: 'locationKeep', no: 'location' },
      {
        label: 'Is the clinic given?',
      },
    ),
    ...pick('location', {
      menu: js`
var found = scenario.locations;
var choices = [];
var body = [];
for (var i = 0; i < found.locations.length; i++) {
  var site = found.locations[i];
  choices.push({ title: found.menus.locations.choices[i].title, value: site.id, said: site.name });
  var items = [heading(site.label, i > 0)];
  if (site.hoursText) items.push({ type: 'TextBlock', text: plain(site.hoursText), wrap: true, spacing: 'None' });
  if (site.phone) items.push({ type: 'TextBlock', text: plain(site.phone), wrap: true, spacing: 'None' });
  var buttons = [];
  if (site.bookBy.indexOf('chat') >= 0) buttons.push(button(titled(scenario.t.bookAt + ' ' + site.name, scenario.t.bookHere), site.id));
  if (site.bookingPage) {
    buttons.push({ type: 'Action.OpenUrl', title: titled(scenario.t.pageOf + ' ' + site.name, scenario.t.openPage), url: site.bookingPage });
  }
  if (buttons.length > 0) items.push({ type: 'ActionSet', actions: buttons });
  body.push({ type: 'Container', items: items });
}
var elsewhere = { title: scenario.t.elsewhere, value: '@elsewhere' };
menu(found.say, choices, [elsewhere], { body: body, actions: [button(elsewhere.title, elsewhere.value)] });`,
      cases: { '@elsewhere': 'place' },
      chosen: 'locationKeep',
    }),
    act(
      'locationKeep',
      js`
var wanted = scenario.args.locationId || scenario.picked;
var all = scenario.locations.locations;
for (var i = 0; i < all.length; i++) if (all[i].id === wanted) scenario.site = all[i];
var services = scenario.site.services;
scenario.services = [];
for (var j = 0; j < services.length; j++) if (${series ? 'services[j].doses > 1' : 'true'}) scenario.services.push(services[j]);
scenario.serviceGiven = false;
for (var k = 0; k < scenario.services.length; k++) {
  if (scenario.services[k].id === scenario.args.serviceId) scenario.serviceGiven = true;
}
scenario.chat = scenario.site.bookBy.indexOf('chat') >= 0;`,
      { label: 'Keep the clinic' },
    ),
    branch(
      'byChat',
      'scenario.chat && scenario.services.length > 0',
      { yes: 'serviceGiven', no: 'notHere' },
      {
        label: 'Can it be booked in the chat?',
      },
    ),
    act(
      'notHere',
      js`
var text = scenario.chat ? ${series ? 'scenario.t.noSeries' : 'scenario.t.unexpected'} : scenario.site.label;
scenario.reply = { outcome: '', say: text, text: text, wayOn: { handoff: true } };`,
      { label: 'Not in the chat', next: 'wayOn' },
    ),
    branch(
      'serviceGiven',
      'scenario.serviceGiven',
      { yes: 'serviceKeep', no: 'service' },
      {
        label: 'Is the service given?',
      },
    ),
    ...pick('service', {
      menu: js`
scenario.args.serviceId = '';
var choices = [];
for (var i = 0; i < scenario.services.length; i++) {
  var service = scenario.services[i];
  choices.push({ title: service.name + (service.price ? ' (' + service.price + ')' : ''), value: service.id });
}
menu(scenario.t.whichService, choices, [{ title: scenario.t.anotherClinic, value: '@clinic' }]);`,
      cases: { '@clinic': 'location' },
      chosen: 'serviceKeep',
    }),
    act(
      'serviceKeep',
      js`
var wanted = scenario.args.serviceId || scenario.picked;
var all = scenario.site.services;
for (var i = 0; i < all.length; i++) if (all[i].id === wanted) scenario.service = all[i];
scenario.practitionerId = null;
scenario.doses = [];
for (var dose = 1; dose <= scenario.service.doses; dose++) scenario.doses.push(dose);`,
      { label: 'Keep the service' },
    ),
    ...(series
      ? [act('severalDoses', js`scenario.head = scenario.head + scenario.t.severalDoses + ' ';`)]
      : [
          branch(
            'oneDose',
            'scenario.service.doses > 1',
            { yes: 'series', no: 'whoServes' },
            {
              label: 'Does it take several doses?',
            },
          ),
          replace(
            'series',
            'scheduling_two_dose',
            `{ ${ARGS}, "whom": scenario.whom, "locationId": scenario.site.id, "serviceId": scenario.service.id }`,
            { label: 'Go on with the series' },
          ),
        ]),
    branch(
      'whoServes',
      'scenario.service.practitioners.length > 0',
      { yes: 'practitioner', no: chosen },
      {
        label: 'Can somebody be chosen?',
      },
    ),
    ...pick('practitioner', {
      menu: js`
var service = scenario.service;
var choices = [];
for (var i = 0; i < service.practitioners.length; i++) {
  choices.push({ title: service.practitioners[i].name, value: service.practitioners[i].id });
}
menu(scenario.t.whichPractitioner, choices, service.practitionerRequired ? [] : [{ title: scenario.t.anyone, value: '@anyone' }]);`,
      chosen: 'practitionerKeep',
    }),
    act('practitionerKeep', js`scenario.practitionerId = scenario.picked === '@anyone' ? null : scenario.picked;`, {
      label: 'Keep who',
      next: chosen,
    }),
  ]
}
