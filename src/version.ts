declare const HAYWARD_VERSION: string | undefined;

/** The product's version: set when the bundle is built; `0.0.0-source` when run from source, as tests do. */
export const VERSION: string = typeof HAYWARD_VERSION === 'string' ? HAYWARD_VERSION : '0.0.0-source';
