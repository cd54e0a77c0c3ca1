// What a server says where it does not do what was asked (RFC 9457).

export class Problem extends Error {
  /** `region`: the one that did not answer, if that is what is wrong. */
  constructor(status, detail, region) {
    super(detail);
    this.status = status;
    this.region = region;
  }
}

/** What a reply that is no success says. */
export async function problem(reply) {
  const said = await reply.json().catch(() => ({}));
  const detail = said.detail || said.title || `the server answered ${reply.status}`;
  return new Problem(reply.status, `${detail[0].toUpperCase()}${detail.slice(1)}.`, said.region);
}
