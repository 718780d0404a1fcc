/** Set by vite.config.ts. */
declare const DEMO: {
  readonly provider: string;
  readonly api: string;
  readonly inline: boolean;
};
