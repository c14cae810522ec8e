import { MENU, pick } from './asking.ts'
import { act, begin, js, type Source } from './building.ts'
import { ARGS, ending, start } from './scheduling.ts'

const OTHERS = js`
var choices = [
  { title: scenario.t.bookOne, value: '@book' },
  { title: scenario.t.bookTwo, value: '@twoDose' },
  { title: scenario.t.manage, value: '@manage' },
  { title: scenario.t.usePage, value: '@page' },
  { title: scenario.t.person, value: '@person' }
];`

export default {
  name: 'Scheduling: menu',
  trigger: 'scheduling_menu',
  description: 'Begins the other scheduling scenarios, one after the other, until there is nothing else.',
  steps: [
    start(),
    ...pick('menu', {
      menu: js`${OTHERS}menu(scenario.t.welcome, choices, []);`,
      cases: { '@book': 'book', '@twoDose': 'twoDose', '@manage': 'manage', '@page': 'page', '@person': 'person' },
      chosen: 'bye',
    }),
    begin('book', 'scheduling_book', `{ ${ARGS} }`, { next: 'again' }),
    begin('twoDose', 'scheduling_two_dose', `{ ${ARGS} }`, { next: 'again' }),
    begin('manage', 'scheduling_manage', `{ ${ARGS} }`, { next: 'again' }),
    begin('page', 'scheduling_link', `{ ${ARGS} }`),
    act(
      'again',
      js`${MENU}${OTHERS}
// What was pressed has been said back there.
scenario.head = '';
menu(scenario.t.anythingElse, choices, []);`,
      {
        label: 'Anything else?',
        next: 'menuChannel',
      },
    ),
    ...ending({ retries: [] }),
  ],
} satisfies Source
