import { type KeyPair, type KeyPairFiles, keyPairOf, readKeyPairFiles } from './key-pair.ts'

export interface KeyPairWatchOptions {
  readonly files: KeyPairFiles
  /** What is served with now. */
  readonly current: KeyPair
  /** Serves with the new pair; when it throws, the one before stays, and the next look tries again. */
  taken(pair: KeyPair): void
  /** Told once of each content that can't be served with, and why. */
  refused(reason: string): void
}

/**
 * Looks whether the files hold another pair. They are read and compared: that sees what a notice of the kernel misses
 * when Kubernetes turns a symbolic link, certbot renames or a network file system says nothing at all, and costs two
 * small reads.
 */
export class KeyPairWatch {
  readonly #options: KeyPairWatchOptions
  #served: string
  /** What was last told of files that can't be served with; undefined: they can. */
  #told: string | undefined
  #looking: Promise<void> | undefined
  #again = false

  constructor(options: KeyPairWatchOptions) {
    this.#options = options
    this.#served = fingerprint(options.current)
  }

  /** Resolves when the files, as they are now, were taken or refused. */
  look(): Promise<void> {
    // The look under way may have read one of the files already.
    if (this.#looking) this.#again = true
    else {
      this.#looking = this.#lookUntilQuiet().finally(() => {
        this.#looking = undefined
      })
    }
    return this.#looking
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false
      await this.#lookOnce()
    } while (this.#again)
  }

  async #lookOnce(): Promise<void> {
    const { files, taken, refused } = this.#options
    let seen = ''
    try {
      const texts = await readKeyPairFiles(files)
      seen = fingerprint(texts)
      if (seen !== this.#served) taken(keyPairOf(texts, files))
      this.#served = seen
      this.#told = undefined
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const telling = `${seen} ${reason}`
      if (telling !== this.#told) refused(reason)
      this.#told = telling
    }
  }
}

function fingerprint({ certificate, key }: { certificate: string; key: string }): string {
  return new Bun.CryptoHasher('sha256').update(certificate).update('\0').update(key).digest('hex')
}
