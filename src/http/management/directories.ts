import { createRoute, z } from '@hono/zod-openapi'
import { checkDirectories } from '../../access/directories/check.ts'
import { answers, count, listOf, takes } from './answers.ts'
import { asks, type ManagementApp } from './environment.ts'

const word = z.string()

const wanted = z
  .strictObject({
    login: z.string().min(1).max(255).optional().openapi({ description: 'Whom to look for' }),
    password: z.string().max(1024).optional().openapi({ format: 'password' }),
  })
  .openapi('DirectoryCheckWanted')

const person = z
  .object({
    dn: word,
    subject: word.openapi({ description: 'What the entry is for good: the account is bound to it' }),
    login: word,
    email: word.nullable(),
    account: word.nullable().openapi({ description: 'The account that he has or would get' }),
    hasAccount: z.boolean(),
    groups: listOf(word),
    teams: listOf(word),
    admin: z.boolean().nullable(),
    passwordIsRight: z.boolean().nullable(),
  })
  .openapi('CheckedPerson')

const checked = z
  .object({
    directories: listOf(
      z.object({
        directory: word,
        failure: word.nullable().openapi({ description: 'Why it could not be asked; null: it could' }),
        entries: count.nullable(),
        person: person.nullable(),
        absentTeams: listOf(word),
      }),
    ),
  })
  .openapi('DirectoriesCheck')

const check = createRoute({
  ...asks('checkDirectories', 'accounts:administer'),
  summary: 'Try the directories as a sign-in would, without signing anybody in',
  method: 'post',
  path: '/directories/check',
  request: { body: takes(wanted) },
  responses: answers(checked, 'What each of them said, in the order in which they are asked'),
})

export function directoryRoutes(app: ManagementApp): void {
  app.openapi(check, async (c) => {
    const { exchange, accounts } = c.env
    const directories = (await accounts.directories?.()) ?? []
    const { metadata } = exchange.registry
    return c.json(await checkDirectories({ directories, metadata }, c.req.valid('json')), 200)
  })
}
