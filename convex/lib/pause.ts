/** Waiting in actions (queries and mutations cannot wait). An object, so that tests can replace it. */
export const pause = {
  forMs: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),
};
