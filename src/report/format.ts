export const FORMATS = ['text', 'json', 'sarif', 'junit', 'prometheus'] as const;

/** The ways a report can be printed. */
export type Format = (typeof FORMATS)[number];
