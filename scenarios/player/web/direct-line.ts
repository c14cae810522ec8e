// The Direct Line between Web Chat and the engine, within this page: what of DirectLineJS Web Chat uses.
// https://github.com/microsoft/BotFramework-DirectLineJS

/** What goes over the line, as far as the player knows it. */
export interface Activity {
  type: string
  id?: string
  timestamp?: string
  from?: { id: string; name?: string; role: 'bot' | 'user' }
  text?: string
  textFormat?: 'markdown' | 'plain'
  attachments?: Attachment[]
  attachmentLayout?: 'list' | 'carousel'
  value?: unknown
  channelData?: Record<string, unknown>
}

export interface Attachment {
  contentType: string
  content: unknown
}

interface Observer<Value> {
  next?(value: Value): void
  complete?(): void
}

interface Observable<Value> {
  subscribe(observer: Observer<Value>): { unsubscribe(): void }
}

const ONLINE = 2
const BOT = { id: 'bot', name: 'Bot', role: 'bot' } as const

export class DirectLine {
  readonly activity$: Observable<Activity>
  readonly connectionStatus$: Observable<number>
  readonly #heard: (activity: Activity) => void
  readonly #said: Activity[] = []
  readonly #observers = new Set<Observer<Activity>>()

  /** `heard` is told of what Web Chat posts. */
  constructor(heard: (activity: Activity) => void) {
    this.#heard = heard
    // The bot does not wait until somebody listens, so who comes late gets what was said.
    this.activity$ = observable((observer) => {
      for (const activity of this.#said) observer.next?.(activity)
      this.#observers.add(observer)
      return () => this.#observers.delete(observer)
    })
    this.connectionStatus$ = observable((observer) => observer.next?.(ONLINE))
  }

  /** The bot says something. */
  say(activity: Activity): void {
    this.#send({ ...activity, from: BOT })
  }

  /** Web Chat shows it as sent once it comes back. */
  postActivity(activity: Activity): Observable<string> {
    return observable((observer) => {
      const { id } = this.#send(activity)
      observer.next?.(id)
      observer.complete?.()
      this.#heard(activity)
    })
  }

  end(): void {
    this.#observers.clear()
  }

  #send(activity: Activity): { id: string } {
    const id = String(this.#said.length + 1).padStart(7, '0')
    const sent = { ...activity, id, timestamp: new Date().toISOString() }
    this.#said.push(sent)
    for (const observer of this.#observers) observer.next?.(sent)
    return { id }
  }
}

function observable<Value>(subscribe: (observer: Observer<Value>) => (() => unknown) | void): Observable<Value> {
  return {
    subscribe(observer) {
      const end = subscribe(observer)
      return { unsubscribe: () => void end?.() }
    },
  }
}
