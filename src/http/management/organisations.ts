import { createRoute } from '@hono/zod-openapi'
import { parseAccountName } from '../../access/account-name.ts'
import {
  createOrganisation,
  deleteOrganisation,
  listOrganisations,
  showOrganisation,
} from '../../access/organisations.ts'
import { RegistryError } from '../../oci/errors.ts'
import { deletedAccount, organisation, organisations } from './account-answers.ts'
import { himself, named, newOrganisation, organisationPath } from './account-parameters.ts'
import { answers, takes } from './answers.ts'
import {
  administrationOf,
  asks,
  type ManagementApp,
  type ManagementContext,
  may,
  userIdOf,
} from './environment.ts'
import { pageQuery } from './parameters.ts'

const list = createRoute({
  ...asks('listOrganisations', 'account:self', himself),
  summary: 'List the organisations that the caller is a member of; an administrator sees all',
  method: 'get',
  path: '/organisations',
  request: { query: pageQuery },
  responses: answers(organisations, 'A page of organisations'),
})

const create = createRoute({
  ...asks('createOrganisation', 'organisation:create'),
  summary: 'Make an organisation, with the namespace of its name',
  method: 'post',
  path: '/organisations',
  request: { body: takes(newOrganisation) },
  responses: answers(organisation, 'It is there'),
})

const show = createRoute({
  ...asks('showOrganisation', 'organisation:show', named('organisation')),
  summary: 'Show an organisation',
  method: 'get',
  path: '/organisations/{organisation}',
  request: { params: organisationPath },
  responses: answers(organisation, 'The organisation'),
})

const remove = createRoute({
  ...asks('deleteOrganisation', 'organisation:administer', named('organisation')),
  summary:
    'Delete an organisation with its teams and robots; its repositories stay and are the administrators’',
  method: 'delete',
  path: '/organisations/{organisation}',
  request: { params: organisationPath },
  responses: answers(deletedAccount, 'It is deleted'),
})

export function organisationRoutes(app: ManagementApp): void {
  app.openapi(list, async (c) => {
    const member = (await may(c, 'accounts:administer')) ? undefined : (userIdOf(c) ?? '-')
    return c.json(await listOrganisations(administrationOf(c), { ...c.req.valid('query'), member }), 200)
  })
  app.openapi(create, async (c) => {
    const { name, owner } = c.req.valid('json')
    const { identity } = c.env.exchange
    const caller = identity.kind === 'user' ? parseAccountName(identity.name) : undefined
    await requireOwnOwner(c, owner)
    return c.json(await createOrganisation(administrationOf(c), { name, owner: owner ?? caller }), 200)
  })
  app.openapi(show, async (c) => {
    return c.json(
      await showOrganisation(administrationOf(c), { name: c.req.valid('param').organisation }),
      200,
    )
  })
  app.openapi(remove, async (c) => {
    return c.json(
      await deleteOrganisation(administrationOf(c), { name: c.req.valid('param').organisation }),
      200,
    )
  })
}

/** Only administrators make others owners of what they found. @throws DENIED */
async function requireOwnOwner(context: ManagementContext, owner: string | undefined): Promise<void> {
  if (owner === undefined || owner === context.env.exchange.identity.name) return
  if (await may(context, 'accounts:administer')) return
  throw new RegistryError('DENIED', 'only an administrator makes an organisation for somebody else')
}
