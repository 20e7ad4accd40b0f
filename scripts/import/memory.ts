import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 collect garbage early instead of late. An import makes garbage of all that it reads and keeps little: without
 * this its memory is garbage for the most part. The space for young objects stays as small as it begins, and a
 * collection is due whenever the heap has grown by half. To be imported before anything else.
 */
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--heap-growing-percent=50");
