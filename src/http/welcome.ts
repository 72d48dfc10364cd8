import type { Exchange } from './exchange.ts'

/** `GET /`: tells a person with a browser what this is, and the next command to type. */
export function welcome(exchange: Exchange, version: string): Response {
  const host = exchange.request.headers.get('host') ?? 'localhost:5000'
  const shown = /^[\w.:[\]-]{1,255}$/.test(host) ? host : 'HOST:PORT'
  const text = `Berth ${version}, an image registry.

Push an image:   docker tag IMAGE ${shown}/IMAGE && docker push ${shown}/IMAGE
Pull it:         docker pull ${shown}/IMAGE
Find one:        docker search ${shown}/TERM
`
  exchange.sent = text.length
  return new Response(text, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
}
