/** Who makes a change, with what, and from where: for the record of what was done. */
export interface Attribution {
  /** The name of who does it: `alice`, `acme+deploy`, `anonymous`, `cli:root`, `retention`. */
  readonly caller: string
  readonly kind: 'anonymous' | 'user' | 'robot' | 'operator' | 'server'
  /** The account's id; null: it is none. */
  readonly account: string | null
  /** The id of the access token that he came with. */
  readonly accessToken: string | null
  /** The client's address, in front of trusted proxies; null: it did not come over the network. */
  readonly address: string | null
  /** The request's number, as in the log. */
  readonly request: string | null
  /** The HTTP request that it came with; not there: it came otherwise. */
  readonly http?: HttpRequestFacts
}

export interface HttpRequestFacts {
  readonly method: string
  /** How the client reached the registry: `https://registry.example.com`. */
  readonly origin: string
  readonly userAgent: string
}

/** What the registry does by itself. */
export const theServer: Attribution = {
  caller: 'server',
  kind: 'server',
  account: null,
  accessToken: null,
  address: null,
  request: null,
}
