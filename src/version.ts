import manifest from '../package.json' with { type: 'json' }

/** This Berth's version, as semantic versioning has it. */
export const version: string = manifest.version
