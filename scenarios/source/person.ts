import { afterHead } from './asking.ts'
import { act, end, js, say, type Source } from './building.ts'
import { start } from './scheduling.ts'

export default {
  name: 'Scheduling: a person',
  trigger: 'scheduling_person',
  description:
    'Where the other scenarios hand over to a person. Replace its last step with what your bot does for that, such as the built-in handoff.',
  steps: [
    start(),
    act(
      'how',
      js`
var phone = scenario.settings.phone;
scenario.how = scenario.t.agent + (phone ? ' ' + scenario.t.agentCall + ' ' + phone : '');`,
    ),
    say('tell', afterHead('scenario.how'), { label: 'How to reach a person', next: end }),
  ],
} satisfies Source
