import { sql } from 'kysely'
import type { Reader } from './engine.ts'
import type { ChecksWorkloads, FindsTrusts, StoredTrust } from './robot-trusts-store.ts'
import { statement } from './statement.ts'

/** What robots trust: the same queries on every engine. */
export function robotTrustsReads(engine: Reader): FindsTrusts & ChecksWorkloads {
  return {
    async listTrusts(by) {
      const rows = await engine.all(trustsOf, by)
      return rows.map((row) => ({ ...storedTrust(row), tokens: row.tokens }))
    },
    async findTrusts(by) {
      const rows = await engine.all(trustsFor, by)
      return rows.map((row) => ({
        ...storedTrust(row),
        owner: {
          kind: 'robot',
          id: row.robot,
          name: `${by.organisation}+${by.robot}`,
          disabled: row.disabled === 1,
          generation: row.generation,
        },
      }))
    },
    knowsIssuer: async (issuer) => (await engine.first(anyTrustIn, { issuer })) !== undefined,
  }
}

type TrustColumns = Pick<
  NonNullable<(typeof trustsFor)['row']>,
  'id' | 'issuer' | 'audience' | 'claims' | 'scopes' | 'created_at'
>

function storedTrust(row: TrustColumns): StoredTrust {
  return {
    id: row.id,
    issuer: row.issuer,
    audience: row.audience,
    claims: row.claims,
    scopes: row.scopes ?? undefined,
    createdAt: row.created_at,
  }
}

const trustsOf = statement<{ robot: string; limit: number }>()(({ db, arg, now }) =>
  db
    .selectFrom('robot_trusts')
    .selectAll()
    .select(
      sql<number>`(select count(*) from access_tokens where access_tokens.trust = robot_trusts.id and access_tokens.expires_at > ${now})`.as(
        'tokens',
      ),
    )
    .where('robot', '=', arg('robot'))
    .orderBy('created_at')
    .orderBy('id')
    .limit(arg('limit')),
)

const trustsFor = statement<{ organisation: string; robot: string; issuer: string }>()(({ db, arg }) =>
  db
    .selectFrom('organisations')
    .innerJoin('robots', 'robots.organisation', 'organisations.id')
    .innerJoin('robot_trusts', 'robot_trusts.robot', 'robots.id')
    .selectAll('robot_trusts')
    .select(['robots.disabled', 'robots.generation'])
    .where('organisations.name', '=', arg('organisation'))
    .where('robots.name', '=', arg('robot'))
    .where('robot_trusts.issuer', '=', arg('issuer'))
    .orderBy('robot_trusts.created_at')
    .orderBy('robot_trusts.id'),
)

const anyTrustIn = statement<{ issuer: string }>()(({ db, arg }) =>
  db.selectFrom('robot_trusts').select('id').where('issuer', '=', arg('issuer')).limit(1),
)
