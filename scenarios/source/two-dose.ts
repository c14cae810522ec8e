import { booking } from './booking.ts'
import type { Source } from './building.ts'

export default {
  name: 'Scheduling: book a series of doses',
  trigger: 'scheduling_two_dose',
  description:
    'Books all doses of a series together, or none: a time for each, the later ones only where the interval fits, then one preview and one confirmation code.',
  steps: booking({ series: true }),
} satisfies Source
