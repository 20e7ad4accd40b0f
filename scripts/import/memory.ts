import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 collect garbage early instead of late. An import makes garbage of all that it reads and keeps little: without
 * this its memory is garbage for the most part. To be imported before anything else.
 */
setFlagsFromString("--optimize-for-size");
