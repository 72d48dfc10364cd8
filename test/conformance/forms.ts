/** One way to run the official conformance program against Berth. */
export interface Form {
  readonly name: string
  /** Berth's environment. */
  readonly berth: Record<string, string>
  /** Whether the registry is closed, and the program has a user's name and password. */
  readonly signedIn?: true
  /** The program's environment, beyond what every form has. */
  readonly program: Record<string, string>
  /** Switches of the program that this form leaves off, each with the reason; any other that is off is a failure. */
  readonly off: Record<string, string>
  /** Tests that the program skips in this form, each with the reason; any other that is skipped is a failure. */
  readonly skipped?: Readonly<Record<string, string>>
  /** Fewer tests than this mean that something did not run. Berth is asked 986 and 1,032. */
  readonly leastTests: number
}

export const forms: readonly Form[] = [
  {
    name: 'as Berth comes',
    berth: {},
    program: {},
    off: {
      'data.sparse':
        'an image manifest must not lack a blob under manifests.missing=index, the default; the specification lets a registry choose (MANIFEST_BLOB_UNKNOWN)',
    },
    leastTests: 980,
  },
  {
    name: 'with manifests.missing=all',
    berth: { BERTH_MANIFESTS_MISSING: 'all' },
    program: { OCI_DATA_SPARSE: 'true' },
    off: {},
    leastTests: 1025,
  },
  {
    name: 'with two workers',
    berth: { BERTH_MANIFESTS_MISSING: 'all', BERTH_WORKERS: '2' },
    program: { OCI_DATA_SPARSE: 'true' },
    off: {},
    leastTests: 1025,
  },
  {
    name: "closed, with a user's credentials",
    berth: { BERTH_MANIFESTS_MISSING: 'all' },
    signedIn: true,
    program: { OCI_DATA_SPARSE: 'true' },
    off: {},
    skipped: Object.fromEntries(
      ['sha256', 'sha512'].flatMap((algorithm) =>
        ['', '-anonymous'].map((from) => [
          `OCI Conformance Test/${algorithm} blobs/mount${from.replace('-', ' ')}/blob-mount${from}`,
          'the program keeps one token for each repository and method, which is not for the repository to mount from: the answer to that is 202',
        ]),
      ),
    ),
    leastTests: 1020,
  },
]

/**
 * What every form sets. The `dev` version is the specification as it stands now: beyond 1.1 it asks for digest
 * headers, cancelled uploads and tag parameters, so that sparse manifests alone are left off unless switched on.
 */
export const everyForm = { OCI_VERSION: 'dev', OCI_TLS: 'disabled', OCI_LOG: 'error' } as const
