/** Types and builders of the demonstration conversations. */

export type DemoTool = { name: string; args: Record<string, unknown>; result: string };

export type DemoMessage =
  | { role: "user"; text: string }
  | { role: "assistant"; text: string; thinking?: string; tools?: DemoTool[] };

export type DemoSession = {
  id: string;
  title: string;
  source: string;
  model: string;
  provider: string;
  projectName: string;
  /** How many days ago it started. */
  daysAgo: number;
  /** Dollars per thousand tokens; absent if the tool reports no cost. */
  price?: number;
  messages: DemoMessage[];
};

export const user = (text: string): DemoMessage => ({ role: "user", text });
export const assistant = (
  text: string,
  more: { thinking?: string; tools?: DemoTool[] } = {},
): DemoMessage => ({ role: "assistant", text, ...more });
export const tool = (name: string, args: Record<string, unknown>, result: string): DemoTool => ({
  name,
  args,
  result,
});
