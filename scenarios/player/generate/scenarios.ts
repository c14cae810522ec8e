// All scenarios, in the order in which people meet them.

import type { Source } from '../../source/building.ts'
import book from '../../source/book.ts'
import link from '../../source/link.ts'
import manage from '../../source/manage.ts'
import menu from '../../source/menu.ts'
import person from '../../source/person.ts'
import twoDose from '../../source/two-dose.ts'

export const sources: Source[] = [menu, book, twoDose, manage, link, person]
