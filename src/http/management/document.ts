import { asks, type ManagementApp } from './environment.ts'

let document: string | undefined

/** `GET /api/openapi.json`: what the API is, in OpenAPI 3.1. @param described the routes that it tells of */
export function documentRoute(app: ManagementApp, described: ManagementApp): void {
  const { middleware } = asks('openapi', 'registry:ping')
  app.get('/api/openapi.json', middleware, (c) => {
    document ??= JSON.stringify(
      described.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'Berth management API',
          version: c.env.version,
          description:
            'Times are ISO 8601 in UTC, sizes bytes. POST and PUT need the header Content-Type: application/json.',
        },
      }),
    )
    return c.body(document, 200, { 'Content-Type': 'application/json' })
  })
}
