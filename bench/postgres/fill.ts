/**
 * Makes repositories, manifests and tags in the database itself: a million pushes would take hours. What comes out is
 * what pushes would have left in these tables, but that the blobs are named and not stored.
 */
export interface Fill {
  /** Repositories of one manifest and one tag each. */
  readonly repositories: number
  /** Tags of the repository `many/tags`, ten to a manifest. */
  readonly tags: number
}

export const crowded = 'many/tags'

const digest = (text: string) => `'sha256:' || encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`
const bytes = (text: string) => `convert_to('{"schemaVersion":2,"n":"' || ${text} || '"}', 'UTF8')`
const now = '(extract(epoch from now()) * 1000)::bigint'

/** Statements, to be run one after the other. */
export function fillStatements({ repositories, tags }: Fill): string[] {
  const name = `'team-' || (n % 1000) || '/app-' || n`
  const manifestColumns = 'repository, digest, media_type, bytes, content_size, pushed_at, confirmed_at'
  const type = `'application/vnd.oci.image.manifest.v1+json'`
  return [
    // What is made here is consistent: foreign keys need not be looked up a million times.
    'set session_replication_role = replica',
    `insert into repositories (name, created_at) select ${name}, ${now} from generate_series(1, ${repositories}) n`,
    `insert into repositories (name, created_at) values ('${crowded}', ${now})`,
    `insert into manifests (${manifestColumns})
     select ${name}, ${digest(name)}, ${type}, ${bytes(name)}, 1000, ${now}, ${now}
     from generate_series(1, ${repositories}) n`,
    `insert into tags (repository, name, digest, updated_at)
     select ${name}, 'latest', ${digest(name)}, ${now} from generate_series(1, ${repositories}) n`,
    `insert into manifests (${manifestColumns})
     select '${crowded}', ${digest(`'m' || n`)}, ${type}, ${bytes(`'m' || n`)}, 1000, ${now}, ${now}
     from generate_series(0, ${Math.ceil(tags / 10) - 1}) n`,
    `insert into tags (repository, name, digest, updated_at)
     select '${crowded}', 'v' || n, ${digest(`'m' || (n / 10)`)}, ${now} from generate_series(0, ${tags - 1}) n`,
    'vacuum analyze',
  ]
}
