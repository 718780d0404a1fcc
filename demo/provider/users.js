import { createHash, timingSafeEqual } from "node:crypto";

/** @typedef {{ sub: string, password: string, claims: Record<string, unknown> }} User */

/** @type {Readonly<Record<string, User>>} */
export const users = Object.freeze({
  alice: {
    sub: "alice-7f3c",
    password: "wonderland",
    claims: {
      name: "Alice Liddell",
      given_name: "Alice",
      family_name: "Liddell",
      preferred_username: "alice",
      email: "alice@example.com",
      email_verified: true,
      role: "editor",
    },
  },
  bob: {
    sub: "bob-91d2",
    password: "builder",
    claims: {
      name: "Bob Baker",
      given_name: "Bob",
      family_name: "Baker",
      preferred_username: "bob",
      email: "bob@example.com",
      email_verified: true,
      role: "reader",
    },
  },
});

/** @param {string} text */
const digest = (text) => createHash("sha256").update(text).digest();

/**
 * @param {string} name
 * @param {string} password
 * @returns {User | undefined}
 */
export function findUserByPassword(name, password) {
  const user = Object.hasOwn(users, name) ? users[name] : undefined;
  const equal = timingSafeEqual(digest(password), digest(user?.password ?? ""));
  return user && equal ? user : undefined;
}

/**
 * @param {string} sub
 * @returns {User | undefined}
 */
export function findUserBySubject(sub) {
  return Object.values(users).find((user) => user.sub === sub);
}
