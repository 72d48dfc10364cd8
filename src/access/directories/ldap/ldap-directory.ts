import type { Client, Entry, Filter } from 'ldapts'
import { HashingQueue } from '../../sign-in/hashing-queue.ts'
import { Breaker, DirectoryRefusal, directoryUnavailable } from '../breaker.ts'
import type { Directory, DirectoryRules, Person, Sought } from '../directory.ts'
import { converse } from './conversation.ts'
import { isWrongPassword, refusalOf } from './refusals.ts'
import { type LdapServer, readSecret } from './server.ts'

/** Conversations with one directory at a time, and those that wait for one. */
const inTurn = { atOnce: 8, mostWaiting: 200 }

export interface LdapDirectoryOptions {
  readonly server: LdapServer & DirectoryRules
  /** Milliseconds since 1970. */
  now(): number
  /** Told when the directory goes away, and when it is back. */
  told(change: { directory: string; away: boolean; why: string }): void
  /** Told where it answers, but does not do what it is asked for. */
  refused(of: { directory: string; why: string }): void
  /** Told of each conversation. */
  asked(outcome: 'answered' | 'failed'): void
}

/** @throws where a filter can't be understood, or the certificates can't be read */
export async function openLdapDirectory(options: LdapDirectoryOptions): Promise<Directory> {
  const { server, now } = options
  const { name } = server
  const { FilterParser } = await import('ldapts')
  FilterParser.parseString(server.filter)
  if (server.groups && 'filter' in server.groups)
    FilterParser.parseString(groupsFilter(server.groups.filter, 'cn=x', 'x'))
  if (server.ca !== undefined) await Bun.file(server.ca).text()
  const queue = new HashingQueue(inTurn)
  const breaker = new Breaker(now, (change) => options.told({ directory: name, ...change }))
  const told = (error: unknown) => {
    const { cause } = error as { cause?: unknown }
    if (cause instanceof DirectoryRefusal) options.refused({ directory: name, why: cause.message })
    return error
  }
  const ask = <T>(talk: (client: Client) => Promise<T>) =>
    queue.run(() =>
      breaker.run(name, async () => {
        try {
          const answer = await converse(server, talk)
          options.asked('answered')
          return answer
        } catch (error) {
          options.asked('failed')
          throw told(error)
        }
      }),
    )
  const searching = <T>(base: string, talk: (client: Client) => Promise<T>) =>
    ask(async (client) => {
      const { bind } = server
      if (bind) {
        const password = await readSecret(bind.password)
        await client.bind(bind.dn, password).catch((error) => {
          const refusal = refusalOf(error, `the bind of ${bind.dn}`)
          // Without it nobody is found, whoever is looked for.
          throw refusal instanceof DirectoryRefusal ? new Error(refusal.message) : refusal
        })
      }
      return talk(client).catch((error) => {
        throw refusalOf(error, `the search below ${base}`)
      })
    })
  return {
    name,
    teams: server.teams,
    admins: server.admins,
    recheck: server.recheck,
    outage: server.outage,
    async find(sought) {
      const entries = await searching(server.base, (client) => search(client, server, sought))
      try {
        return entries.map((entry) => personIn(entry, server))
      } catch (error) {
        throw told(error)
      }
    },
    verify: (person, password) =>
      ask((client) =>
        isPasswordOf(client, person?.dn ?? `cn=${crypto.randomUUID()},${server.base}`, password),
      ),
    async groupsOf(person) {
      const { groups } = server
      if (!groups) return []
      if ('attribute' in groups) return person.memberOf
      return searching(groups.base, async (client) => {
        const filter = groupsFilter(groups.filter, person.dn, person.login)
        const found = await client.search(groups.base, {
          scope: 'sub',
          filter,
          attributes: ['1.1'],
          paged: true,
        })
        return found.searchEntries.map(({ dn }) => dn)
      })
    },
  }
}

async function search(client: Client, server: LdapServer, sought: Sought): Promise<readonly Entry[]> {
  const { AndFilter, FilterParser } = await import('ldapts')
  const { nameAttribute, subjectAttribute, emailAttribute } = server
  const filters = [FilterParser.parseString(server.filter), await filterOf(server, sought)]
  const { searchEntries } = await client.search(server.base, {
    scope: 'sub',
    filter: new AndFilter({ filters }),
    // A second one tells that the first is not the only one.
    sizeLimit: 2,
    attributes: [nameAttribute, subjectAttribute, emailAttribute, memberOfIn(server)].filter(
      (name) => name !== undefined,
    ),
    explicitBufferAttributes: [subjectAttribute, ...binaryAttributes],
  })
  return searchEntries
}

/** The attribute in which an entry says its groups; undefined: they are looked for. */
function memberOfIn({ groups }: LdapServer): string | undefined {
  return groups && 'attribute' in groups ? groups.attribute : undefined
}

/** Values are put in as they are, as bytes: there is no text that anything could be smuggled into. */
async function filterOf(server: LdapServer, sought: Sought): Promise<Filter> {
  const { EqualityFilter, OrFilter } = await import('ldapts')
  if ('login' in sought) {
    const filters = server.loginAttributes.map(
      (attribute) => new EqualityFilter({ attribute, value: sought.login }),
    )
    return new OrFilter({ filters })
  }
  const value = isBinary(server.subjectAttribute) ? Buffer.from(sought.subject, 'hex') : sought.subject
  return new EqualityFilter({ attribute: server.subjectAttribute, value })
}

function personIn(entry: Entry, server: LdapServer): Person {
  const memberOf = memberOfIn(server)
  const [subject] = valuesOf(entry, server.subjectAttribute)
  const [login] = valuesOf(entry, server.nameAttribute)
  if (!subject || !login) {
    const missing = subject ? server.nameAttribute : server.subjectAttribute
    throw directoryUnavailable(
      server.name,
      new DirectoryRefusal(`the entry ${entry.dn} shows no ${missing} to who searches`),
    )
  }
  const [email] = server.emailAttribute === undefined ? [] : valuesOf(entry, server.emailAttribute)
  return {
    dn: entry.dn,
    subject: isBinary(server.subjectAttribute) ? subject.toString('hex') : subject.toString('utf8'),
    login: login.toString('utf8'),
    email: email?.toString('utf8'),
    memberOf: memberOf === undefined ? [] : valuesOf(entry, memberOf).map((value) => value.toString('utf8')),
  }
}

/** Attributes whose values are no texts. */
const binaryAttributes = ['objectGUID', 'objectSid', 'GUID']

function isBinary(attribute: string): boolean {
  return binaryAttributes.some((name) => name.toLowerCase() === attribute.toLowerCase())
}

/** Servers write an attribute's name as their schema does. */
function valuesOf(entry: Entry, attribute: string): Buffer[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase())
  const values = key === undefined ? [] : entry[key]
  return (Array.isArray(values) ? values : [values])
    .filter((value) => value !== undefined)
    .map((value) => (typeof value === 'string' ? Buffer.from(value) : value))
}

/** @throws where the directory says neither yes nor no */
async function isPasswordOf(client: Client, dn: string, password: string): Promise<boolean> {
  // Without one a server answers yes to whoever it is (RFC 4513, 5.1.2).
  if (password === '') return false
  try {
    await client.bind(dn, password)
    return true
  } catch (error) {
    if (isWrongPassword(error)) return false
    throw refusalOf(error, `the bind of ${dn}`)
  }
}

/** The setting's text with the person in it, who is written as RFC 4515 has it. */
function groupsFilter(template: string, dn: string, login: string): string {
  return template.replaceAll(/\{(dn|name)\}/g, (_, place) => escaped(place === 'dn' ? dn : login))
}

function escaped(value: string): string {
  return value.replaceAll(/[\\*()\0]/g, (mark) => `\\${mark.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
