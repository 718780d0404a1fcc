/** Runs before each test file, and so before the demo's servers read their settings. */
import { slot } from "../support/slot.js";

Object.assign(process.env, slot().environment);
