import { booking } from './booking.ts'
import type { Source } from './building.ts'

export default {
  name: 'Scheduling: book an appointment',
  trigger: 'scheduling_book',
  description:
    'Books one appointment: for whom, the nearest clinics, what for, perhaps with whom, when, the details that the service wants, a preview to confirm, and the confirmation code.',
  steps: booking({ series: false }),
} satisfies Source
