/** What a commit announces: which live results of one query are stale. */
export interface Invalidation {
  /** The path of the query. */
  readonly path: string;
  /**
   * The parsed arguments that must match, each as canonical text, by name. Empty: every live result of the query.
   */
  readonly match: ReadonlyMap<string, string>;
  /** Of results that belong to one caller only those whose identity has this subject. Default: those of all callers. */
  readonly subject?: string;
}
