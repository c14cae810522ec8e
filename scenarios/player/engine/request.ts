// What a data connection sends, and what becomes of it.

export interface Request {
  method: string
  url: string
  /** Without the question mark. */
  query: string
  headers: Record<string, unknown>
  payload: unknown
  form: boolean
  /** The body is JSON both ways. */
  json: boolean
}

export interface Sent {
  method: string
  url: string
  headers: Record<string, string>
  body: string | undefined
}

export interface Received {
  status: number
  headers: Record<string, string>
  text: string
}

/** Sends a request; rejects when there is no answer. */
export type Http = (sent: Sent) => Promise<Received>

export interface Answered {
  status?: number
  headers?: Record<string, string>
  body: unknown
  /** Why the step fails: no answer, or none that succeeds. */
  failed?: string
  milliseconds: number
}

/** Sends it. An answer that is not 2xx is a failure, as with the library after which the step's options are named. */
export async function ask(http: Http, request: Request): Promise<Answered> {
  const started = Date.now()
  const took = () => Date.now() - started
  let received: Received
  try {
    received = await http(written(request))
  } catch (error) {
    return { body: undefined, failed: error instanceof Error ? error.message : String(error), milliseconds: took() }
  }
  const { status, headers, text } = received
  let body: unknown = text
  if (request.json) {
    try {
      body = JSON.parse(text)
    } catch {
      // What is no JSON stays a text.
    }
  }
  const failed = status < 200 || status > 299 ? `answered ${status}` : undefined
  return { status, headers, body, failed, milliseconds: took() }
}

function written({ method, url, query, headers, payload, form, json }: Request): Sent {
  const sent: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== null) sent[name] = String(value)
  }
  const named = (name: string) => Object.keys(sent).some((known) => known.toLowerCase() === name)
  let body: string | undefined
  if (payload !== undefined && method !== 'GET') {
    if (form) {
      body = new URLSearchParams(Object.entries(payload as Record<string, string>)).toString()
      if (!named('content-type')) sent['Content-Type'] = 'application/x-www-form-urlencoded'
    } else {
      body = json ? JSON.stringify(payload) : String(payload)
      if (json && !named('content-type')) sent['Content-Type'] = 'application/json'
    }
  }
  return { method, url: query ? `${url}?${query}` : url, headers: sent, body }
}
