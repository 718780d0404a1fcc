/** @typedef {Record<string, any>} Payload */

// The provider accepts what expired within its clock tolerance, so a record has to outlive its expiry a little.
const GRACE_SECONDS = 60;
const SWEEP_ABOVE = 2_000;

/**
 * Storage of one provider, in memory: a restart forgets everyone. Meets the adapter contract of `oidc-provider`.
 *
 * @returns {(model: string) => object}
 */
export function createAdapter() {
  /** @type {Map<string, { model: string, id: string, payload: Payload, expires: number }>} */
  const records = new Map();

  /** @param {string} key */
  const read = (key) => {
    const record = records.get(key);
    if (record && record.expires <= Date.now()) {
      records.delete(key);
      return undefined;
    }
    return record;
  };
  const sweep = () => {
    const now = Date.now();
    for (const [key, record] of records) if (record.expires <= now) records.delete(key);
  };

  return (model) => {
    /** @param {string} id */
    const key = (id) => `${model}:${id}`;
    /** @param {(payload: Payload) => boolean} matches */
    const search = (matches) => {
      for (const [name, record] of records) {
        if (record.model === model && matches(record.payload)) return read(name)?.payload;
      }
      return undefined;
    };
    return {
      /**
       * @param {string} id
       * @param {Payload} payload
       * @param {number | undefined} expiresIn
       */
      async upsert(id, payload, expiresIn) {
        if (records.size > SWEEP_ABOVE) sweep();
        const expires = typeof expiresIn === "number" ? Date.now() + (expiresIn + GRACE_SECONDS) * 1000 : Infinity;
        records.set(key(id), { model, id, payload, expires });
      },
      /** @param {string} id */
      async find(id) {
        return read(key(id))?.payload;
      },
      /** @param {string} uid */
      async findByUid(uid) {
        return search((payload) => payload.uid === uid);
      },
      /** @param {string} userCode */
      async findByUserCode(userCode) {
        return search((payload) => payload.userCode === userCode);
      },
      /** @param {string} id */
      async consume(id) {
        const record = read(key(id));
        if (record) record.payload.consumed = Math.floor(Date.now() / 1000);
      },
      /** @param {string} id */
      async destroy(id) {
        records.delete(key(id));
      },
      /** @param {string} grantId */
      async revokeByGrantId(grantId) {
        for (const [name, record] of records) {
          if (record.model === model && record.payload.grantId === grantId) records.delete(name);
        }
      },
    };
  };
}
