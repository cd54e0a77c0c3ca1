// What a server says where it does not do what was asked (RFC 9457).

export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** What a reply that is no success says. */
export async function problem(reply) {
  const said = await reply.json().catch(() => ({}));
  const detail = said.detail || said.title || `the server answered ${reply.status}`;
  return new Problem(reply.status, `${detail[0].toUpperCase()}${detail.slice(1)}.`);
}
